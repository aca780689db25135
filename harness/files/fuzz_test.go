package files_test

import (
	"strings"
	"testing"

	"nerbench/harness/files"
)

// FuzzPredictions: gold and predictions of strangers end in counts that add up, or in an
// error of the form "file: why".
func FuzzPredictions(f *testing.F) {
	f.Add(twoDocuments, `{"id": "1", "mentions": [{"text": "Bo", "type": "person"}]}`+"\n"+`{"id": "2", "spans": [{"start": 0, "end": 2, "type": "person"}]}`)
	f.Add(twoDocuments, `{"id": "1", "answers": [{"types": ["person"], "text": "[\"Bo\"]"}]}`)
	f.Add(`{"id": "1", "text": "é", "spans": [{"start": 0, "end": 1, "type": "x"}]}`, `{"id": "1", "spans": []}`)
	for _, shape := range formatFiles {
		f.Add(formatGold, shape.text)
	}
	f.Fuzz(func(t *testing.T, gold, pred string) {
		p := predictions(gold, pred)
		p.Partial = true
		report, err := p.Eval(t.Context(), files.Options{Metrics: []string{"span_f1", "uniner_f1"}})
		check(t, report, err)
	})
}

// FuzzPairs: pairs of answers end in counts that add up, or in an error of the form
// "file: why".
func FuzzPairs(f *testing.F) {
	f.Add(`{"gold": "[\"a\", \"b\"]", "pred": "[\"a\"]"}`)
	f.Add("{\"gold\": \"a\", \"pred\": \"\\ud800\"}\n\n{\"id\": [1], \"pred\": \"[]\", \"gold\": \"['x']\"}\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, metric := range []string{"uniner_f1", "micro_f1"} {
			report, err := files.Pairs{File: stream("pairs", text)}.Eval(t.Context(), files.Options{Metrics: []string{metric}})
			check(t, report, err)
		}
	})
}

func check(t *testing.T, report *files.Report, err error) {
	t.Helper()
	if err != nil {
		if strings.Contains(err.Error(), "internal error") {
			t.Error(err)
		}
		return
	}
	for _, m := range report.Metrics {
		if s := m.Tally.Total(); s.TP < 0 || s.TP > min(s.NPred, s.NGold) {
			t.Errorf("%s: %+v", m.ID, s)
		}
	}
}
