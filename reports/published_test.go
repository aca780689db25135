package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// TestPublished lints the published values and compares them with the reference.
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
			t.Errorf("value %d: want a dataset, a domain, or a group: %+v", i, v)
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

// TestTableWithoutPublished: without published systems, the axes may be any keys.
func TestTableWithoutPublished(t *testing.T) {
	table, err := Build([]Result{result("ours", "mit-movie", 50, 100, 100)}, Spec{Rows: KeyModel, Cols: "family"})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.AddPublished(nil); err != nil {
		t.Error(err)
	}
	if err := table.AddPublished([]string{"ChatGPT"}); err == nil {
		t.Error("a published system stands beside models and families")
	}
}

// TestTablePublished: published systems are beside datasets on either axis, in another
// style, once each, and enter no average.
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
				"html": {"<b>50.0 #1–2</b>", "<i>5.3</i>"}, "csv": {",f1,dataset,true,0.053,"}, "json": {`"published": [`},
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
			if c := table.Cell(SpanF1, map[bool]string{true: MeanRows, false: "ours"}[spec.Rows == KeyDataset], map[bool]string{true: "ours", false: MeanRows}[spec.Rows == KeyDataset]); c.Value == nil || *c.Value != 0.5 { // over the dataset that both have
				t.Errorf("mean of own runs is %+v", c)
			}
		})
	}
}
