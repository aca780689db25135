package harness

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"testing"

	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/results"
)

// generatedRun is a run whose counts are drawn: of the gold of a passage, the system finds
// about the share Skill.
type generatedRun struct {
	Model, Dataset string
	Passages       int
	Skill          float64
	Keys           map[string]string // further ones
	Facts          map[string]string
	Tokens         int // of each prompt; 0: the server does not tell
	Unanswered     int // passages without an answer
	Gold           int // largest number of entities of a passage; 0: 6
}

// generatedStore is a bench with a new store of such runs.
func generatedStore(t testing.TB, runs ...generatedRun) *Bench {
	t.Helper()
	b := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	addGenerated(t, b, runs...)
	return b
}

func addGenerated(t testing.TB, b *Bench, runs ...generatedRun) {
	t.Helper()
	ctx := context.Background()
	store, err := results.Open(ctx, b.Store, results.Create)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if err := saveGenerated(ctx, store, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

func saveGenerated(ctx context.Context, store *results.Store, g generatedRun) error {
	run := ner.Run{Keys: map[string]string{
		"model": g.Model, "dataset": g.Dataset, "split": "test", "data": "generated", "view": "all", "queries": "all", "temperature": "0",
		"wording": "natural", "family": "uniner", "variant": "repo",
	}}
	maps.Copy(run.Keys, g.Keys)
	if err := store.Begin(ctx, run, g.Passages); err != nil {
		return err
	}
	var passages []ner.Passage
	for i := range g.Passages - g.Unanswered {
		p := ner.Passage{Index: i, Document: fmt.Sprint(g.Dataset, "/", i), Answers: make([]ner.Answer, 1)}
		p.Answers[0] = ner.Answer{Types: []ner.EntityType{"person"}, Completion: ner.Completion{Text: "[]", Finish: ner.FinishStop, PromptTokens: g.Tokens, AnswerTokens: g.Tokens / 10}}
		copy(p.Answers[0].Key[:], fmt.Sprintf("%08x%08x", stats.DatasetSeed(g.Tokens, g.Model+g.Dataset)>>32, i))
		passages = append(passages, p)
	}
	if err := store.Record(ctx, run.ID(), passages, nil); err != nil {
		return err
	}
	if err := store.End(ctx, run.ID()); err != nil {
		return err
	}
	if err := store.AddFacts(ctx, run.ID(), g.Facts, nil); err != nil {
		return err
	}
	scores := results.Scores{Passages: len(passages), Metrics: map[string]results.MetricScore{}, Outcomes: map[ner.Outcome]int{ner.OK: len(passages)}}
	for _, metric := range []string{"span_f1", "uniner_f1", "uniner_f1_lenient"} {
		counts := drawCounts(g, metric, len(passages))
		total := ner.Sum(counts)
		scores.Metrics[metric] = results.MetricScore{Total: total, ByType: map[ner.EntityType]ner.Score{"person": total}, Passages: counts, Reader: "ladder/1", Version: "1"}
	}
	return store.SaveScores(ctx, run.ID(), scores)
}

// drawCounts draws the counts of each passage. The gold is that of the dataset.
func drawCounts(g generatedRun, metric string, passages int) []ner.Score {
	gold, found := stats.NewStream(stats.DatasetSeed(0, g.Dataset), 1), stats.NewStream(stats.DatasetSeed(0, g.Dataset+g.Model+metric), 2)
	counts := make([]ner.Score, passages)
	for i := range counts {
		s := &counts[i]
		s.NGold = 1 + gold.Index(cmp.Or(g.Gold, 6))
		for range s.NGold {
			if hit := float64(found.Index(1_000_000)) < 1e6*g.Skill; hit {
				s.TP++
			}
		}
		s.NPred = s.TP + found.Index(2)
	}
	return counts
}
