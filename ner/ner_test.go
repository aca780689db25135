package ner_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"nerbench/ner"
)

// TestCodePoints converts every boundary to code points and back to bytes
// (docs/spec/metrics.md §13.8).
func TestCodePoints(t *testing.T) {
	for _, text := range []string{"", "plain", "Zoë", "نور 東京", "👩‍🚀e\u0301", strings.Repeat("ü", 300)} {
		c := ner.NewCodePoints(text)
		if c.Len() != utf8.RuneCountInString(text) {
			t.Errorf("%q: %d code points", text, c.Len())
		}
		n := 0
		for b := 0; b <= len(text); b++ {
			if !ner.Boundary(text, b) {
				continue
			}
			if got := c.CodePoint(b); got != n {
				t.Errorf("%q: byte %d is code point %d, want %d", text, b, got, n)
			}
			if got, err := c.Byte(n); err != nil || got != b {
				t.Errorf("%q: code point %d is byte %d, %v, want %d", text, n, got, err, b)
			}
			n++
		}
		for _, outside := range []int{-1, c.Len() + 1} {
			if _, err := c.Byte(outside); err == nil {
				t.Errorf("%q: code point %d is accepted", text, outside)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		doc    ner.Document
		strict bool
		want   string
	}{
		"fine":               {ner.Document{Text: "Zoë", Tokens: []ner.Range{{Start: 0, End: 4}}, Spans: []ner.Span{{Start: 0, End: 4, Type: "x"}}}, true, ""},
		"inside a character": {ner.Document{Text: "Zoë", Spans: []ner.Span{{Start: 0, End: 3, Type: "x"}}}, false, "span 0"},
		"empty":              {ner.Document{Text: "Zoë", Spans: []ner.Span{{Start: 1, End: 1}}}, false, "span 0"},
		"outside":            {ner.Document{Text: "x", Spans: []ner.Span{{Start: 0, End: 2}}}, false, "span 0"},
		"token outside":      {ner.Document{Text: "x", Tokens: []ner.Range{{Start: 0, End: 2}}}, false, "token 0"},
		"edge":               {ner.Document{Text: "a b", Spans: []ner.Span{{Start: 0, End: 2}}}, true, "white space"},
		"edge, allowed":      {ner.Document{Text: "a b", Spans: []ner.Span{{Start: 0, End: 2}}}, false, ""},
		"invalid UTF-8":      {ner.Document{Text: "\xff"}, false, "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.doc.Check(tc.strict)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestRunIdentity(t *testing.T) {
	a := ner.Run{Keys: map[string]string{"model": "x", "dataset": "y", "limit": ""}}
	b := ner.Run{Keys: map[string]string{"dataset": "y", "model": "x"}}
	c := ner.Run{Keys: map[string]string{"dataset": "x", "model": "y"}}
	if a.ID() != b.ID() || a.ID() == c.ID() || len(a.ID()) != 16 {
		t.Errorf("IDs are %s, %s, %s", a.ID(), b.ID(), c.ID())
	}
	if err := (ner.Run{Keys: map[string]string{"modle": "x"}}).Check(); err == nil || !strings.Contains(err.Error(), `"modle"`) {
		t.Errorf("error is %v", err)
	}
}

// TestAnswerKey checks that each difference between two queries changes the key.
func TestAnswerKey(t *testing.T) {
	seen := map[ner.AnswerKey]string{}
	for name, k := range map[string]ner.AnswerKey{
		"plain":    ner.NewAnswerKey("m", "d", &ner.Prompt{Text: "p", MaxTokens: 1}),
		"model":    ner.NewAnswerKey("n", "d", &ner.Prompt{Text: "p", MaxTokens: 1}),
		"decoding": ner.NewAnswerKey("m", "e", &ner.Prompt{Text: "p", MaxTokens: 1}),
		"text":     ner.NewAnswerKey("m", "d", &ner.Prompt{Text: "q", MaxTokens: 1}),
		"limit":    ner.NewAnswerKey("m", "d", &ner.Prompt{Text: "p", MaxTokens: 2}),
		"stop":     ner.NewAnswerKey("m", "d", &ner.Prompt{Text: "p", MaxTokens: 1, Stop: []string{"x"}}),
		"schema":   ner.NewAnswerKey("m", "d", &ner.Prompt{Text: "p", MaxTokens: 1, Schema: []byte("{}")}),
		"chat":     ner.NewAnswerKey("m", "d", &ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "p"}}, MaxTokens: 1}),
		"role":     ner.NewAnswerKey("m", "d", &ner.Prompt{Messages: []ner.Message{{Role: "system", Content: "p"}}, MaxTokens: 1}),
	} {
		if other, twice := seen[k]; twice {
			t.Errorf("%s and %s have the same key", name, other)
		}
		seen[k] = name
	}
}

func TestScore(t *testing.T) {
	s := ner.Score{TP: 1, NPred: 2, NGold: 3}.Add(ner.Score{TP: 1})
	if f1, ok := s.F1(); !ok || f1 != 0.8 {
		t.Errorf("F1 is %v, %v", f1, ok)
	}
	if _, ok := (ner.Score{NGold: 1}).Precision(); ok {
		t.Error("precision of no predictions is defined")
	}
	if f1, ok := (ner.Score{NGold: 1}).F1(); !ok || f1 != 0 {
		t.Error("F1 of missed gold is not 0")
	}
	if _, ok := (ner.Score{}).F1(); ok {
		t.Error("F1 of nothing is defined")
	}
}
