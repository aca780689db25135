package llamacpp_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

// demonstrated are passages of one query for each type, with three demonstrations.
func demonstrated(n, types, most int) [][]ner.Query {
	out := make([][]ner.Query, n)
	for i := range out {
		for k := range types {
			text := fmt.Sprintf("Label the type %d. ", k) + strings.Repeat(fmt.Sprintf("Text: Mira left Port Varna at %d. Answer: Mira. ", k), 3)
			out[i] = append(out[i], query(text+fmt.Sprintf("Text: %d trains came. Answer:", i*7919), most))
		}
	}
	return out
}

// TestPassagesShare: the common prefix of a run is computed once, with passages one
// after the other and at the same time, and with more types than queries at once.
func TestPassagesShare(t *testing.T) {
	file := tiny(t)
	for _, tc := range []struct{ types, sequences, at, context int }{{1, 16, 1, 400}, {1, 16, 16, 400}, {1, 1, 1, 400}, {5, 16, 1, 800}, {5, 4, 16, 800}, {25, 8, 2, 2048}} {
		t.Run(fmt.Sprintf("%+v", tc), func(t *testing.T) {
			r := open(t, llamacpp.Config{File: file, LongestAnswer: 4, Sequences: tc.sequences, Decoding: runners.Decoding{Context: tc.context}})
			askAll(t, r, demonstrated(12, tc.types, 4), tc.at)
			u := r.Usage()
			if u.Computed*10 > u.Distinct*11 || u.Prompts < 3*u.Distinct {
				t.Errorf("%d of %d tokens computed, %d are different", u.Computed, u.Prompts, u.Distinct)
			}
		})
	}
}

// TestSharingKeepsAnswers: a trained model answers the same with and without the
// prefixes of other passages, also where memory is too small to keep them.
func TestSharingKeepsAnswers(t *testing.T) {
	for _, file := range []string{tiny(t), reference.Path(t, "models", "tiny-uniner-frequency", "model-f16.gguf")} {
		all := append(demonstrated(6, 2, 12), passages(6, 24)...)
		longest := 0
		var want [][]string
		for _, queries := range all {
			r := open(t, llamacpp.Config{File: file, Sequences: 1, LongestAnswer: 24})
			var answers []string
			for _, q := range queries {
				got, err := r.Complete(t.Context(), []ner.Query{q})
				if err != nil {
					t.Fatal(err)
				}
				answers = append(answers, got[0].Text)
				longest = max(longest, got[0].PromptTokens)
			}
			want = append(want, answers)
			r.Close()
		}
		for _, tc := range []struct{ sequences, context int }{{16, 512}, {1, longest + 24}, {3, longest + 24}} {
			r := open(t, llamacpp.Config{File: file, Sequences: tc.sequences, LongestAnswer: 24, Decoding: runners.Decoding{Context: tc.context}})
			var group sync.WaitGroup
			got := make([][]string, len(all))
			for i, queries := range all {
				group.Go(func() {
					answers, err := r.Complete(t.Context(), queries)
					if err != nil {
						t.Error(err)
					}
					got[i] = texts(answers)
				})
			}
			group.Wait()
			for i := range all {
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%s, %+v: passage %d: %q, alone %q", file, tc, i, got[i], want[i])
				}
			}
			if free, all := r.Free(); free != all {
				t.Errorf("%+v: %d of %d cells are free after eviction", tc, free, all)
			}
		}
	}
}

// TestCancelFrees: queries that end early give their memory back, while others go on.
func TestCancelFrees(t *testing.T) {
	r := open(t, llamacpp.Config{File: tiny(t), LongestAnswer: 300, Sequences: 4, Decoding: runners.Decoding{Context: 1000}})
	var group sync.WaitGroup
	for i, queries := range demonstrated(8, 3, 300) {
		group.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%2 == 1 {
				group.Go(func() {
					for from := r.Usage().Steps; r.Usage().Steps < from+int64(20*i); {
						runtime.Gosched()
					}
					cancel()
				})
			}
			if _, err := r.Complete(ctx, queries); (err == nil) != (i%2 == 0) {
				t.Errorf("passage %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if free, all := r.Free(); free != all {
		t.Errorf("%d of %d cells are free", free, all)
	}
}
