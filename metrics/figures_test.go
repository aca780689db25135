package metrics_test

import (
	"encoding/json"
	"testing"

	"nerbench/metrics"
	"nerbench/ner"
)

func TestFigures(t *testing.T) {
	for _, tc := range []struct {
		name, metric string
		score        ner.Score
		want         string
	}{
		{"counts", "span_f1", ner.Score{TP: 1, NPred: 2, NGold: 4}, `{"tp":1,"n_pred":2,"n_gold":4,"precision":0.5,"recall":0.25,"f1":0.3333333333333333}`},
		{"half points", "semeval_partial_f1", ner.Score{TP: 1, NPred: 2, NGold: 2}, `{"tp":0.5,"n_pred":1,"n_gold":1,"precision":0.5,"recall":0.5,"f1":0.5}`},
		{"nothing", "span_f1", ner.Score{}, `{"tp":0,"n_pred":0,"n_gold":0,"precision":null,"recall":null,"f1":null}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, known := metrics.Find(tc.metric)
			if !known {
				t.Fatalf("metric %s is unknown", tc.metric)
			}
			got, err := json.Marshal(metrics.NewFigures(m, tc.score))
			if err != nil || string(got) != tc.want {
				t.Errorf("figures are %s, %v, want %s", got, err, tc.want)
			}
		})
	}
}
