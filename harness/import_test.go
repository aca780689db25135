package harness

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nerbench/harness/files"
	"nerbench/harness/loop"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// TestImportEqualsEval imports gold and wrong predictions as spans and as mentions: every
// metric has the counts that eval has for the same file. The same
// file is the same run, and reproduces.
func TestImportEqualsEval(t *testing.T) {
	b := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	dataset, err := SampleDataset("general")
	if err != nil {
		t.Fatal(err)
	}
	documents, err := b.Documents(t.Context(), dataset, loaders.Options{Split: ner.Test})
	if err != nil {
		t.Fatal(err)
	}
	var gold, spans, mentions strings.Builder
	n := 0
	for d, err := range documents {
		if err != nil {
			t.Fatal(err)
		}
		if err := loaders.WriteDocument(&gold, d); err != nil {
			t.Fatal(err)
		}
		points := ner.NewCodePoints(d.Text)
		var s, m []string
		for _, span := range d.Spans {
			typ := string(span.Type)
			if n++; n%4 == 0 {
				typ = "no type"
			}
			end := points.CodePoint(span.End)
			if n%5 == 0 && end-points.CodePoint(span.Start) > 1 {
				end--
			}
			s = append(s, `{"start": `+strconv.Itoa(points.CodePoint(span.Start))+`, "end": `+strconv.Itoa(end)+`, "type": `+ner.JSONString(typ)+`}`)
			m = append(m, `{"text": `+ner.JSONString(d.Surface(span))+`, "type": `+ner.JSONString(typ)+`}`)
		}
		spans.WriteString(`{"id": ` + ner.JSONString(d.ID) + `, "spans": [` + strings.Join(s, ", ") + "]}\n")
		mentions.WriteString(`{"id": ` + ner.JSONString(d.ID) + `, "mentions": [` + strings.Join(m, ", ") + "]}\n")
	}
	var ids []string
	for _, m := range metrics.Metrics {
		ids = append(ids, m.ID)
	}
	for name, text := range map[string]string{"spans": spans.String(), "mentions": mentions.String()} {
		t.Run(name, func(t *testing.T) {
			out, err := b.Import(t.Context(), ImportRequest{File: files.File{Name: name, In: strings.NewReader(text)}, Name: name, Dataset: dataset, Metrics: ids})
			if err != nil {
				t.Fatal(err)
			}
			p := files.Predictions{Gold: files.File{Name: "gold", In: strings.NewReader(gold.String())}, Pred: files.File{Name: name, In: strings.NewReader(text)}}
			p.Parsing = files.Parsing{ParseOptions: loop.ParseOptions{Types: typeNames(dataset, make([]string, len(dataset.Types())))}}
			report, err := p.Eval(t.Context(), files.Options{Metrics: ids})
			if err != nil {
				t.Fatal(err)
			}
			store, err := b.ReadStore(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			info, err := store.Find(t.Context(), out.Run)
			if err != nil || info.State != results.Complete || !ner.Imported(info.Keys) {
				t.Fatalf("%+v, %v", info, err)
			}
			kept := map[string]ner.Score{}
			for id, m := range info.Scores.Metrics {
				kept[MetricName(id)] = m.Total
			}
			for _, m := range report.Metrics {
				if got, want := kept[m.Metric.ID], m.Tally.Total(); got != want || want.NPred == 0 {
					t.Errorf("%s: import %+v, eval %+v", m.Metric.ID, got, want)
				}
			}
			again, err := b.Import(t.Context(), ImportRequest{File: files.File{Name: name, In: strings.NewReader(text)}, Name: name, Dataset: dataset})
			if err != nil || !again.Known || again.Run != out.Run {
				t.Errorf("again: %+v, %v", again, err)
			}
			if _, _, err := b.Reproduce(t.Context(), out.Run); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestImportStoresNothingOfABadFile: an error in the last line leaves no run and no store.
func TestImportStoresNothingOfABadFile(t *testing.T) {
	b := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	dataset, err := SampleDataset("general")
	if err != nil {
		t.Fatal(err)
	}
	text := `{"id": "sample-general/test/0", "spans": []}` + "\n{"
	if _, err := b.Import(t.Context(), ImportRequest{File: files.File{Name: "p", In: strings.NewReader(text)}, Name: "x", Dataset: dataset, Partial: true}); err == nil {
		t.Error("a broken line is accepted")
	}
	if _, err := os.Stat(b.Store); err == nil {
		t.Error("there is a store")
	}
}

// TestImportOfGoldIsPerfect imports the gold of real datasets as predictions, as JSON Lines
// and, where the documents have tokens and flat spans, as columns.
func TestImportOfGoldIsPerfect(t *testing.T) {
	b := &Bench{Data: reference.Path(t, "data"), Store: filepath.Join(t.TempDir(), "results.db")}
	for id, columns := range map[string]bool{"crossner-ai": true, "mit-movie": true, "conllpp": true, "genia": false, "ebmnlp": false} {
		dataset, err := b.FindDataset(id)
		if err != nil {
			t.Fatal(err)
		}
		write := map[files.Format]func(io.Writer, *ner.Document) error{files.JSONL: loaders.WriteDocument}
		if columns {
			write[files.CoNLL] = loaders.WriteConll
		}
		for format, write := range write {
			documents, err := b.Documents(t.Context(), dataset, loaders.Options{Split: ner.Test})
			if err != nil {
				t.Fatal(err)
			}
			var gold strings.Builder
			spans := 0
			for d, err := range documents {
				if err != nil {
					t.Fatal(err)
				}
				if err := write(&gold, d); err != nil {
					t.Fatal(err)
				}
				spans += len(d.Spans)
			}
			out, err := b.Import(t.Context(), ImportRequest{File: files.File{Name: id, In: strings.NewReader(gold.String())}, Name: "gold", Dataset: dataset, Metrics: []string{reports.SpanF1}})
			if err != nil {
				t.Errorf("%s as %s: %v", id, format, err)
				continue
			}
			score := out.Scores[reports.SpanF1]
			if out.Format != format || score.NGold != score.NPred || score.F1 == nil || *score.F1 != 1 || score.NGold == 0 || score.NGold > spans {
				t.Errorf("%s as %s: %+v of %d spans, recognized as %s", id, format, score, spans, out.Format)
			}
		}
	}
}

// TestImportOfAnswersAboutSomeTypes: whoever leaves out types would have fewer wrong
// answers than a run.
func TestImportOfAnswersAboutSomeTypes(t *testing.T) {
	dataset, err := SampleDataset("general")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, typ := range dataset.Types() {
		all = append(all, `{"types": [`+ner.JSONString(string(typ))+`], "text": "[]"}`)
	}
	answersOf := func(list ...string) string { return `"answers": [` + strings.Join(list, ", ") + `]` }
	for name, tc := range map[string]struct{ prediction, want string }{
		"all types":          {answersOf(all...), ""},
		"a type is left out": {answersOf(all[1:]...), "has no answer"},
		"a type twice":       {answersOf(append(all[:len(all):len(all)], all[0])...), "has an answer already"},
		"another type":       {answersOf(append(all[:len(all):len(all)], `{"types": ["no such type"], "text": "[]"}`)...), `type "no such type" is not a type of the dataset`},
		"no answers":         {`"answers": []`, "has no answer"},
		"outside":            {`"spans": [{"start": 0, "end": 100000, "type": "person"}]`, "is not a range in the text"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
			text := `{"id": "sample-general/test/0", ` + tc.prediction + "}\n"
			_, err := b.Import(t.Context(), ImportRequest{File: files.File{Name: "p", In: strings.NewReader(text)}, Name: "x", Dataset: dataset, Plan: ner.Plan{Limit: 1}})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
