package distill

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nerbench/distill/corpus"
)

// folder writes a folder of constructed data.
func folder(t *testing.T) (dir string, c Corpus) {
	t.Helper()
	dir = t.TempDir()
	c = Corpus{
		Passages: Sample{Passages: 2, Tokens: "words", Chunk: 256, Size: 50000, Decontaminate: "off"},
		Removed:  Removed{Parts: 3, Blank: 1},
		Teacher:  Teacher{Model: "ollama/mira", Variant: "type", Run: "0123456789abcdef", Keys: map[string]string{"model": "ollama/mira"}},
		Tests:    []TestSet{{"mit-movie", "abc"}},
	}
	c.SetFiles(&corpus.Report{Files: []corpus.File{{Name: "a.jsonl", SHA256: "00", Bytes: 12, Texts: 2}}, Texts: 2})
	if err := c.Write(dir); err != nil {
		t.Fatal(err)
	}
	kept := []*Kept{{Passage: Passage{ID: "a/0", Text: "Ada <ran> – \"x\""}, Entities: []Entity{{"Ada", "person"}}}}
	if err := WriteRecords(filepath.Join(dir, KeptFile), kept); err != nil {
		t.Fatal(err)
	}
	if err := WriteRecords(filepath.Join(dir, DroppedFile), []Dropped{{Passage: "b/0", Why: Unparseable}}); err != nil {
		t.Fatal(err)
	}
	return dir, c
}

func TestReadDir(t *testing.T) {
	dir, c := folder(t)
	d, err := ReadDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(d.Corpus, c) {
		t.Errorf("the corpus is %+v, want %+v", d.Corpus, c)
	}
	if len(d.Kept) != 1 || d.Kept[0].Text != "Ada <ran> – \"x\"" || d.Kept[0].Entities[0] != (Entity{"Ada", "person"}) {
		t.Errorf("kept is %+v", d.Kept)
	}
	if len(d.Dropped) != 1 || d.Dropped[0].Why != Unparseable || d.Passages != 2 {
		t.Errorf("dropped is %+v of %d passages", d.Dropped, d.Passages)
	}
}

func TestReadDirErrors(t *testing.T) {
	for name, tc := range map[string]struct{ file, text, want string }{
		"no corpus.toml":     {CorpusFile, "", "no corpus.toml in it"},
		"an unknown key":     {CorpusFile, "colour = 1\n", `key "colour": unknown`},
		"a cut corpus.toml":  {CorpusFile, "\n", "corpus.toml: 0 passages, less than kept.jsonl and dropped.jsonl have"},
		"no kept.jsonl":      {KeptFile, "", KeptFile},
		"a line that is cut": {KeptFile, "{\"id\":\"a\",\"text\":\"x\",\"entities\":[]}\n{\"id\":", "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := folder(t)
			path := filepath.Join(dir, tc.file)
			err := os.Remove(path)
			if tc.text != "" {
				err = os.WriteFile(path, []byte(tc.text), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ReadDir(t.Context(), dir); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %s", err, tc.want)
			}
		})
	}
}

func TestDifferences(t *testing.T) {
	_, c := folder(t)
	if d := c.Differences(&c); len(d) > 0 {
		t.Errorf("a corpus differs from itself: %v", d)
	}
	other := c
	other.Passages.Chunk, other.Teacher.Variant = 128, "definition"
	d := c.Differences(&other)
	if len(d) != 2 || d[0].String() != "--chunk: the folder has 256, this command 128" || d[1].Name != "--variant" {
		t.Errorf("the differences are %v", d)
	}
}

// TestNoFolder: a file in place of a folder is named as such.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "texts.jsonl")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, corpus := ReadCorpus(file)
	_, set := ReadSet(file)
	for _, err := range []error{corpus, set} {
		if err == nil || !strings.HasSuffix(err.Error(), "texts.jsonl: it is no folder") {
			t.Errorf("error is %v", err)
		}
	}
}
