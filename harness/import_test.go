package harness

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nerbench/harness/files"
	"nerbench/harness/loop"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
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
