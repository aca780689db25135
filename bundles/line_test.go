package bundles

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"nerbench/ner"
)

var lines = map[string]Passage{
	"answers": {Index: 12, Counts: [][3]int{{1, 2, 3}, {0, 0, 0}}, Document: "zoo/test/12", Answers: []Answer{
		{Types: []ner.EntityType{"person"}, Text: `["Mira \\ Novak", "<a&b>"]` + "\n\t\r\b\f", Finish: "stop", PromptTokens: 301, AnswerTokens: 7},
		{Types: []ner.EntityType{"person", "beast"}, Text: "", Thinking: "žofie 🐨 \ufffd\u007f"},
	}},
	"no answers": {Counts: [][3]int{{0, 0, 0}}, Document: "a"},
	"spans": {Counts: [][3]int{{1, 1, 1}}, Outcomes: []ner.Outcome{"ok", "empty"}, Spans: []ner.PointSpan{{Start: 0, End: 5, Type: "person"}, {Start: 7, End: 9, Type: "Ž"}},
		Unaligned: map[ner.EntityType]int{"b": 2, "a": 1}},
}

// TestParseLine: lines as they are written need no reflection.
func TestParseLine(t *testing.T) {
	for name, want := range lines {
		t.Run(name, func(t *testing.T) {
			line, err := encodeLine(want)
			if err != nil {
				t.Fatal(err)
			}
			var got Passage
			if !parseLine(line, &got) || !reflect.DeepEqual(got, want) {
				t.Errorf("parsed %+v of %s", got, line)
			}
		})
	}
}

// TestParseLineRefuses: other texts are left to the general parser, which refuses those
// that are not as they are written.
func TestParseLineRefuses(t *testing.T) {
	line, err := encodeLine(lines["answers"])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`{"i":12`, `{"i":012`}, {`{"i":12`, `{ "i":12`}, {`{"i":12`, `{"i":-0`}, {`{"i":12`, `{"I":12`}, {`{"i":12`, `{"i":1e1`},
		{`{"i":12`, `{"i":12,"i":12`}, {`{"i":12`, `{"i":1234567890123456789`}, {`"id":"zoo/test/12"`, `"id":""`},
		{`,"prompt_tokens":301`, `,"prompt_tokens":0`}, {`"prompt_tokens":301,"answer_tokens":7`, `"answer_tokens":7,"prompt_tokens":301`},
		{`"finish":"stop"`, `"finish":""`}, {`"types":["person"]`, `"types":[]`}, {`"types":["person"]`, `"types":["\u0070erson"]`},
		{`["person"]`, `["per\/son"]`}, {`["person"]`, "[\"per\xffson\"]"}, {`["person"]`, "[\"per\u2028son\"]"}, {`["person"]`, "[\"per\x00son\"]"},
		{"}\n", "}"}, {"}\n", "},\n"}, {"}]}\n", "}]\n"}, {"}\n", `,"x":1}` + "\n"}, {`"text":""`, `"text":null`}, {"}]}\n", `,"x":"\`},
	} {
		changed := strings.Replace(string(line), c[0], c[1], 1)
		if changed == string(line) {
			t.Fatalf("%q is not part of the line %s", c[0], line)
		}
		if parseLine([]byte(changed), &Passage{}) {
			t.Errorf("parsed %s", changed)
		}
	}
}

// FuzzParseLine: what is parsed without reflection has the same meaning with it, and is
// written in the same way.
func FuzzParseLine(f *testing.F) {
	for _, p := range lines {
		line, err := encodeLine(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(line))
	}
	f.Fuzz(func(t *testing.T, line string) {
		var got, want Passage
		if !parseLine([]byte(line), &got) {
			return
		}
		if err := json.Unmarshal([]byte(line), &want); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("parsed %+v of %q, want %+v, %v", got, line, want, err)
		}
		if again, err := encodeLine(got); err != nil || string(again) != line {
			t.Fatalf("%q is written as %q, %v", line, again, err)
		}
	})
}
