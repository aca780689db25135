package loaders_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

const verifyText = "Mira\tB-person\nleft\tO\nOslo\tB-city\n\nrest\tB-rest\n"

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// lockedDataset is a dataset with a lock that matches verifyText. The test computes
// the fingerprints as docs/spec/formats.md defines them.
func lockedDataset() *datasets.Dataset {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"})
	part := &dataset.Sets[0].Splits[0]
	part.Files[0].SHA256, part.Files[0].Bytes = hashOf(verifyText), int64(len(verifyText))
	part.Lock = &datasets.Lock{
		Documents: 2, Tokens: 4, Spans: 2, ByType: map[ner.EntityType]int{"person": 1, "place": 1}, Dropped: map[string]int{"rest": 1},
		TextsSHA256: hashOf("Mira left Oslo\nrest\n"),
		SpansSHA256: hashOf("0\t0\t4\tperson\n0\t10\t14\tplace\n"),
	}
	return dataset
}

func TestVerify(t *testing.T) {
	text := func(s string) fstest.MapFS { return fstest.MapFS{"own/test.txt": {Data: []byte(s)}} }
	for _, tc := range []struct {
		name    string
		data    fstest.MapFS
		dataset func(*datasets.Dataset)
		gold    datasets.UniNERGold
		state   loaders.State
		want    []string // beginning of each difference
	}{
		{name: "ok", data: text(verifyText), state: loaders.StateOK},
		{name: "missing", data: text(""), dataset: func(r *datasets.Dataset) { r.DataDir = "other" }, state: loaders.StateMissing,
			want: []string{"dataset own: test: file other/test.txt: missing"}},
		{name: "unlocked", data: text(verifyText), dataset: func(r *datasets.Dataset) { r.Sets[0].Splits[0].Lock = nil }, state: loaders.StateUnlocked},
		{name: "the lock does not apply to another gold rule", data: text(verifyText), gold: datasets.WithoutSentenceFinal, state: loaders.StateUnlocked},
		{name: "checksum", data: text(verifyText + "\n"), state: loaders.StateDiffers,
			want: []string{"file own/test.txt: sha256 is " + hashOf(verifyText+"\n") + ", expected " + hashOf(verifyText)}},
		{name: "counts", data: text(strings.Replace(verifyText, "left\tO", "left\tB-place\nnow\tB-rest", 1)), state: loaders.StateDiffers,
			want: []string{"file own/test.txt: sha256 is", "tokens: found 5, expected 4", "spans: found 3, expected 2", `spans of "place": found 2, expected 1`,
				`dropped spans of label "rest": found 2, expected 1`, "texts_sha256: found", "spans_sha256: found"}},
		{name: "a type that is not in the lock", data: text(strings.Replace(verifyText, "B-city", "B-time", 1)), state: loaders.StateDiffers,
			want: []string{"file ", `spans of "place": found 0, expected 1`, `spans of "time": found 1, expected 0`, "spans_sha256: "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dataset := lockedDataset()
			if tc.dataset != nil {
				tc.dataset(dataset)
			}
			seen := 0
			v, err := loaders.Verify(t.Context(), tc.data, dataset, loaders.Options{Split: ner.Test, Gold: tc.gold}, func(*ner.Document) { seen++ })
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "state", v.State, tc.state)
			equal(t, "documents passed to each", seen, v.Found.Documents)
			if !slices.EqualFunc(v.Differences, tc.want, strings.HasPrefix) {
				t.Errorf("differences %q, want %q", v.Differences, tc.want)
			}
		})
	}
	if _, err := loaders.Verify(t.Context(), text("x"), lockedDataset(), loaders.Options{Split: ner.Test}, nil); err == nil {
		t.Error("an unreadable file is verified")
	}
}

// A file is found by its name, by another name, without its folders, packed, or by
// its content.
func TestResolve(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(verifyText)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dataset := lockedDataset()
	dataset.Sets[0].Splits[0].Files[0].Path = "deep/test.txt"
	dataset.Sets[0].Splits[0].Files[0].Also = []string{"old/eval.txt"}
	for _, name := range []string{"deep/test.txt", "test.txt", "old/eval.txt", "eval.txt", "deep/test.txt.gz", "eval.txt.gz", "any/name.dat"} {
		t.Run(name, func(t *testing.T) {
			content := []byte(verifyText)
			if strings.HasSuffix(name, ".gz") {
				content = packed.Bytes()
			}
			data := fstest.MapFS{"own/" + name: {Data: content}, "own/other": {Data: bytes.Repeat([]byte("x"), len(verifyText))}}
			v, err := loaders.Verify(t.Context(), data, dataset, loaders.Options{Split: ner.Test}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if v.State != loaders.StateOK || !slices.Equal(v.Files, []string{"own/" + name}) {
				t.Errorf("%s, files %q, differences %q", v.State, v.Files, v.Differences)
			}
		})
	}
}

// A pattern selects all matching files, in byte order of their names.
func TestPattern(t *testing.T) {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"})
	dataset.Sets[0].Splits[0].Files = []datasets.File{{Path: "part*.txt"}, {Path: "last.txt"}}
	data := fstest.MapFS{
		"own/part2.txt": {Data: []byte("c\tO")}, "own/part10.txt": {Data: []byte("b\tO\n")}, "own/last.txt": {Data: []byte("d\tB-place\n")}, "own/notes": {Data: []byte("x")},
	}
	docs, _, err := readAll(t, data, dataset, loaders.Options{Split: ner.Test})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "documents", show(docs), `"b"`+"\n"+`"c"`+"\n"+`"d" place=d`)
	delete(data, "own/part2.txt")
	delete(data, "own/part10.txt")
	var missing *loaders.MissingError
	if err := loaders.Present(t.Context(), data, dataset, loaders.Options{Split: ner.Test}); !errors.As(err, &missing) || missing.Path != "own/part*.txt" {
		t.Errorf("error %v, want one about own/part*.txt", err)
	}
}

// The error for a malformed archive contains its name.
func TestMalformedGzip(t *testing.T) {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"})
	_, _, err := readAll(t, fstest.MapFS{"own/test.txt.gz": {Data: []byte("not a gzip file")}}, dataset, loaders.Options{Split: ner.Test})
	if err == nil || !strings.Contains(err.Error(), "own/test.txt.gz: gzip: ") {
		t.Errorf("error %v, want one that names the file", err)
	}
}

// Equal documents have equal keys; other texts or spans have another key.
func TestDataKey(t *testing.T) {
	key := func(docs ...*ner.Document) string {
		f := loaders.NewFingerprint()
		for _, d := range docs {
			f.Add(d)
		}
		return f.DataKey()
	}
	a := &ner.Document{ID: "1", Text: "Oslo now", Spans: []ner.Span{{Start: 0, End: 4, Type: "place"}, {Start: 5, End: 8, Type: "time"}}}
	b := &ner.Document{ID: "2", Text: "Oslo now", Spans: []ner.Span{a.Spans[1], a.Spans[0]}}
	equal(t, "key of spans in another order", key(b), key(a))
	equal(t, "length of a key", len(key()), 16)
	for name, other := range map[string]string{
		"text": key(&ner.Document{Text: "Oslo now.", Spans: a.Spans}), "spans": key(&ner.Document{Text: a.Text, Spans: a.Spans[:1]}), "more": key(a, b), "none": key(),
	} {
		if other == key(a) {
			t.Errorf("%s: the key is the same", name)
		}
	}
}

// A search by checksum ends with its context, and does not report a missing file.
func TestPresentEndsWithItsContext(t *testing.T) {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"})
	text := "Mira\tB-person\n"
	dataset.Sets[0].Splits[0].Files[0] = datasets.File{Path: "test.txt", Bytes: int64(len(text)), SHA256: hashOf(text)}
	data := fstest.MapFS{"own/renamed": {Data: []byte(text)}}
	if err := loaders.Present(t.Context(), data, dataset, loaders.Options{Split: ner.Test}); err != nil {
		t.Fatalf("a file under another name: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := loaders.Present(ctx, data, dataset, loaders.Options{Split: ner.Test})
	if !errors.Is(err, context.Canceled) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want that of the context", err)
	}
}
