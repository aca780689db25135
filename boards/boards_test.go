package boards_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/boards"
)

func read(text string) (*boards.Board, error) {
	return boards.Read(fstest.MapFS{"board.toml": {Data: []byte(text)}}, "board.toml")
}

const small = `title = "Ours"
metrics = ["span_f1"]
suites = ["law", "house"]
family = "uniner"
addresses = ["https://example.org/blobs"]
[[suite]]
name = "house"
title = "Our datasets"
datasets = ["mit-movie", "letters"]
[[track]]
name = "standard"
title = "fixed"
[track.keys]
split = ["test"]
temperature = ["0"]
[[price]]
model = "openai/large"
in = 0.5
out = 1.5
`

func TestRead(t *testing.T) {
	b, err := read(small)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := b.Suite("house"); err != nil || len(s.Datasets) != 2 {
		t.Errorf("suite house: %+v, %v", s, err)
	}
	if s, err := b.Suite("law"); err != nil || !s.Has("e-ner") {
		t.Errorf("suite law: %+v, %v", s, err)
	}
	if p, ok := b.PriceOf("openai/large"); !ok || p.Out != 1.5 {
		t.Errorf("price %+v, %v", p, ok)
	}
	if _, ok := b.PriceOf("openai/small"); ok {
		t.Error("a model without a price has one")
	}
}

func TestLint(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"title":            {`title = "Ours"`, `title = ""`, "title: want one line"},
		"no metric":        {`["span_f1"]`, `[]`, "metrics: want one or more"},
		"metric twice":     {`["span_f1"]`, `["span_f1", "span_f1"]`, `"span_f1" is listed twice`},
		"unknown suite":    {`"law", "house"`, `"lav"`, `suite "lav": unknown`},
		"suite of program": {`name = "house"`, `name = "law"`, "suite law: a suite of that name exists"},
		"empty suite":      {`["mit-movie", "letters"]`, `[]`, "suite house: datasets"},
		"name of a suite":  {`name = "house"`, `name = "../house"`, `suite "../house": want lower-case`},
		"family":           {`family = "uniner"`, ``, "family: missing"},
		"tier":             {`family = "uniner"`, `family = "uniner"` + "\n" + `tiers = ["published"]`, `tiers: "published"`},
		"address":          {"https://example.org/blobs", "file:///etc", `addresses: "file:///etc": want https`},
		"password":         {"https://example.org/blobs", "https://a:b@example.org", "addresses: "},
		"reference":        {`title = "Ours"`, "title = \"Ours\"\nreferences = [\"\"]", "references: want names of models"},
		"reference twice":  {`title = "Ours"`, "title = \"Ours\"\nreferences = [\"a\", \"a\"]", `references: "a" is listed twice`},
		"unknown key":      {`title = "Ours"`, "title = \"Ours\"\ncolour = 1", `board.toml:2: key "colour": unknown`},
		"key of a track":   {`split = ["test"]`, `splitt = ["test"]`, "track standard: "},
		"no value":         {`split = ["test"]`, `split = []`, "track standard: key split: want one or more values"},
		"open with keys":   {`title = "fixed"`, "title = \"fixed\"\nopen = true", "track standard: an open track takes any keys"},
		"price":            {"in = 0.5\nout = 1.5", "in = -1\nout = 1.5", "price of openai/large: want"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(small, tc.old) {
				t.Fatalf("%q is not in the file", tc.old)
			}
			_, err := read(strings.Replace(small, tc.old, tc.new, 1))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestDefault(t *testing.T) {
	b, err := boards.Default()
	if err != nil {
		t.Fatal(err)
	}
	if len(b.SuiteNames) != 13 {
		t.Errorf("%d suites, want the four of several domains and nine domains", len(b.SuiteNames))
	}
	usual := map[string]string{"model": "ollama/x", "split": "test", "family": "uniner", "temperature": "0", "queries": "all"}
	with := func(key, value string) map[string]string {
		keys := map[string]string{}
		for k, v := range usual {
			keys[k] = v
		}
		keys[key] = value
		return keys
	}
	for name, tc := range map[string]struct {
		keys map[string]string
		own  bool
		want string
	}{
		"usual":            {usual, true, "standard"},
		"other prompts":    {usual, false, "open"},
		"temperature":      {with("temperature", "0.7"), true, "open"},
		"no temperature":   {with("temperature", ""), true, "open"},
		"demonstrations":   {with("shots", "3"), true, "open"},
		"some types":       {with("queries", "gold"), true, "open"},
		"table 6":          {with("view", "table6"), true, "open"},
		"dev":              {with("split", "dev"), true, "open"},
		"without prompts":  {map[string]string{"model": "tagger", "split": "test", "family": "spans"}, true, "standard"},
		"imported spans":   {map[string]string{"model": "imported/x", "split": "test", "imported": "sha256:0f jsonl"}, true, "open"},
		"imported answers": {map[string]string{"model": "imported/x", "split": "test", "family": "spans", "imported": "sha256:0f jsonl"}, true, "open"},
		"tagger on dev":    {map[string]string{"model": "tagger", "split": "dev", "family": "spans"}, true, "open"},
		"first passages":   {with("limit", "100"), true, "standard"}, // it is not ranked, for another reason
		"the default view": {with("view", "all"), true, "standard"},
	} {
		if got := b.Track(tc.keys, tc.own); got != tc.want {
			t.Errorf("%s: track %q, want %q", name, got, tc.want)
		}
	}
}

// TestPage reads the example of docs/board.md, and checks that the page names every key.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../docs/board.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```toml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("no example")
	}
	b, err := read(example)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Tracks) != 2 || len(b.Own) != 1 || len(b.Prices) != 1 || b.Currency == "" {
		t.Errorf("the example is read as %+v", b)
	}
	for _, of := range []reflect.Type{reflect.TypeFor[boards.Board](), reflect.TypeFor[boards.Track](), reflect.TypeFor[boards.Price]()} {
		for i := range of.NumField() {
			if key := of.Field(i).Tag.Get("toml"); !strings.Contains(string(page), "`"+key+"`") && !strings.Contains(string(page), "`[["+key+"]]`") && !strings.Contains(string(page), "."+key+"]`") && !strings.Contains(string(page), "`"+key+" = ") {
				t.Errorf("docs/board.md does not describe %s of %s", key, of.Name())
			}
		}
	}
}
