package llamacpp

import "testing"

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
