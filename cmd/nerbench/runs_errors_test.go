package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/harness"
)

// TestRunErrors lists the errors of a model that answers about persons in another form
// for one passage and finds no places, also against a run that finds all of them.
func TestRunErrors(t *testing.T) {
	w := newWorkplace(t, 8, 0)
	ask := append(asking, "results.db")
	w.fake.Change(func(prompt string) string {
		_, text, _ := strings.Cut(prompt, "Text: ")
		words := strings.Fields(text)
		switch {
		case strings.Contains(prompt, "location") && words[0] == "Person2":
			return ` ["Atlantis"]`
		case strings.Contains(prompt, "location"):
			return " []"
		case words[0] == "Person1":
			return " I see <b>no</b> persons\x1b[2J"
		}
		return fmt.Sprintf(" [%q]", words[0])
	})
	if code, out := w.run(append(ask, "--set", "temperature=0.5")...); code != 0 {
		t.Fatalf("first run: exit code %d\n%s", code, out)
	}
	w.fake.Change(func(prompt string) string {
		_, text, _ := strings.Cut(prompt, "Text: ")
		words := strings.Fields(text)
		if strings.Contains(prompt, "location") && words[0] != "Person3" {
			return fmt.Sprintf(" [%q]", words[2])
		}
		return fmt.Sprintf(" [%q]", words[0])
	})
	if code, out := w.run(ask...); code != 0 {
		t.Fatalf("second run: exit code %d\n%s", code, out)
	}
	runID := func(where string) string {
		_, out := w.run("runs", "list", "--store", "results.db", "--json", "--where", where)
		var runs []struct{ ID string }
		if err := json.Unmarshal([]byte(out), &runs); err != nil || len(runs) != 1 {
			t.Fatalf("%v\n%s", err, out)
		}
		return runs[0].ID
	}
	weak, strong := runID("temperature=0.5"), runID("temperature=0")
	// The licence forbids to show the text to others.
	description, err := os.ReadFile(filepath.Join(w.dir, "datasets/mini.toml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("datasets/mini.toml", strings.Replace(string(description), `"CC0-1.0"`, `"all rights reserved"`, 1))
	list := func(args ...string) (int, string) {
		return w.run(append([]string{"runs", "errors", weak, "--store", "results.db"}, args...)...)
	}

	code, out := list("--json")
	var got harness.ErrorsJSON
	if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, out)
	}
	want := map[harness.ErrorKind]int{"missed": 9, "spurious": 1, "boundary": 0, "type": 0, "both": 0, "unreadable": 1}
	for kind, n := range want {
		if got.Counts[kind] != n {
			t.Errorf("%d errors of kind %s, want %d", got.Counts[kind], kind, n)
		}
	}
	if got.Wrong != 8 || got.Passages != 8 || len(got.List) != 8 {
		t.Errorf("errors are %s", out)
	}
	if _, out := list("--json", "--against", strong); json.Unmarshal([]byte(out), &got) != nil || got.Counts["missed"] != 8 || got.Counts["spurious"] != 1 || got.Counts["unreadable"] != 1 || got.Wrong != 7 {
		t.Errorf("against the other run: %s", out)
	}

	for _, tc := range []struct {
		name string
		args []string
		code int
		want []string
		not  []string
	}{
		{"text", nil, 0, []string{
			"errors by span_f1 in 8 of 8 passages", "missed 9, spurious 1, boundary 0, type 0, both 0, unreadable 1", "mini/test/1\n  Person1 left Town1 .",
			"missed      Person1 (person) 0–7", "unreadable  answer about person", `I see <b>no</b> persons\u001b[2J`, "Atlantis (location) not in the text", "right",
		}, []string{"\x1b", "mini/test/8"}},
		{"limit", []string{"--limit", "2"}, 0, []string{"mini/test/1", "6 more passages with errors (--limit 8, or 0 for all)"}, []string{"mini/test/2"}},
		{"kind", []string{"--kind", "unreadable"}, 0, []string{"mini/test/1", "missed 0"}, []string{"mini/test/2"}},
		{"kinds and type", []string{"--kind", "spurious,unreadable", "--type", "location"}, 0, []string{"mini/test/2", "spurious 1, boundary 0, type 0, both 0, unreadable 0"}, []string{"mini/test/1"}},
		{"against", []string{"--against", strong}, 0, []string{
			"Only errors that run " + strong + " (ollama/tiny) did not make.", "the other run predicted: Person0 (person) 0–7; Town0 (location) 13–18", `the other run's answer about location (ok):`,
		}, []string{"mini/test/3"}},
		{"lines", []string{"--format", "jsonl", "--kind", "spurious"}, 0, []string{`{"id":"mini/test/2","text":"Person2 left Town2 .",`, `"errors":[{"kind":"spurious","pred":{"text":"Atlantis","type":"location"}}]`, `"outcome":"ok"`}, []string{"Person1"}},
		{"without text", []string{"--format", "html"}, 0, []string{"does not permit to show its text", "--private", "location · <span"}, []string{"Person1", "Atlantis", "no</b>"}},
		{"private", []string{"--format", "html", "--private"}, 0, []string{"Person1", "Atlantis", "I see &lt;b&gt;no&lt;/b&gt; persons"}, []string{"<b>no", "does not permit"}},
		{"private text", []string{"--private"}, exitUsage, []string{"--private has no effect on text"}, nil},
		{"no such kind", []string{"--kind", "wrong"}, exitUsage, []string{`kind "wrong": unknown (known: missed, spurious`}, nil},
		{"no such type", []string{"--type", "ship"}, exitUsage, []string{`dataset mini has no such type (known: person, location`}, nil},
		{"no such format", []string{"--format", "csv"}, exitUsage, []string{"unknown (known: text, jsonl, html, json)"}, nil},
		{"no such ending", []string{"--out", "errors.csv"}, exitUsage, []string{"want an ending .html, .jsonl, .json or .txt, or --format"}, nil},
		{"negative limit", []string{"--limit", "-1"}, exitUsage, []string{"want a number from 0"}, nil},
		{"no such run", []string{"--against", "nosuch"}, exitError, []string{"--against: ", "no such run"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out := list(tc.args...)
			if code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			for _, want := range tc.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in the output", want)
				}
			}
			for _, never := range tc.not {
				if strings.Contains(out, never) {
					t.Errorf("%q is in the output", never)
				}
			}
			if t.Failed() {
				t.Logf("%.3000s", out)
			}
		})
	}

	t.Run("file", func(t *testing.T) {
		if code, out := list("--out", "errors.jsonl"); code != 0 || !strings.Contains(out, "wrote errors.jsonl: 8 of 8 passages with errors") {
			t.Errorf("exit code %d\n%s", code, out)
		}
		text, err := os.ReadFile(filepath.Join(w.dir, "errors.jsonl"))
		if err != nil || strings.Count(string(text), "\n") != 8 {
			t.Errorf("file is %s, %v", text, err)
		}
	})
	t.Run("without data", func(t *testing.T) {
		if err := os.Remove(filepath.Join(w.dir, "data/mini/test.tsv")); err != nil {
			t.Fatal(err)
		}
		if code, out := list(); code != exitData {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})
}
