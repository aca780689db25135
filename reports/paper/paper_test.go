package paper

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"nerbench/reports"
)

// TestItems lints the tables and figures: each footnote has a text, each item has
// published lines, each form of own runs is known (docs/spec/metrics.md §14.2).
func TestItems(t *testing.T) {
	items, err := Items()
	if err != nil {
		t.Fatal(err)
	}
	notes, err := footnotes()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		t.Run(item.Name, func(t *testing.T) {
			for _, letter := range item.Footnotes {
				if notes[letter] == "" {
					t.Errorf("footnote %s: no text", letter)
				}
			}
			if item.Own != "" && ownForms[item.Own] == nil {
				t.Errorf("own: %q: unknown form", item.Own)
			}
			if item.Lines == "data" {
				return
			}
			table, err := Build(item, nil, reports.Spec{Benchmark: benchmark()})
			if err != nil {
				t.Fatal(err)
			}
			if item.Lines != "fixed" && len(table.Lines) == 0 {
				t.Error("no published line")
			}
			for _, g := range table.Grids() {
				for _, form := range reports.GridFormats() {
					var b bytes.Buffer
					if err := g.Write(&b, form); err != nil || b.Len() == 0 {
						t.Errorf("%s: %v", form, err)
					}
				}
			}
		})
	}
}

// TestOwnRuns: own runs are unmarked lines, but oracles and paraphrases are left out;
// a mean over fewer datasets prints their number.
func TestOwnRuns(t *testing.T) {
	item := findItem(t, "table3")
	datasets := []reports.DatasetInfo{{ID: "mit-movie", Title: "Movies", Domain: "social-media"}, {ID: "crossner-ai", Title: "AI", Domain: "general", Absent: "data missing"}}
	table, err := Build(item, []reports.Result{
		result("ours", "mit-movie", 50, 100, 100),
		result("oracle", "mit-movie", 90, 100, 100, "queries", "gold"),
		result("renamed", "mit-movie", 70, 100, 100, "paraphrase", "actor=player"),
	}, reports.Spec{Benchmark: datasets})
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for _, l := range table.Lines {
		if l.Published {
			continue
		}
		own++
		if l.System != "ours" || l.Used != 1 || l.Total != 7 {
			t.Errorf("own line %+v", l)
		}
	}
	if own != 1 {
		t.Errorf("%d own lines", own)
	}
	var b bytes.Buffer
	if err := table.Grids()[0].Write(&b, "text"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"UniNER-7B †", "ours  ", "(1/7)", "not run", "published by others"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestMeansAreOfTheTable: the mean of a system is over the datasets of the table, also
// if the store has runs on others.
func TestMeansAreOfTheTable(t *testing.T) {
	items, err := Items()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if !item.Average || item.By == "domain" || len(item.Datasets) < 2 {
			continue
		}
		t.Run(item.Name, func(t *testing.T) {
			var infos []reports.DatasetInfo
			for _, id := range append(slices.Clone(item.Datasets), "outside") {
				infos = append(infos, reports.DatasetInfo{ID: id, Title: id, Domain: "general"})
			}
			results := []reports.Result{
				result("m", item.Datasets[0], 20, 40, 40), result("m", item.Datasets[1], 30, 40, 40),
				result("m", "outside", 40, 40, 40), result("m", "sample-law", 40, 40, 40),
			}
			table, err := Build(item, results, reports.Spec{Benchmark: infos})
			if err != nil {
				t.Fatal(err)
			}
			tested := 0
			for _, l := range table.Lines {
				if l.Published || len(l.Values) == 0 { // the runs do not have all metrics
					continue
				}
				tested++
				want := (l.Values[item.Datasets[0]] + l.Values[item.Datasets[1]]) / 2
				if got := l.Values[averageColumn]; math.Abs(got-want) > 1e-9 || l.Used != 2 || l.Total != len(item.Datasets) {
					t.Errorf("%s: mean is %v (%d/%d), want %v (2/%d)", l.Metric, got, l.Used, l.Total, want, len(item.Datasets))
				}
			}
			if tested == 0 {
				t.Error("no own lines")
			}
		})
	}
}

// TestMeanNamesWhatItLeavesOut: the means of a column are over the same datasets, and a
// line that has more says which it leaves out, in every format.
func TestMeanNamesWhatItLeavesOut(t *testing.T) {
	results := []reports.Result{
		result("a", "mit-movie", 20, 40, 40), result("a", "mit-restaurant", 30, 40, 40), result("b", "mit-movie", 10, 40, 40),
	}
	table, err := Build(findItem(t, "table3"), results, reports.Spec{Benchmark: []reports.DatasetInfo{{ID: "mit-movie"}, {ID: "mit-restaurant"}}})
	if err != nil {
		t.Fatal(err)
	}
	const note = "without mit-restaurant, which not all have"
	for _, l := range table.Lines {
		want := map[string]string{"a": note}[l.System]
		if !l.Published && (l.Remarks[averageColumn] != want || l.Used != 1) {
			t.Errorf("%s: mean over %d, remark %q, want 1 and %q", l.System, l.Used, l.Remarks[averageColumn], want)
		}
	}
	for _, format := range []string{"text", "md", "csv", "latex", "html"} {
		var b strings.Builder
		if err := table.Grids()[0].Write(&b, format); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.ReplaceAll(b.String(), `\allowbreak{}`, ""), note) {
			t.Errorf("%s lacks the note %q", format, note)
		}
	}
}

// TestColumnsThatAreNotDatasets: own runs have a dash in them, and never "not run".
func TestColumnsThatAreNotDatasets(t *testing.T) {
	table, err := Build(findItem(t, "table2"), []reports.Result{result("ours", "mit-movie", 50, 100, 100)}, reports.Spec{Benchmark: benchmark()})
	if err != nil {
		t.Fatal(err)
	}
	for dataset, want := range map[string]string{"CoNLL03": reports.Undefined, "ace05": "not run"} {
		for _, line := range table.Grids()[0].Body {
			if line[0] == dataset && line[len(line)-1] != want {
				t.Errorf("own runs have %q of %s, want %q", line[len(line)-1], dataset, want)
			}
		}
	}
}

// TestPairs: the own runs beside an example are pairs that differ in one property.
func TestPairs(t *testing.T) {
	results := []reports.Result{
		result("ours", "mit-movie", 40, 100, 100, "variant", "card"), // no partner of repo+nl
		result("ours", "mit-movie", 50, 100, 100, "variant", "repo"),
		result("ours", "mit-movie", 60, 100, 100, "variant", "repo+nl"),
		result("other", "mit-movie", 60, 100, 100, "variant", "repo+nl"), // alone
	}
	table, err := Build(findItem(t, "fig6"), results, reports.Spec{Benchmark: benchmark()})
	if err != nil {
		t.Fatal(err)
	}
	body := table.Grids()[1].Body
	if len(body) != 1 || strings.Join(body[0], " ") != "ours mit-movie repo+nl 51.0 61.0 +10.0" {
		t.Errorf("pairs %q", body)
	}
}

func findItem(t *testing.T, name string) Item {
	t.Helper()
	items, err := Items()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("no item %s", name)
	return Item{}
}

// TestLatex parses the LaTeX of each item: environments and braces close, every line
// of a table has its columns, and special characters are escaped.
func TestLatex(t *testing.T) {
	items, err := Items()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if item.Lines == "data" {
			continue
		}
		t.Run(item.Name, func(t *testing.T) {
			table, err := Build(item, []reports.Result{result("our_model & co", "mit-movie", 50, 100, 100)}, reports.Spec{Benchmark: benchmark()})
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range table.Grids() {
				var b bytes.Buffer
				if err := g.Write(&b, "latex"); err != nil {
					t.Fatal(err)
				}
				parseLatex(t, b.String())
			}
		})
	}
}

// parseLatex parses the part of LaTeX that tables use.
func parseLatex(t *testing.T, text string) {
	t.Helper()
	columns, inside, depth := 0, false, 0
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "%") {
			continue
		}
		line = strings.TrimSuffix(line, "%")
		cells := 1
		inside = inside && !strings.HasPrefix(line, `\end{tabular}`)
		for i := 0; i < len(line); i++ {
			switch line[i] {
			case '\\':
				i++ // what follows is escaped, or begins a command
			case '{':
				depth++
			case '}':
				depth--
			case '&':
				cells++
			case '#', '_', '%', '^', '~':
				t.Errorf("line %d: %q is not escaped in %s", n+1, line[i], line)
			}
		}
		switch {
		case strings.HasPrefix(line, `\begin{tabular}{`):
			format := strings.TrimSuffix(strings.TrimPrefix(line, `\begin{tabular}{`), "}")
			columns, inside = len(strings.ReplaceAll(format, "@{}", "")), true
		case !inside && depth != 0 && !strings.HasSuffix(line, "{"), inside && depth != 1: // the box around the table is open
			t.Errorf("line %d: braces do not close: %s", n+1, line)
		case inside && strings.HasSuffix(line, ` \\`) && cells != columns && !strings.Contains(line, `\multicolumn`):
			t.Errorf("line %d: %d cells of %d: %s", n+1, cells, columns, line)
		}
	}
	if inside || depth != 0 {
		t.Error("the table does not end")
	}
}
