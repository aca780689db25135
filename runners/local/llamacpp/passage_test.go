package llamacpp

import (
	"testing"

	"nerbench/runners/local/llamacpp/llama"
)

func TestSharedLength(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prompts [][]llama.Token
		want    int
	}{
		{"none", nil, 0},
		{"one prompt alone has no common prefix", [][]llama.Token{{1, 2, 3}}, 0},
		{"common beginning", [][]llama.Token{{1, 2, 3, 4}, {1, 2, 5}}, 2},
		{"equal prompts leave a token", [][]llama.Token{{1, 2, 3}, {1, 2, 3}}, 2},
		{"one is a prefix of another", [][]llama.Token{{1, 2}, {1, 2, 3}}, 1},
		{"nothing in common", [][]llama.Token{{1, 2}, {3, 2}}, 0},
	} {
		if got := sharedLength(tc.prompts); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestFirstStop(t *testing.T) {
	for _, tc := range []struct {
		text   string
		before int
		stops  []string
		want   int
	}{
		{`["a"]</s>`, 8, []string{"</s>"}, 5},
		{`["a"]</s`, 7, []string{"</s>"}, -1},
		{"x END y STOP", 0, []string{"STOP", "END"}, 2},
		{"one", 0, []string{""}, -1},
		{"stop is old, stop", 12, []string{"stop"}, 13}, // the part before 12 is not searched again
		{"ab", 0, nil, -1},
	} {
		if got := firstStop([]byte(tc.text), tc.before, tc.stops); got != tc.want {
			t.Errorf("%q from %d, stops %q: %d, want %d", tc.text, tc.before, tc.stops, got, tc.want)
		}
	}
}

func TestSplitThinking(t *testing.T) {
	for _, tc := range []struct{ in, thinking, answer string }{
		{"[\"a\"]", "", "[\"a\"]"},
		{"<think>\nhm\n</think>\n\n[\"a\"]", "hm", "[\"a\"]"},
		{"hm</think>[]", "hm", "[]"},
	} {
		if thinking, answer := splitThinking(tc.in); thinking != tc.thinking || answer != tc.answer {
			t.Errorf("%q: %q and %q", tc.in, thinking, answer)
		}
	}
}
