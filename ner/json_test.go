package ner_test

import (
	"encoding/json"
	"testing"

	"nerbench/ner"
)

// TestJSONString checks the short forms, and that a JSON parser returns the string.
func TestJSONString(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", `""`},
		{"plain", "Port Varna", `"Port Varna"`},
		{"quotes", `a "b" \c`, `"a \"b\" \\c"`},
		{"short forms", "\b\f\n\r\t", `"\b\f\n\r\t"`},
		{"other control characters", "\x00\x1f\x7f", "\"\\u0000\\u001f\x7f\""},
		{"no HTML, no ASCII", "</s> & é \u2028", "\"</s> & é \u2028\""},
		{"at the ends", "\nx\n", `"\nx\n"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ner.JSONString(c.text)
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			var back string
			if err := json.Unmarshal([]byte(got), &back); err != nil || back != c.text {
				t.Errorf("reads back as %q: %v", back, err)
			}
		})
	}
}

func TestJSONList(t *testing.T) {
	for _, c := range []struct {
		name, separator string
		items           []string
		want            string
	}{
		{"none", ", ", nil, `[]`},
		{"one", ", ", []string{"a"}, `["a"]`},
		{"several", ", ", []string{"a", "b,", `"`}, `["a", "b,", "\""]`},
		{"compact", ",", []string{"a", "b"}, `["a","b"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ner.JSONList(c.items, c.separator); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestSpansAnswer(t *testing.T) {
	for _, c := range []struct {
		name, text string
		spans      []ner.Span
		want       string
	}{
		{"none", "é", nil, `{"spans":[]}`},
		{"offsets in code points", "é Oslo ü", []ner.Span{{Start: 3, End: 7, Type: "city"}, {Start: 0, End: 2, Type: `a "b"`}},
			`{"spans":[{"start":2,"end":6,"type":"city"},{"start":0,"end":1,"type":"a \"b\""}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ner.SpansAnswer(c.text, c.spans); got != c.want {
				t.Errorf("answer is %s, want %s", got, c.want)
			}
		})
	}
}
