package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
)

// hostile are names that a model, a type or a dataset may have, by intention or by
// accident.
var hostile = []string{
	"a|b", "a\nb", "\x1b[31mred\x1b[0m", "<script>alert(1)</script>", `"quoted, with comma"`,
	"*bold* _it_ `code` [x](y)", "\u202eright to left", "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1",
}

func hostileTable(t *testing.T, name string) *Table {
	return build(t, []Result{result(name, name, 1, 2, 2)}, Spec{})
}

func TestTextHasNoControlCharacters(t *testing.T) {
	for _, name := range hostile {
		out := written(t, hostileTable(t, name), "text")
		if strings.ContainsAny(out, "\x1b\u202e\r") {
			t.Errorf("%q: control characters in %q", name, out)
		}
	}
}

func TestMarkdownKeepsNamesInTheirCells(t *testing.T) {
	for _, name := range hostile {
		out := written(t, hostileTable(t, name), "md")
		lines := strings.Split(out, "\n")
		var pipes []int
		for _, line := range lines {
			if strings.HasPrefix(line, "|") {
				pipes = append(pipes, strings.Count(line, "|")-strings.Count(line, `\|`))
			}
		}
		if len(pipes) < 3 {
			t.Fatalf("%q: no table in %q", name, out)
		}
		for _, n := range pipes {
			if n != pipes[0] {
				t.Errorf("%q: lines of the table have %v cells", name, pipes)
			}
		}
		if strings.Contains(out, "<script") {
			t.Errorf("%q: HTML in %q", name, out)
		}
	}
}

func TestEscapeMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"mean_rows": "mean_rows", "_it_": `\_it\_`, "a|b": `a\|b`, "<b>": "&lt;b&gt;", "a*b": `a\*b`, "&lt;": "&amp;lt;",
	} {
		if got := escapeMarkdown(in); got != want {
			t.Errorf("escapeMarkdown(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCSVAndJSONKeepNamesAsTheyAre(t *testing.T) {
	for _, name := range hostile {
		table := hostileTable(t, name)
		lines, err := csv.NewReader(strings.NewReader(written(t, table, "csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		want := name
		if strings.ContainsAny(name[:1], "=+-@\t\r") {
			want = "'" + name
		}
		if lines[1][0] != want || lines[1][1] != want || lines[1][5] != "0.5" {
			t.Errorf("csv of %q: %q", name, lines[1])
		}
		var out tableJSON
		if err := json.Unmarshal([]byte(written(t, table, "json")), &out); err != nil {
			t.Fatal(err)
		}
		if out.Cells[0].Row != name || out.Cols[0] != name {
			t.Errorf("json of %q: %q", name, out.Cells[0].Row)
		}
	}
}

func written(t *testing.T, table *Table, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := table.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCSVText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "0.5": "0.5", "-0.25": "-0.25", "+1.5": "+1.5", "-1e-05": "-1e-05", "-.5": "-.5", "a=1": "a=1",
		"=1": "'=1", "-": "'-", "-1-1": "'-1-1", "+cmd": "'+cmd", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "-1 (2)": "'-1 (2)", "-Inf": "'-Inf",
	} {
		if got := csvText(in); got != want {
			t.Errorf("csvText(%q) is %q, want %q", in, got, want)
		}
	}
}
