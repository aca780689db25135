package harness_test

import (
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
)

func TestRemarks(t *testing.T) {
	for name, tc := range map[string]struct {
		think    string
		counters map[string]int
		want     string // empty: no remark
	}{
		"nothing":                 {"off", nil, ""},
		"blank":                   {"off", map[string]int{"blank_with_thinking": 3, "with_thinking": 3}, "3 blank answers have text in the thinking field (ask with --set think=on"},
		"blank at the limit":      {"on", map[string]int{"blank_with_thinking": 3, "with_thinking": 3}, "max_tokens"},
		"thinking":                {"on", map[string]int{"with_thinking": 1}, ""},
		"no thinking":             {"high", nil, "think=high, but no answer has thinking"},
		"half at the token limit": {"off", map[string]int{"at_token_limit": 5}, ""},
		"most at the token limit": {"off", map[string]int{"at_token_limit": 6}, "6 of 10 answers end at the token limit"},
	} {
		t.Run(name, func(t *testing.T) {
			got := harness.Remarks(results.RunInfo{
				Keys:   map[string]string{"think": tc.think},
				Scores: results.Scores{Outcomes: map[ner.Outcome]int{ner.OK: 10}, Counters: tc.counters},
			})
			if len(got) > 1 || (len(got) == 0) != (tc.want == "") || len(got) == 1 && !strings.Contains(got[0], tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := harness.Remarks(results.RunInfo{}); got == nil || len(got) != 0 {
		t.Errorf("a run without scores has the remarks %q", got)
	}
}
