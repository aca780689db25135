package answers

import (
	"reflect"
	"testing"

	"nerbench/ner"
)

func TestReadOpenPairs(t *testing.T) {
	a, b := OpenPair{"a", "x"}, OpenPair{"b", "y"}
	for name, tc := range map[string]struct {
		answer string
		want   OpenPairs
		none   bool
	}{
		"the last of equals":            {`[("a", "x")], or rather [("b", "y")]`, OpenPairs{Pairs: []OpenPair{b}}, false},
		"pairs before none":             {`[("a", "x")], and nothing else: []`, OpenPairs{Pairs: []OpenPair{a}}, false},
		"closed before unclosed":        {`[("a", "x")], or rather [("b", "y"), ("c`, OpenPairs{Pairs: []OpenPair{a}}, false},
		"a fence first":                 {"```\n[(\"a\", \"x\")]\n```\nNot [(\"b\", \"y\")].", OpenPairs{Pairs: []OpenPair{a}}, false},
		"before a query of its own":     {"[(\"a\", \"x\")]\n\nPassage: Bo ran.\n[(\"b\", \"y\")]", OpenPairs{Pairs: []OpenPair{a}}, false},
		"behind the thinking":           {`<think>[("b", "y")]</think>[("a", "x")]`, OpenPairs{Pairs: []OpenPair{a}}, false},
		"unclosed":                      {`[("a", "x"), ("b", "y"), ("c`, OpenPairs{Pairs: []OpenPair{a, b}, Unclosed: true}, false},
		"a number":                      {`[(1999, "date")]`, OpenPairs{Pairs: []OpenPair{{"1999", "date"}}}, false},
		"items that are no pairs":       {`[["a", "x"], 3, ["", "x"], ["a", "x", "y"]]`, OpenPairs{Pairs: []OpenPair{a}, Bad: 3}, false},
		"an empty list":                 {`[]`, OpenPairs{}, false},
		"a list without a pair is none": {`["a", "x"]`, OpenPairs{}, true},
	} {
		if got, ok := ReadOpenPairs(ner.Completion{Text: tc.answer}); ok == tc.none || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, ok, tc.want)
		}
	}
}

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
