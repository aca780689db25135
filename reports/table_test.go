package reports

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func build(t *testing.T, results []Result, spec Spec) *Table {
	t.Helper()
	table, err := Build(results, spec)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update rewrites it); got:\n%s", path, got)
	}
}

// mixed has results of all kinds: two models, a dataset that only one of them ran, one
// with two runs, one incomplete, one without gold, an interval.
func mixed() []Result {
	interval := result("ollama/small", "stars", 861, 2000, 2000)
	interval.CI = map[string][2]float64{SpanF1: {0.4112, 0.4498}}
	partial := result("ollama/small", "recipes", 10, 20, 30)
	partial.Complete, partial.State = 60, "partial"
	return []Result{
		interval,
		result("ollama/small", "plants", 30, 60, 90),
		result("ollama/small", "courts", 10, 40, 60).with("seed", "0"),
		result("ollama/small", "courts", 20, 40, 60).with("seed", "1"),
		partial,
		result("tagger", "stars", 900, 1500, 2000).tagger(),
		result("tagger", "courts", 0, 0, 60).tagger(),
		result("tagger", "recipes", 0, 7, 0).tagger(),
	}
}

func TestGolden(t *testing.T) {
	tables := []struct {
		name string
		spec Spec
	}{
		{"dataset-by-model", Spec{Benchmark: benchmark(), Metrics: []string{SpanF1, UninerF1}}},
		{"model-by-domain", Spec{Rows: KeyModel, Cols: KeyDomain, Benchmark: benchmark()}},
		{"model-by-seed", Spec{Rows: KeyModel, Cols: "seed", Benchmark: benchmark(), Where: map[string][]string{"dataset": {"courts", "stars"}}}},
	}
	for _, test := range tables {
		table := build(t, mixed(), test.spec)
		for _, format := range Formats() {
			t.Run(test.name+"/"+format, func(t *testing.T) {
				var b bytes.Buffer
				if err := table.Write(&b, format); err != nil {
					t.Fatal(err)
				}
				golden(t, test.name+"."+format, b.Bytes())
			})
		}
	}
}

// TestSeen: every form of a table marks the values of a model on datasets that it has seen
// in training, and means over them.
func TestSeen(t *testing.T) {
	results := []Result{
		result("student", "stars", 861, 2000, 2000), result("student", "courts", 20, 40, 60), result("other", "stars", 500, 2000, 2000), result("other", "courts", 10, 40, 60),
		result("student", "plants", 30, 60, 90).with("seed", "0"), result("student", "plants", 30, 60, 90).with("seed", "1"), result("other", "plants", 30, 60, 90),
	}
	results[0].Seen, results[4].Seen = true, true
	table := build(t, results, Spec{Benchmark: benchmark()})
	for _, want := range []struct{ row, model, note, seen string }{
		{"stars", "student", "seen in training", "stars"},
		{"courts", "student", "", ""},
		{"stars", "other", "", ""},
		{"plants", "student", "mean of 2 runs that differ in: seed; seen in training by 1 of 2 runs", "plants"},
		{MeanRows, "student", "seen in training: stars, plants", "stars plants"},
		{MeanRows, "other", "", ""},
	} {
		c := table.Cell(SpanF1, want.row, want.model)
		if seen := strings.Join(c.Seen, " "); c.Note != want.note || seen != want.seen {
			t.Errorf("%s of %s: note %q, seen %q, want %q, %q", want.row, want.model, c.Note, seen, want.note, want.seen)
		}
	}
	for format, want := range map[string][]string{
		"text":  {"43.1 (a)", "(a) seen in training\n"},
		"md":    {"43.1 (a)", "- (a) seen in training\n"},
		"html":  {"<td>43.1 (a)</td>", "<li>(a) seen in training</li>"},
		"latex": {`43.1\rlap{\textsuperscript{a}}`, `\textsuperscript{a}seen in training.`},
		"csv":   {"student.stars,seen in training\n"},
		"json":  {`"note": "seen in training",`, `"seen": [`},
	} {
		var b bytes.Buffer
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(b.String(), part) {
				t.Errorf("%s has no %q:\n%s", format, part, b.String())
			}
		}
	}
}

// TestSignatures: every form of a table except CSV has the signatures of its scores, in
// a block of their own: JSON in full, the others abbreviated.
func TestSignatures(t *testing.T) {
	r := result("ollama/small", "stars", 861, 2000, 2000)
	const whole = "nerbench|metric:span_f1|counts:1/2/2|passages:100/100|readers:1|metrics:1|model:ollama/small|digest:0123456789abcdef|dataset:stars|split:test|family_hash:0123"
	const short = "nerbench|metric:span_f1|counts:1/2/2|passages:100/100|readers:1|metrics:1|model:ollama/small|dataset:stars|…"
	r.Signatures = map[string]string{SpanF1: whole}
	table := build(t, []Result{r}, Spec{Benchmark: benchmark()})
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(`\|`, "|", `\_`, "_").Replace(b.String())
		if said := strings.Contains(text, whole); said != (format == "json") {
			t.Errorf("%s: signature there in full: %v\n%s", format, said, text)
		}
		title, block := strings.Index(text, "signatures of scores, abbreviated"), strings.Index(text, r.ID+"  "+short)
		if said := title >= 0 && block > title; said != (format != "csv" && format != "json") {
			t.Errorf("%s: block of abbreviated signatures there: %v\n%s", format, said, text)
		}
	}
}
