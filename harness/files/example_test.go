package files_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"nerbench/harness/files"
)

// This example scores predictions in memory. Files on disk only need a name:
// files.File{Name: "gold.jsonl"}.
func ExamplePredictions() {
	gold := `{"id": "1", "text": "Ada lives in Oslo.", "spans": [{"start": 0, "end": 3, "type": "person"}, {"start": 13, "end": 17, "type": "city"}]}`
	pred := `{"id": "1", "mentions": [{"text": "Ada", "type": "person"}, {"text": "Oslo", "type": "person"}]}`
	report, err := files.Predictions{
		Gold: files.File{Name: "gold", In: strings.NewReader(gold)},
		Pred: files.File{Name: "predictions", In: strings.NewReader(pred)},
	}.Eval(context.Background(), files.Options{Metrics: []string{"span_f1"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range report.Metrics {
		total := m.Total()
		fmt.Printf("%s: %.2f, %v of %d\n", m.ID, *total.F1, total.TP, total.NGold)
	}
	// Output: span_f1: 0.50, 1 of 2
}
