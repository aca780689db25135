package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"nerbench/reports/exchange"
)

// exportedText is all that runs export writes for a run in a format: names and contents of
// files, those of Parquet as their rows.
func exportedText(t *testing.T, w *workplace, run, format string) string {
	t.Helper()
	dir, err := os.MkdirTemp(w.dir, "export")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"runs", "export", run, "--store", "results.db", "--format", format, "--ci", "0"}
	if !exchange.Printed(format) {
		args = append(args, "--out", filepath.Base(dir))
	}
	if format == "hf-eval-results" {
		args = append(args, "--benchmark", "some/nerbench")
	}
	code, text := w.run(args...)
	if code != 0 {
		t.Fatalf("%s: exit code %d\n%s", format, code, text)
	}
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		text += name + string(data)
		if filepath.Ext(name) == ".parquet" {
			text += parquetText(t, filepath.Join(dir, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parquetText(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := parquet.NewReader(f)
	defer r.Close()
	text := ""
	rows := make([]parquet.Row, 8)
	for {
		n, err := r.ReadRows(rows)
		for _, row := range rows[:n] {
			for _, v := range row {
				text += v.String() + "\n"
			}
		}
		if errors.Is(err, io.EOF) {
			return text
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// window is the shortest text that must not leave, in characters.
const window = 8

// TestExportsHaveNoText: of a dataset whose text may not be shown, no export has eight
// characters of a passage, a mention, an answer, a prompt or a document's own name. If the
// text may be shown, they are there.
func TestExportsHaveNoText(t *testing.T) {
	w := newWorkplace(t, 1, 0)
	passages := []string{"Zanthorpe Quillfeather überquerte Grimsvatnajökull.", "Brindlewick Oxenthwaite vanished near Llanymoor."}
	var documents strings.Builder
	for i, text := range passages {
		words := strings.SplitN(text, " ", 3)
		line, err := json.Marshal(map[string]any{
			"id": fmt.Sprintf("%s-dossier-%d", words[0], i), "text": text,
			"spans": []any{map[string]any{"start": 0, "end": len(words[0]) + 1 + len(words[1]), "type": "PER"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&documents, "%s\n", line)
	}
	w.write("data/mini/test.jsonl", documents.String())
	description, err := os.ReadFile(filepath.Join(w.dir, "datasets/mini.toml"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(description), "[conll]")
	sets := "[[set]]\nname = \"mini\"\nfamily = \"documents\"\nprimary = true\nunit = \"sentence\"\n\n[[set.split]]\nname = \"test\"\nfiles = [{ path = \"test.jsonl\" }]\n"
	hidden := strings.Replace(head, `families = ["conll"]`, `families = ["documents"]`, 1) + sets
	w.write("datasets/mini.toml", hidden)
	w.fake.Change(func(prompt string) string {
		_, text, _ := strings.Cut(prompt, "Text: ")
		words := strings.Fields(text)
		if strings.Contains(prompt, "location") {
			return ` ["Fabricated Xylopolis"]` // not in the text
		}
		return fmt.Sprintf(" [%q]", words[0]+" "+words[1])
	})
	if code, out := w.run(append(asking, "results.db")...); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	_, list := w.run("runs", "list", "--store", "results.db", "--json")
	var runs []struct{ ID string }
	if err := json.Unmarshal([]byte(list), &runs); err != nil || len(runs) != 1 {
		t.Fatalf("%v\n%s", err, list)
	}

	secrets := append(passages, "Fabricated Xylopolis", "Zanthorpe-dossier-0", "Brindlewick-dossier-1")
	for _, format := range exchange.Formats() {
		text := exportedText(t, w, runs[0].ID, format)
		if len(text) < 200 {
			t.Errorf("%s: nothing is exported:\n%s", format, text)
		}
		for _, secret := range secrets {
			for _, form := range []string{secret, strings.ToLower(secret), fmt.Sprintf("%+q", secret)} {
				characters := []rune(strings.Trim(form, `"`))
				for i := 0; i+window <= len(characters); i++ {
					if part := string(characters[i : i+window]); strings.Contains(text, part) {
						t.Errorf("%s has %q", format, part)
					}
				}
			}
		}
	}

	w.write("datasets/mini.toml", "text = \"publish\"\n"+hidden)
	for _, format := range exchange.Formats() {
		if !exchange.NeedsPassages(format) {
			continue
		}
		text := exportedText(t, w, runs[0].ID, format)
		for _, secret := range secrets {
			if !strings.Contains(text, secret) {
				t.Errorf("%s: %q may be shown, and is not there", format, secret)
			}
		}
	}
}
