package answers_test

import (
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

// FuzzPublishedGNER: one label for each word, of an offered type (docs/spec/metrics.md
// §9.1), whatever the answer.
func FuzzPublishedGNER(f *testing.F) {
	f.Add("Port(B-place) Varna(I-place) slept(O)", "Port Varna slept")
	f.Add("a(O) a(B-x) a(O) b(I-place", "a b a a")
	f.Add("((B-(O))(O)", "( )")
	f.Fuzz(func(t *testing.T, answer, text string) {
		words := answers.Words(text)
		types := []ner.EntityType{"place", "person"}
		labels := answers.PublishedGNER(answer, words, types)
		if len(labels) != len(words) {
			t.Fatalf("%d labels for %d words", len(labels), len(words))
		}
		for _, label := range labels {
			if label != "O" && !slices.Contains(types, ner.EntityType(label[2:])) {
				t.Errorf("label %q was not offered", label)
			}
		}
		for _, m := range answers.GNEREntities(words, labels) {
			if !strings.Contains(strings.Join(words, " "), m.Text) {
				t.Errorf("entity %q is not in the text", m.Text)
			}
		}
	})
}

// FuzzPublishedItems: items are whole strings, each once, and the parsers of
// docs/spec/metrics.md §9.2 and §9.4 take any bytes.
func FuzzPublishedItems(f *testing.F) {
	for _, s := range []string{" person: Mira; place: Essa", "None", "a:《b》;@#c:（d）", `{"entities": {"x": [NaN, "y"], "z": "ab"}}`, "<think>x</think><answer>{}</answer>", "```json\n{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, items := range [][]string{answers.InstructUIEItems(s), answers.B2NERItems(s)} {
			for i, item := range items {
				if slices.Contains(items[:i], item) || strings.Contains(item, "{") {
					t.Errorf("%q: items are %q", s, items)
				}
			}
		}
		if found, ok := answers.PublishedReasoningNER(s); !ok && found != nil {
			t.Errorf("%q: failed, but has %v", s, found)
		}
	})
}

// FuzzGoLLIEFilter: what the filter of docs/spec/metrics.md §9.3 keeps is in the text, and
// in order.
func FuzzGoLLIEFilter(f *testing.F) {
	f.Add("Port Varna, port", "port|Port| port|x|")
	f.Fuzz(func(t *testing.T, text, mentions string) {
		var given []ner.Mention
		for m := range strings.SplitSeq(mentions, "|") {
			given = append(given, ner.Mention{Text: m, Type: "x"})
		}
		kept := answers.GoLLIEFilter(text, given)
		at := 0
		for _, m := range kept {
			for at < len(given) && given[at] != m {
				at++
			}
			if at == len(given) || !strings.Contains(answers.Lower(text), answers.GoLLIEItems([]ner.Mention{m})[0].Text) {
				t.Fatalf("%q of %q: kept %q", mentions, text, kept)
			}
			at++
		}
	})
}
