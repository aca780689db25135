package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// TestPublished lints the published values, and holds them to the reference.
func TestPublished(t *testing.T) {
	values, err := Published()
	if err != nil {
		t.Fatal(err)
	}
	metrics := []string{
		"f1", "f1_partial", "f1_difference", "precision", "recall", "instances_per_second",
		"n_train", "n_dev", "n_test", "n_types", "avg_tokens", "avg_entities_per_instance",
	}
	known := set{}
	for _, m := range metrics {
		known[m] = true
	}
	for i, v := range values {
		switch {
		case v.Source == "" || v.Table == "" || v.Setting == "" || v.Printed == "":
			t.Errorf("value %d: no source, table, setting or name: %+v", i, v)
		case !known[v.Metric]:
			t.Errorf("value %d: metric %q", i, v.Metric)
		case (v.Dataset != "" || v.Domain != "") == (v.Group != ""):
			t.Errorf("value %d: want a row, a domain, or a group: %+v", i, v)
		case strings.HasPrefix(v.Metric, "f1") && (v.Value < 0 || v.Value > 100):
			t.Errorf("value %d: %v", i, v.Value)
		case !v.Verified && v.Note == "":
			t.Errorf("value %d: not verified, and no note says why: %+v", i, v)
		}
	}
	theirs, err := os.ReadFile(reference.Path(t, "benchmark", "published.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want []PublishedValue
	if err := json.Unmarshal(theirs, &want); err != nil {
		t.Fatal(err)
	}
	if len(values) != len(want) {
		t.Fatalf("%d values, want %d", len(values), len(want))
	}
	for i := range want {
		if values[i] != want[i] {
			t.Errorf("value %d is %+v, want %+v", i, values[i], want[i])
		}
	}
}

// TestPaperItems lints the tables and figures: footnotes that there are, published
// values for every line, forms that there are.
func TestPaperItems(t *testing.T) {
	items, err := PaperItems()
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
					t.Errorf("footnote %s: there is none", letter)
				}
			}
			if item.Own != "" && ownForms[item.Own] == nil {
				t.Errorf("own: %q is no form", item.Own)
			}
			if item.Lines == "data" {
				return
			}
			table, err := BuildPaper(item, nil, Spec{Benchmark: benchmark()})
			if err != nil {
				t.Fatal(err)
			}
			if item.Lines != "fixed" && len(table.Lines) == 0 {
				t.Error("no published line")
			}
			for _, g := range table.Grids() {
				for _, form := range GridFormats() {
					var b bytes.Buffer
					if err := g.Write(&b, form); err != nil || b.Len() == 0 {
						t.Errorf("%s: %v", form, err)
					}
				}
			}
		})
	}
}

// TestPaperOwn: own runs stand beside the published ones, unmarked; oracles and
// paraphrases do not; a mean over fewer rows says so.
func TestPaperOwn(t *testing.T) {
	item := paperItem(t, "table3")
	datasets := []DatasetInfo{{ID: "mit-movie", Title: "Movies", Domain: "social-media"}, {ID: "crossner-ai", Title: "AI", Domain: "general", Absent: "data missing"}}
	table, err := BuildPaper(item, []Result{
		result("ours", "mit-movie", 50, 100, 100),
		result("oracle", "mit-movie", 90, 100, 100).with("queries", "gold"),
		result("renamed", "mit-movie", 70, 100, 100).with("paraphrase", "actor=player"),
	}, Spec{Benchmark: datasets})
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

// TestPaperAlso: what the paper prints beside the rows is nothing that can be run.
func TestPaperAlso(t *testing.T) {
	table, err := BuildPaper(paperItem(t, "table2"), []Result{result("ours", "mit-movie", 50, 100, 100)}, Spec{Benchmark: benchmark()})
	if err != nil {
		t.Fatal(err)
	}
	for dataset, want := range map[string]string{"CoNLL03": undefined, "ace05": "not run"} {
		for _, line := range table.Grids()[0].Body {
			if line[0] == dataset && line[len(line)-1] != want {
				t.Errorf("own runs have %q of %s, want %q", line[len(line)-1], dataset, want)
			}
		}
	}
}

// TestPaperPairs: what the paper shows by an example is computed of pairs of runs.
func TestPaperPairs(t *testing.T) {
	results := []Result{
		result("ours", "mit-movie", 40, 100, 100).with("variant", "card"), // no partner of repo+nl
		result("ours", "mit-movie", 50, 100, 100).with("variant", "repo"),
		result("ours", "mit-movie", 60, 100, 100).with("variant", "repo+nl"),
		result("other", "mit-movie", 60, 100, 100).with("variant", "repo+nl"), // alone
	}
	table, err := BuildPaper(paperItem(t, "fig6"), results, Spec{Benchmark: benchmark()})
	if err != nil {
		t.Fatal(err)
	}
	body := table.Grids()[1].Body
	if len(body) != 1 || strings.Join(body[0], " ") != "ours mit-movie repo+nl 51.0 61.0 +10.0" {
		t.Errorf("pairs %q", body)
	}
}

// TestFigure: a figure has a bar for each value, published ones hatched, and lets
// no markup in.
func TestFigure(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	f := Figure{
		Title: "a <b>", Categories: []string{"one", "two & more"},
		Series: []Series{
			{Name: "ours", Values: []*float64{v(50), nil}, CI: []*[2]float64{{40, 60}, nil}},
			{Name: "theirs", Values: []*float64{v(30), v(20)}, Published: true},
		},
	}
	var b bytes.Buffer
	if err := f.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	svg := b.String()
	for want, n := range map[string]int{"<title>": 3, `class="ci"`: 1, "url(#h1)": 3, "<b>": 0, "two &amp; more": 2, "theirs (published)": 3} {
		if got := strings.Count(svg, want); got != n {
			t.Errorf("%d of %q, want %d in\n%s", got, want, n, svg)
		}
	}
	f.Lines = true
	b.Reset()
	if err := f.WriteSVG(&b); err != nil || strings.Count(b.String(), "<circle") != 3 || !strings.Contains(b.String(), "stroke-dasharray") {
		t.Errorf("lines: %v\n%s", err, b.String())
	}
}

func paperItem(t *testing.T, name string) PaperItem {
	t.Helper()
	items, err := PaperItems()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("no item %s", name)
	return PaperItem{}
}

// TestTablePublished: published systems stand beside rows, whichever way they run,
// in another style, once each, and enter no average.
func TestTablePublished(t *testing.T) {
	datasets := []DatasetInfo{{ID: "mit-movie", Title: "Movies", Domain: "social-media"}, {ID: "crossner-ai", Title: "AI", Domain: "general"}}
	results := []Result{result("ours", "mit-movie", 50, 100, 100), result("ours", "crossner-ai", 40, 100, 100), result("other", "mit-movie", 20, 100, 100)}
	for _, spec := range []Spec{{Rows: KeyDataset, Cols: KeyModel}, {Rows: KeyModel, Cols: KeyDataset}} {
		t.Run(spec.Rows, func(t *testing.T) {
			spec.Benchmark = datasets
			table, err := Build(results, spec)
			if err != nil {
				t.Fatal(err)
			}
			if err := table.AddPublished([]string{"nobody"}); err == nil || !strings.Contains(err.Error(), "UniNER-7B") {
				t.Errorf("error is %v", err)
			}
			if err := table.AddPublished([]string{"chatgpt"}); err != nil {
				t.Fatal(err)
			}
			if len(table.Published) != 1 || table.Published[0].Values["mit-movie"] != 5.3 {
				t.Errorf("published %+v", table.Published)
			}
			row, col := "mit-movie", "ours"
			if spec.Rows == KeyModel {
				row, col = col, row
			}
			table.SetRank(SpanF1, row, col, 1, 2)
			for form, wants := range map[string][]string{
				"text": {"50.0 #1–2*", "ChatGPT (UniversalNER, Fig. 9) †", "published by others"},
				"md":   {"**50.0 #1–2**", "_5.3_"}, "latex": {`\textbf{50.0 \#1--2}`, `\textit{5.3}`},
				"html": {"<b>50.0 #1–2</b>", "<i>5.3</i>"}, "csv": {"f1 (published),0.053"}, "json": {`"published": [`},
			} {
				var b bytes.Buffer
				if err := table.Write(&b, form); err != nil {
					t.Fatal(err)
				}
				for _, want := range wants {
					if !strings.Contains(b.String(), want) {
						t.Errorf("%s: no %q in\n%s", form, want, b.String())
					}
				}
			}
			if c := table.Cell(SpanF1, map[bool]string{true: MeanRows, false: "ours"}[spec.Rows == KeyDataset], map[bool]string{true: "ours", false: MeanRows}[spec.Rows == KeyDataset]); c.Value == nil || *c.Value != 0.5 { // over the row that both have
				t.Errorf("mean of own runs is %+v", c)
			}
		})
	}
}

// TestPaperLatex parses what a paper would \input: environments and braces close,
// every line of a table has its columns, and nothing is left unescaped.
func TestPaperLatex(t *testing.T) {
	items, err := PaperItems()
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if item.Lines == "data" {
			continue
		}
		t.Run(item.Name, func(t *testing.T) {
			table, err := BuildPaper(item, []Result{result("our_model & co", "mit-movie", 50, 100, 100)}, Spec{Benchmark: benchmark()})
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

// parseLatex reads a table as TeX would, as far as we use it.
func parseLatex(t *testing.T, text string) {
	t.Helper()
	columns, inside := 0, false
	for n, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "%") {
			continue
		}
		depth, cells := 0, 1
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
		if depth != 0 {
			t.Errorf("line %d: braces do not close: %s", n+1, line)
		}
		switch {
		case strings.HasPrefix(line, `\begin{tabular}{`):
			columns, inside = len(strings.TrimSuffix(strings.TrimPrefix(line, `\begin{tabular}{`), "}")), true
		case line == `\end{tabular}`:
			inside = false
		case inside && strings.HasSuffix(line, ` \\`) && cells != columns:
			t.Errorf("line %d: %d cells of %d: %s", n+1, cells, columns, line)
		}
	}
	if inside {
		t.Error("the table does not end")
	}
}
