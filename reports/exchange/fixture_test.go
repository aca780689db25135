package exchange

import (
	"time"

	"nerbench/metrics"
	"nerbench/ner"
)

func at(n int) *int { return &n }

// fixture are two runs of one model on two datasets: the text of "pets" may be shown, that
// of "wards" may not. All texts are invented.
func fixture() []*Run {
	spanF1, _, _ := metrics.ParseID("span_f1")
	unerF1, _, _ := metrics.ParseID("uniner_f1")
	keys := func(dataset, data string) map[string]string {
		return map[string]string{
			"model": "ollama/some:8b", "digest": "d1", "server": "ollama", "server_version": "0.24.0", "dataset": dataset, "split": "test", "data": data, "labels": "l1",
			"family": "uniner", "family_hash": "f1", "variant": "official", "layout": "per-type", "max_tokens": "64", "shots": "2:random",
		}
	}
	score := func(m metrics.Metric, counts ...ner.Score) Metric {
		out := Metric{ID: m.ID, Meaning: m.Meaning, Reader: "2", Version: "1", Signature: "nerbench|metric:" + m.ID, Figures: metrics.NewFigures(m, ner.Sum(counts))}
		for _, c := range counts {
			out.Counts = append(out.Counts, metrics.NewFigures(m, c))
		}
		return out
	}
	pets := &Run{
		ID: "00000000000000aa", Keys: keys("pets", "p1"), Facts: map[string]string{"identity": "digest", "device": "NVIDIA X", "seen": "no", "split_passages": "2"},
		Model:   Model{Name: "ollama/some:8b", Repository: "Some/Model-8B", Open: true},
		Dataset: Dataset{ID: "pets", Title: "Pets", Licence: "CC0", Hub: "some/pets", Sources: []string{"https://pets.example/"}, Shown: true},
		Updated: time.Date(2026, 3, 1, 12, 0, 0, 5_000_000, time.UTC), Scored: 2, Passages: 2, Split: 2, Queries: 4, Whole: true,
		Outcomes: map[ner.Outcome]int{ner.OK: 2, ner.Empty: 1, ner.Malformed: 1},
		Metrics: []Metric{
			score(spanF1, ner.Score{TP: 1, NPred: 2, NGold: 2}, ner.Score{}),
			score(unerF1, ner.Score{TP: 2, NPred: 2, NGold: 2}, ner.Score{}),
		},
	}
	pets.Metrics[0].Figures.CI = &[2]float64{0.25, 0.75}
	pets.Read = read([]Passage{
		{
			Index: 0, ID: "pets/test/0", Text: "Zoë sees Rex.",
			Gold: []Entity{{at(0), at(3), "person", "Zoë"}, {at(9), at(12), "pet", "Rex"}},
			Pred: []Entity{{at(0), at(3), "person", "Zoë"}, {nil, nil, "pet", "rex the <dog>"}},
			Queries: []Query{
				{Types: []ner.EntityType{"person"}, Prompt: "Text: Zoë sees Rex.\nperson?", Answer: `["Zoë"]`, Outcome: ner.OK, PromptTokens: 9, AnswerTokens: 3},
				{Types: []ner.EntityType{"pet"}, Prompt: "Text: Zoë sees Rex.\npet?", Answer: `["rex the <dog>"]`, Thinking: "a dog", Outcome: ner.OK, PromptTokens: 9, AnswerTokens: 5},
			},
		},
		{
			Index: 1, ID: "pets/test/1", Text: "Nothing.", Gold: []Entity{}, Pred: []Entity{},
			Queries: []Query{
				{Types: []ner.EntityType{"person"}, Prompt: "Text: Nothing.\nperson?", Answer: "[]", Outcome: ner.Empty, PromptTokens: 7, AnswerTokens: 1},
				{Types: []ner.EntityType{"pet"}, Prompt: "Text: Nothing.\npet?", Answer: "[\"\x00\xff\u0085\u2028", Outcome: ner.Malformed, PromptTokens: 7, AnswerTokens: 4},
			},
		},
	})
	wards := &Run{
		ID: "00000000000000bb", Keys: keys("wards", "w1"), Facts: map[string]string{"identity": "command", "command": "python ner.py"}, Model: pets.Model,
		Dataset: Dataset{ID: "wards", Title: "Wards", Licence: "by agreement"},
		Updated: time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC), Scored: 1, Passages: 1, Queries: 1, Whole: true,
		Outcomes: map[ner.Outcome]int{ner.OK: 1},
		Metrics:  []Metric{score(spanF1, ner.Score{TP: 1, NPred: 1, NGold: 1}), score(unerF1, ner.Score{TP: 1, NPred: 1, NGold: 1})},
	}
	wards.Read = read([]Passage{{
		ID: "wards/test/0", Gold: []Entity{{Start: at(4), End: at(9), Type: "drug"}}, Pred: []Entity{{Start: at(4), End: at(9), Type: "drug"}},
		Queries: []Query{{Types: []ner.EntityType{"drug"}, Outcome: ner.OK}},
	}})
	return []*Run{pets, wards}
}

// read is the Read of a run with these passages.
func read(passages []Passage) func(func(*Passage) error) error {
	return func(yield func(*Passage) error) error {
		for i := range passages {
			if err := yield(&passages[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

var options = Options{Version: "0.1.0", Organization: "Some Lab", Benchmark: "some/nerbench", Datasets: []string{"pets"}}
