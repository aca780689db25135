package exec

import (
	"strings"
	"testing"

	"nerbench/ner"
)

func TestLocate(t *testing.T) {
	const text = "é👩‍🚀 Mira Mira"
	points := ner.NewCodePoints(text)
	given := func(s string) *string { return &s }
	for _, tc := range []struct {
		start, end int
		given      *string
		want       string // text, or a part of the error
		at         int    // byte
	}{
		{5, 9, nil, "Mira", strings.Index(text, "Mira")},
		{10, 14, given("Mira"), "Mira", strings.LastIndex(text, "Mira")},
		{0, 14, nil, text, 0},
		{7, 11, given("Mira"), "UTF-16 code units", 0},
		{12, 16, given("Mira"), "UTF-16 code units", 0}, // outside in code points
		{14, 18, given("Mira"), "bytes of UTF-8", 0},
		{19, 23, given("Mira"), "bytes of UTF-8", 0},
		{5, 9, given("mira"), `the text at offsets 5 to 9 is "Mira", not "mira"`, 0},
		{5, 9, given(""), `is "Mira", not ""`, 0},
		{0, 15, nil, "outside the text of 14 code points", 0},
		{-1, 3, given("x"), "outside the text", 0},
		{3, 3, given("x"), "want a start before the end", 0},
		{9, 5, nil, "want a start before the end", 0},
		{1 << 62, 1<<62 + 1, given("x"), "outside the text", 0},
	} {
		place, err := locate(text, points, tc.start, tc.end, tc.given)
		switch {
		case err != nil && !strings.Contains(err.Error(), tc.want):
			t.Errorf("%d to %d: %v, want %s", tc.start, tc.end, err, tc.want)
		case err == nil && (text[place.Start:place.End] != tc.want || place.Start != tc.at):
			t.Errorf("%d to %d: %v", tc.start, tc.end, place)
		}
	}
}

// FuzzReadAnswer: no line of a program breaks the reader; what it takes is an answer
// inside the text.
func FuzzReadAnswer(f *testing.F) {
	f.Add(`{"id":"1","spans":[{"start":0,"end":1,"type":"person","text":"é"}]}`)
	f.Add(`{"id":"1","mentions":[{"text":"x","type":"person"}]}`)
	f.Add(`{"id":"1","answers":[{"text":"x","finish":"stop"}],"error":null}`)
	f.Fuzz(func(t *testing.T, line string) {
		_, a, err := readAnswer([]byte(line))
		if err != nil {
			return
		}
		d := &ner.Document{Text: "é👩 Mira"}
		for _, kind := range []string{Spans, Mentions, Answers} {
			asked := &task{document: d, types: []ner.EntityType{"person"}, queries: []ner.Query{{}}}
			got, err := asked.completions(kind, a)
			if err == nil && len(got) != 1 || err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %d answers, %v", kind, len(got), err)
			}
		}
	})
}
