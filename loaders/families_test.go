package loaders_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// familyRow is a row of one's own in some format.
func familyRow(family, unit string, files ...string) *datasets.Row {
	part := datasets.Part{Name: ner.Test}
	for _, f := range files {
		part.Files = append(part.Files, datasets.File{Path: f})
	}
	return &datasets.Row{
		ID: "own", DataDir: "own",
		Labels: []datasets.Label{{Native: "PER", Type: "person"}, {Native: "LOC", Type: "place"}, {Native: "MISC", Drop: true}},
		Sets:   []datasets.Set{{Name: "own", Family: family, Primary: true, Unit: unit, Splits: []datasets.Part{part}}},
	}
}

// loaded reads files and writes what was found, a document a line: its text and
// its mentions.
func loaded(t *testing.T, row *datasets.Row, files map[string]string) (string, *loaders.Tally, error) {
	t.Helper()
	data := fstest.MapFS{}
	for name, content := range files {
		data["own/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	docs, tally, err := loaders.Documents(t.Context(), data, row, loaders.Options{Split: ner.Test})
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	for d, err := range docs {
		if err != nil {
			return b.String(), tally, err
		}
		if err := d.Check(false); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&b, "%q", d.Text)
		for _, s := range d.Spans {
			fmt.Fprintf(&b, " %s=%s", s.Type, d.Surface(s))
		}
		b.WriteByte('\n')
	}
	return b.String(), tally, nil
}

// tarball packs one archive.
func tarball(t *testing.T, files ...[2]string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFamilies(t *testing.T) {
	const pubtator = "\n1|t|Zoë left\n1|a|Essa .\n1\t0\t3\tZoë\tPER\tX\n1\t9\t13\tEsa\tLOC\tX\n1\tCID\tX\tY\n\n2|t|Bo\n2|a|\n"
	const brat = "Title\nZoë left Essa\n \nBo and Cy\n"
	const ann = "T1\tPER 6 9\tZoë\nR1\tAt Arg1:T1\nT2\tPER 22 24;29 31\tBo Cy\nT3\tMISC 10 14\tleft\n"
	for name, tc := range map[string]struct {
		row   *datasets.Row
		files map[string]string
		want  string
		count string // a kind that the tally must have once
	}{
		"pubtator": {familyRow("pubtator", "document", "a.txt"), map[string]string{"a.txt": pubtator},
			"\"Zoë left Essa .\" person=Zoë place=Essa\n\"Bo \"\n", "text_mismatch"},
		"dygie": {familyRow("dygie-json", "document", "a.json"), map[string]string{"a.json": `{"sentences": [["Zoë", "left"], ["Essa"]], "ner": [[[0, 0, "PER"]], [[2, 2, "LOC"], [2, 2, "LOC"]]]}`},
			"\"Zoë left Essa\" person=Zoë place=Essa\n", ""},
		"dygie, sentences": {familyRow("dygie-json", "sentence", "a.json"), map[string]string{"a.json": `{"sentences": [["Zoë", "left"], ["Essa"]], "ner": [[[0, 0, "PER"]], [[2, 2, "LOC"]]]}`},
			"\"Zoë left\" person=Zoë\n\"Essa\" place=Essa\n", ""},
		"spert": {familyRow("spert-json", "sentence", "a.json"), map[string]string{"a.json": `[{"tokens": ["Zoë", "Li"], "entities": [{"type": "PER", "start": 0, "end": 2}]}, {"tokens": [], "entities": []}]`},
			"\"Zoë Li\" person=Zoë Li\n\"\"\n", ""},
		"index": {familyRow("json-index", "sentence", "a.json"), map[string]string{"a.json": `[{"sentence": ["Zoë", "Li", "left"], "ner": [{"index": [0, 1], "type": "PER"}, {"index": [1], "type": "PER"}]}]`},
			"\"Zoë Li left\" person=Zoë Li person=Li\n", ""},
		"scirex": {familyRow("scirex-json", "document", "a.jsonl"), map[string]string{"a.jsonl": `{"words": ["Zoë", "left", "Essa"], "sentences": [[0, 2], [2, 3]], "ner": [[2, 3, "LOC"], [0, 1, "PER"]]}`},
			"\"Zoë left Essa\" person=Zoë place=Essa\n", ""},
		"scirex, sentences": {familyRow("scirex-json", "sentence", "a.jsonl"), map[string]string{"a.jsonl": `{"words": ["Zoë", "left", "Essa"], "sentences": [[0, 2], [2, 3]], "ner": [[2, 3, "LOC"], [1, 3, "PER"]]}`},
			"\"Zoë left\"\n\"Essa\" place=Essa\n", "mentions_over_sentence_end_dropped"},
		"csv": {familyRow("csv-offsets", "record", "a.csv"), map[string]string{"a.csv": "ingredients,ingredients_entities\n\"½ Zoë\nEssa\",\"[{\"\"start\"\": 2, \"\"end\"\": 5, \"\"type\"\": \"\"PER\"\", \"\"entity\"\": \"\"Zoe\"\"}]\"\n"},
			"\"½ Zoë\\nEssa\" person=Zoë\n", "text_mismatch"},
		"brat": {familyRow("brat", "document", "d/*"), map[string]string{"d/x.txt": brat, "d/x.ann": ann, "d/a.txt": "", "d/a.ann": ""},
			"\"\"\n\"Title\\nZoë left Essa\\n \\nBo and Cy\\n\" person=Zoë person=Bo and Cy\n", "discontinuous"},
		"brat, lines": {familyRow("brat", "line (step)", "d/*"), map[string]string{"d/x.txt": brat, "d/x.ann": ann + "T4\tLOC 15 23\tEssa\n"},
			"\"Zoë left Essa\" person=Zoë\n\"Bo and Cy\" person=Bo and Cy\n", "over_line_end"},
		"brat, split list": {familyRow("brat", "document", "split.json", "*/*"), map[string]string{
			"split.json": `{"train": ["q"], "test": ["b", "a"]}`, "one/a.txt": "Zoë", "one/a.ann": "T1\tPER 0 3\tZoë", "two/b.txt": "Bo", "two/b.ann": "", "two/q.txt": "q", "two/q.ann": ""},
			"\"Bo\"\n\"Zoë\" person=Zoë\n", ""},
		"brat, archive": {familyRow("brat", "document", "a.tar.gz"), map[string]string{
			"a.tar.gz": tarball(t, [2]string{"x/b.txt", "Bo"}, [2]string{"x/b.ann", "T1\tPER 0 2\tBo"}, [2]string{"x/._b.txt", "?"}, [2]string{"x/a.txt", "Zoë"}, [2]string{"x/a.ann", ""})},
			"\"Zoë\"\n\"Bo\" person=Bo\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, tally, err := loaded(t, tc.row, tc.files)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("found\n%swant\n%s", got, tc.want)
			}
			if tc.count != "" && tally.Repairs[tc.count] != 1 {
				t.Errorf("counted %v, want one %s", tally.Repairs, tc.count)
			}
		})
	}
}

// TestBrokenFamilies: file, place, and what was expected.
func TestBrokenFamilies(t *testing.T) {
	for name, tc := range map[string]struct {
		row     *datasets.Row
		content string
		want    string
	}{
		"pubtator, no abstract": {familyRow("pubtator", "document", "a"), "1|t|x\n\n", "a:2: document 1: has no abstract line"},
		"pubtator, no title":    {familyRow("pubtator", "document", "a"), "1|a|x\n", "a:1: expected ID|t|text"},
		"pubtator, offsets":     {familyRow("pubtator", "document", "a"), "1|t|x\n1|a|y\n1\t0\t9\tx\tPER\t-\n", "a:3: mention: offset 9: outside the text of 3 code points"},
		"pubtator, label":       {familyRow("pubtator", "document", "a"), "1|t|x\n1|a|y\n1\t0\t1\tx\tORG\t-\n", `a:3: unknown label "ORG" (known: PER, LOC, MISC)`},
		"pubtator, UTF-8":       {familyRow("pubtator", "document", "a"), "1|t|\xff\n", "a:1: not UTF-8"},
		"dygie, cut":            {familyRow("dygie-json", "document", "a"), `{"sentences": [["x"`, "a:1: expected a document"},
		"dygie, tokens":         {familyRow("dygie-json", "document", "a"), `{"sentences": [["x"]], "ner": [[[0, 1, "PER"]]]}`, "a:1: mention of tokens 0 to 1: the document has 1 tokens"},
		"dygie, mention":        {familyRow("dygie-json", "document", "a"), `{"sentences": [["x"]], "ner": [[[0, "PER"]]]}`, "expected [start, end, label]"},
		"spert, no array":       {familyRow("spert-json", "sentence", "a"), `{"tokens": []}`, "a: expected a JSON array"},
		"spert, cut":            {familyRow("spert-json", "sentence", "a"), `[{"tokens": ["x"]}`, "a: the array does not end"},
		"spert, element":        {familyRow("spert-json", "sentence", "a"), `[{"tokens": ["x"]}, {"tokens": 3}]`, "a: element 1: "},
		"index, no tokens":      {familyRow("json-index", "sentence", "a"), `[{"sentence": ["x"], "ner": [{"index": [], "type": "PER"}]}]`, "a: element 0: mention of type PER: has no tokens"},
		"scirex, sentence":      {familyRow("scirex-json", "sentence", "a"), `{"words": ["x"], "sentences": [[0, 2]]}`, "a:1: sentence 0: words 0 to 2, there are 1"},
		"csv, header":           {familyRow("csv-offsets", "record", "a"), "x,y\n", "a: header \"x,y\": expected ingredients,ingredients_entities"},
		"csv, columns":          {familyRow("csv-offsets", "record", "a"), "ingredients,ingredients_entities\nx\n", "a: record 0: "},
		"csv, offsets":          {familyRow("csv-offsets", "record", "a"), "ingredients,ingredients_entities\nx,\"[{\"\"start\"\": 1, \"\"end\"\": 1}]\"\n", "a: record 0: mention: offsets 1 to 1 are no range"},
		"brat, no annotations":  {familyRow("brat", "document", "a.txt"), "x", "a.ann: file does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			file := tc.row.Sets[0].Splits[0].Files[0].Path
			_, _, err := loaded(t, tc.row, map[string]string{file: tc.content})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one with %q", err, tc.want)
			}
		})
	}
}

// FuzzFamilies: no input brings a reader down, and every span covers its mention.
func FuzzFamilies(f *testing.F) {
	for _, s := range []string{
		"1|t|Zoë\n1|a|Essa\n1\t0\t3\tZoë\tPER\tX\n", `{"sentences": [["Zoë"]], "ner": [[[0, 0, "PER"]]]}`,
		`[{"tokens": ["Zoë"], "entities": [{"type": "PER", "start": 0, "end": 1}]}]`, `[{"sentence": ["x"], "ner": [{"index": [0], "type": "PER"}]}]`,
		`{"words": ["Zoë"], "sentences": [[0, 1]], "ner": [[0, 1, "PER"]]}`,
		"ingredients,ingredients_entities\nZoë,\"[{\"\"start\"\": 0, \"\"end\"\": 3, \"\"type\"\": \"\"PER\"\"}]\"\n", "T1\tPER 0 1;2 3\tx\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, family := range []string{"pubtator", "dygie-json", "spert-json", "json-index", "scirex-json", "csv-offsets"} {
			for _, unit := range []string{"document", "sentence"} {
				_, _, _ = loaded(t, familyRow(family, unit, "a"), map[string]string{"a": s}) // an error is as good as documents
			}
		}
		for _, unit := range []string{"document", "line"} {
			_, _, _ = loaded(t, familyRow("brat", unit, "a.txt"), map[string]string{"a.txt": "Title\nZoë left Essa .\nBo\n", "a.ann": s})
		}
	})
}
