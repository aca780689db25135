package results

import (
	"errors"
	"maps"
	"testing"
)

func TestFacts(t *testing.T) {
	s := newStore(t)
	run := testRun("m")
	must(t, s.Begin(t.Context(), run, 2))
	sessions := []struct {
		texts  map[string]string
		counts map[string]int64
	}{
		{map[string]string{"device": "CPU", "quantisation": "f16", "identity": ""}, map[string]int64{"prompt_tokens": 100, "probe_differ": 0}},
		{map[string]string{"device": "CUDA0"}, map[string]int64{"prompt_tokens": 20, "prompt_tokens_computed": 7}},
		{map[string]string{"device": "CPU"}, nil},
	}
	for _, session := range sessions {
		must(t, s.AddFacts(t.Context(), run.ID(), session.texts, session.counts))
	}
	info, err := s.Find(t.Context(), run.ID())
	must(t, err)
	want := map[string]string{"device": "CPU; CUDA0", "quantisation": "f16", "prompt_tokens": "120", "prompt_tokens_computed": "7", "probe_differ": "0"}
	if !maps.Equal(info.Facts, want) {
		t.Errorf("facts %v, want %v", info.Facts, want)
	}
	if err := s.AddFacts(t.Context(), "nosuch", map[string]string{"device": "CPU"}, nil); !errors.Is(err, ErrNoRun) {
		t.Errorf("a missing run: %v", err)
	}
	if err := s.AddFacts(t.Context(), run.ID(), map[string]string{"weather": "fine"}, nil); err == nil {
		t.Error("an unknown fact is accepted")
	}
	if err := s.AddFacts(t.Context(), run.ID(), nil, map[string]int64{"device": 1}); err == nil {
		t.Error("a count of a text is accepted")
	}
	must(t, s.Remove(t.Context(), run.ID()))
	var left int
	must(t, s.read.QueryRow("SELECT count(*) FROM facts").Scan(&left))
	if left != 0 {
		t.Errorf("%d facts of a removed run remain", left)
	}
}
