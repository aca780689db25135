package runners_test

import (
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners"
)

func TestLargestReply(t *testing.T) {
	one := ner.Query{Prompt: ner.Prompt{Text: strings.Repeat("x", 1000), MaxTokens: 256}}
	if got := runners.LargestReply([]ner.Query{one}); got != 1<<20+512*256+16*1000 {
		t.Errorf("one query: %d", got)
	}
	endless := one
	endless.Prompt.MaxTokens = 1 << 60
	if got := runners.LargestReply([]ner.Query{endless, one}); got < 1<<29 || got > 1<<30 {
		t.Errorf("no limit of tokens: %d", got) // it does not overflow
	}
}

func TestShortMessage(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		" two\nlines \t":                 "two lines",
		"\xffé":                          "é",
		strings.Repeat("a", 300):         strings.Repeat("a", 300),
		strings.Repeat("a", 299) + "éé":  strings.Repeat("a", 299) + " … (303 bytes)",
		strings.Repeat("a\n", 1_000_000): strings.TrimSpace(strings.Repeat("a ", 150)) + " … (2000000 bytes)",
	} {
		if got := runners.ShortMessage(text); got != want {
			t.Errorf("%d bytes: %q", len(text), got)
		}
	}
}
