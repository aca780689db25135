package answers

import (
	"testing"

	"nerbench/ner"
)

// TestOpenPairsBehindThinking: the marks of thinking are compared without case.
func TestOpenPairsBehindThinking(t *testing.T) {
	for _, m := range ThinkingMarks {
		if m.Until != "" {
			continue // channels have their own message marks
		}
		answer := m.Open + `such as [("Bo", "city")]` + m.Close + `[("Ada", "person")]`
		list, ok := ReadOpenPairs(ner.Completion{Text: answer + ` or [`})
		if !ok || len(list.Pairs) != 1 || list.Pairs[0].Entity != "Ada" {
			t.Errorf("%s: %+v, %v", m.Open, list, ok)
		}
		if list, ok := ReadOpenPairs(ner.Completion{Text: m.Open + `such as [("Bo", "city")]` + m.Close + `none`}); ok {
			t.Errorf("%s: a list inside of the thinking is the answer: %+v", m.Open, list)
		}
	}
}

func FuzzOpenPairs(f *testing.F) {
	for _, seed := range []string{`[("Ada", "person")]`, "```\n[['a', 'b'],]\n```", `[("Ada", "per`, `[]`, `[[1, 2], {"a": 1}]`, "[[\"a\", \"b\"]]\nPassage: x\n[]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		list, ok := ReadOpenPairs(ner.Completion{Text: answer})
		if !ok && (len(list.Pairs) > 0 || list.Unclosed) {
			t.Errorf("no list, but %+v", list)
		}
		for _, p := range list.Pairs {
			if p.Entity == "" {
				t.Errorf("an empty entity in %+v", list)
			}
		}
		if !ok || len(list.Pairs) == 0 {
			return
		}
		// A list that is written in the strict form is read back.
		text := "["
		for i, p := range list.Pairs {
			if i > 0 {
				text += ", "
			}
			text += ner.JSONList([]string{p.Entity, p.Type}, ", ")
		}
		again, ok := ReadOpenPairs(ner.Completion{Text: text + "]"})
		if !ok || again.Unclosed || len(again.Pairs) != len(list.Pairs) {
			t.Errorf("%+v is read back as %+v", list, again)
		}
	})
}
