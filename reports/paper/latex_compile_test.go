package paper

import (
	"strings"
	"testing"

	"nerbench/internal/latextest"
	"nerbench/reports"
)

// TestItemsCompile compiles each table and figure with own runs of several systems, some
// of them incomplete, in one and in two columns.
func TestItemsCompile(t *testing.T) {
	items, err := Items()
	if err != nil {
		t.Fatal(err)
	}
	var sources []latextest.Source
	for _, item := range items {
		if item.Lines == "data" { // compiled where it is computed
			continue
		}
		var results []reports.Result
		for n, model := range []string{"ollama/hf.co/Universal-NER/UniNER-7B-all-GGUF:Q4_K_M", "vllm/Qwen/Qwen2.5-72B-Instruct-AWQ", "tagger"} {
			for i, dataset := range item.Datasets {
				r := result(model, dataset, 10*n+i, 100, 100, "variant", "by_type")
				if (i+n)%3 == 0 {
					r.State, r.Complete = "partial", 12
				}
				results = append(results, r, result(model, dataset, 20, 100, 100, "variant", "by_type+nl"))
			}
		}
		table, err := Build(item, results, reports.Spec{Benchmark: benchmark()})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []reports.Latex{{}, {Siunitx: true, Float: true}} {
			x := reports.Exhibit{Name: item.Name, Title: item.Title, Grids: table.Grids(), Latex: o}
			var b strings.Builder
			if err := x.Write(&b, "latex"); err != nil {
				t.Fatal(err)
			}
			sources = append(sources, latextest.Source{Name: item.Name, Text: b.String(), Float: o.Float})
		}
	}
	latextest.Compile(t, sources)
}
