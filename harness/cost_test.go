package harness

import (
	"bytes"
	"strings"
	"testing"

	"nerbench/results"
)

// TestTokensThatNobodyTells checks that they are unknown in costs and exports, and that a
// sum with one of them is unknown.
func TestTokensThatNobodyTells(t *testing.T) {
	ctx := t.Context()
	told, silent := lawRuns("ollama/told", 4, 0.5)[0], lawRuns("ollama/silent", 4, 0.5)[0]
	told.Tokens = 30
	b := generatedStore(t, told, silent)
	store, err := b.ReadStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	costs := map[string]Cost{}
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		price := Price{1, 1}
		if costs[r.Keys["model"]], err = ReadCost(ctx, store, r, price); err != nil {
			t.Fatal(err)
		}
		kept, err := b.RunCost(ctx, store, r)
		if err != nil || kept.Queries != 4 {
			t.Errorf("%+v, %v", kept, err)
		}
	}
	known, unknown := costs["ollama/told"], costs["ollama/silent"]
	if known.PromptTokens == nil || *known.PromptTokens != 120 || *known.AnswerTokens != 12 || known.Money == nil || *known.Money != 132e-6 {
		t.Errorf("told: %+v", known)
	}
	for name, c := range map[string]Cost{"silent": unknown, "both": known.Add(unknown)} {
		if c.PromptTokens != nil || c.AnswerTokens != nil || c.Money != nil || c.Queries == 0 {
			t.Errorf("%s: %+v: want unknown numbers", name, c)
		}
	}
	if sum := known.Add(known); *sum.PromptTokens != 240 {
		t.Errorf("sum %+v", sum)
	}
	for _, r := range runs {
		var out bytes.Buffer
		if err := b.Export(ctx, &out, r.ID, "answers"); err != nil {
			t.Fatal(err)
		}
		want := `"prompt_tokens":30,"answer_tokens":3`
		if r.Keys["model"] == "ollama/silent" {
			want = `"prompt_tokens":null,"answer_tokens":null`
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %s, want %s", r.Keys["model"], out.String(), want)
		}
	}
	if c := (&results.Cost{}); c.TokensKnown() {
		t.Error("no query has tokens")
	}
}
