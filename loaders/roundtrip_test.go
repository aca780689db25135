package loaders_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// asLines writes documents as JSON Lines and reads them back.
func asLines(t testing.TB, docs []*ner.Document) []*ner.Document {
	t.Helper()
	var file bytes.Buffer
	for _, d := range docs {
		if err := loaders.WriteDocument(&file, d); err != nil {
			t.Fatal(err)
		}
	}
	var back []*ner.Document
	for d, err := range loaders.ReadDocuments(&file) {
		if err != nil {
			t.Fatal(err)
		}
		back = append(back, d)
	}
	return back
}

// columnsDataset reads the output of WriteConll for documents of a dataset: its
// types are the labels.
func columnsDataset(dataset *datasets.Dataset) *datasets.Dataset {
	plain := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"})
	plain.ID, plain.Labels = dataset.ID, nil
	for _, t := range dataset.Types() {
		plain.Labels = append(plain.Labels, datasets.Label{Native: string(t), Type: t})
	}
	return plain
}

// same requires equal documents; spans are compared as sets.
func same(t testing.TB, how string, got, want []*ner.Document) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d documents, want %d", how, len(got), len(want))
	}
	for i := range want {
		g, w := *got[i], *want[i]
		g.Spans, w.Spans = sorted(g.Spans), sorted(w.Spans)
		if !reflect.DeepEqual(g, w) {
			t.Fatalf("%s: document %d is %+v, want %+v", how, i, g, w)
		}
	}
}

func sorted(spans []ner.Span) []ner.Span {
	return slices.SortedFunc(slices.Values(append([]ner.Span{}, spans...)), ner.Span.Compare)
}

// writable reports whether spans can be written as tags: they must not overlap.
func writable(d *ner.Document) bool {
	spans := sorted(d.Spans)
	for i := 1; i < len(spans); i++ {
		if spans[i].Start < spans[i-1].End {
			return false
		}
	}
	return true
}

// joined reports whether the text is the tokens, joined by one space. Then columns
// contain all of it.
func joined(d *ner.Document) bool {
	at := 0
	for i, t := range d.Tokens {
		if i > 0 && (t.Start != at+1 || d.Text[at] != ' ') {
			return false
		}
		at = t.End
	}
	return at == len(d.Text) && d.Tokens[0].Start == 0
}

// TestRealRoundTrip checks docs/spec/metrics.md §13 on real documents: load, export
// and load again gives the same documents in both formats (8), gold as strings is
// perfect (1, 9), and gold as tags equals gold in all schemes but IO (11). It uses
// only the test splits, since the others are similar.
func TestRealRoundTrip(t *testing.T) {
	eachRealSplit(t, func(t *testing.T, data fs.FS, dataset *datasets.Dataset, o loaders.Options, _ expectedSplit) {
		if o.Split == ner.Train || o.Split == ner.Dev {
			return
		}
		docs, _, err := readAll(t, data, dataset, o)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "JSON Lines", asLines(t, docs), docs)

		flat := !slices.ContainsFunc(docs, func(d *ner.Document) bool { return len(d.Tokens) == 0 || !joined(d) || !writable(d) })
		if flat {
			sameColumns(t, dataset, o, docs)
		}

		strings := metrics.NewCounts()
		for _, d := range docs {
			p := stringsOf(d, dataset.Types())
			strings.Merge(metrics.Count(metrics.UniNERF1, &p))
			if flat {
				checkTags(t, d)
			}
		}
		if s := strings.ByType.Total(); s.TP != s.NPred || s.TP != s.NGold {
			t.Errorf("gold as strings counts %+v (%d void)", s, strings.Void)
		}
	})
}

// sameColumns writes documents as columns and reads them back.
func sameColumns(t *testing.T, dataset *datasets.Dataset, o loaders.Options, docs []*ner.Document) {
	t.Helper()
	plain := columnsDataset(dataset)
	plain.Sets[0].Splits[0].Name = o.Split
	var file bytes.Buffer
	for _, d := range docs {
		if err := loaders.WriteConll(&file, d); err != nil {
			t.Fatal(err)
		}
	}
	back, tally, err := readAll(t, fstest.MapFS{"own/test.txt": {Data: file.Bytes()}}, plain, loaders.Options{Split: o.Split})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "columns", back, docs)
	equal(t, "orphans in exported columns", tally.Repairs["orphan_i"], 0)
}

// stringsOf returns the gold of a document as the strings of a perfect model
// (docs/spec/metrics.md §3.6), parsed by the published parser.
func stringsOf(d *ner.Document, types []ner.EntityType) metrics.Passage {
	p := metrics.Passage{Text: d.Text}
	for _, typ := range types {
		var surfaces []string
		for _, s := range sorted(d.Spans) {
			if s.Type == typ {
				surfaces = append(surfaces, d.Surface(s))
			}
		}
		items, void := answers.Published(answers.AnswerString(surfaces))
		p.Published = append(p.Published, metrics.Strings{Type: typ, Pred: items, Gold: items, Void: void, GoldVoid: void})
	}
	return p
}

// checkTags encodes flat gold in each scheme and decodes it.
func checkTags(t *testing.T, d *ner.Document) {
	t.Helper()
	var gold []metrics.Chunk
	for _, s := range sorted(d.Spans) {
		first := slices.IndexFunc(d.Tokens, func(r ner.Range) bool { return r.End > s.Start })
		last := first
		for last+1 < len(d.Tokens) && d.Tokens[last+1].Start < s.End {
			last++
		}
		gold = append(gold, metrics.Chunk{Start: first, End: last + 1, Type: s.Type})
	}
	for _, scheme := range metrics.Schemes {
		if scheme == metrics.IO {
			continue // it cannot tell adjacent entities of one type apart
		}
		tags := encode(len(d.Tokens), gold, string(scheme))
		for _, mode := range []metrics.Mode{metrics.Lenient, metrics.Strict} {
			got, err := metrics.DecodeTags(tags, scheme, mode)
			if err != nil || !slices.Equal(got, gold) {
				t.Fatalf("%s %s: %q decodes to %v, want %v (error %v)", scheme, mode, tags, got, gold, err)
			}
		}
	}
}

// encode writes chunks as tags, with one letter each: inside, at the beginning, at
// the end, alone. The IOB1 and IOE1 letters are only used between adjacent chunks
// of one type.
func encode(n int, chunks []metrics.Chunk, scheme string) []string {
	letters := map[string]string{"IOB1": "IIII", "IOB2": "IBIB", "IOE1": "IIII", "IOE2": "IIEE", "IOBES": "IBES", "BILOU": "IBLU", "BMES": "MBES"}[scheme]
	tags := slices.Repeat([]string{"O"}, n)
	put := func(i int, letter byte, t ner.EntityType) { tags[i] = string(letter) + "-" + string(t) }
	for i, c := range chunks {
		for k := c.Start; k < c.End; k++ {
			put(k, letters[0], c.Type)
		}
		put(c.Start, letters[1], c.Type)
		put(c.End-1, letters[2], c.Type)
		if c.End == c.Start+1 {
			put(c.Start, letters[3], c.Type)
		}
		touches := func(k int) bool {
			return k >= 0 && k < len(chunks) && chunks[k].Type == c.Type && (chunks[k].End == c.Start || chunks[k].Start == c.End)
		}
		if scheme == "IOB1" && touches(i-1) {
			put(c.Start, 'B', c.Type)
		}
		if scheme == "IOE1" && touches(i+1) {
			put(c.End-1, 'E', c.Type)
		}
	}
	return tags
}

func TestReadDocuments(t *testing.T) {
	text := "\ufeff" + `{"id": "a", "text": "Lüder läuft", "tokens": [[0,5],[6,11]], "spans": [{"start": 0, "end": 5, "type": "person"}], "note": 1}` + "\r\n\n" + `{"id": "b", "text": ""}`
	var docs []*ner.Document
	for d, err := range loaders.ReadDocuments(strings.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	same(t, "documents", docs, []*ner.Document{
		{ID: "a", Text: "Lüder läuft", Tokens: []ner.Range{{Start: 0, End: 6}, {Start: 7, End: 13}}, Spans: []ner.Span{{Start: 0, End: 6, Type: "person"}}},
		{ID: "b"},
	})
	for _, tc := range []struct{ name, line, want string }{
		{"not JSON", "x", `line 2: expected a document {"id", "text", "spans"}: invalid character`},
		{"no text", `{"id": "a"}`, `line 2: expected a document: "text" is missing`},
		{"span outside", `{"text": "ü", "spans": [{"start": 0, "end": 2, "type": "x"}]}`, `line 2: span 0: [0,2) is not a range in the text of 1 code points`},
		{"empty span", `{"text": "ab", "spans": [{"start": 1, "end": 1, "type": "x"}]}`, `line 2: span 0: [1,1) is not a range`},
		{"negative", `{"text": "ab", "spans": [{"start": -1, "end": 1, "type": "x"}]}`, `line 2: span 0: [-1,1) is not a range`},
		{"span without type", `{"text": "ab", "spans": [{"start": 0, "end": 1}]}`, `line 2: span 0: "type" is missing`},
		{"token outside", `{"text": "ab", "tokens": [[0,9]]}`, `line 2: token 0: [0,9) is not a range`},
		{"not UTF-8", "{\"text\": \"a\xff\"}", `line 2: not valid UTF-8`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var last error
			for _, err := range loaders.ReadDocuments(strings.NewReader("{\"text\": \"\"}\n" + tc.line + "\n{}")) {
				last = err
			}
			var line *loaders.LineError
			if !errors.As(last, &line) || line.Line != 2 || !strings.HasPrefix(last.Error(), tc.want) {
				t.Errorf("error %v, want %s", last, tc.want)
			}
		})
	}
}

// The family documents: types are native labels, or types of the dataset.
func TestDocumentFiles(t *testing.T) {
	dataset := columnDataset(nil)
	o := loaders.Options{Set: "lines", Split: ner.Test}
	text := `{"id": "x", "text": "Oslo Rome", "spans": [{"start": 0, "end": 4, "type": "city"}, {"start": 0, "end": 4, "type": "place"}, {"start": 5, "end": 9, "type": "time of day"}, {"start": 5, "end": 9, "type": "rest"}]}
{"text": "Oslo", "spans": []}
`
	docs, tally, err := readAll(t, fstest.MapFS{"own/test.jsonl": {Data: []byte(text)}}, dataset, o)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "documents", show(docs), "place=Oslo time of day=Rome\n")
	equal(t, "ids", docs[0].ID+" "+docs[1].ID, "x own/test/1")
	equal(t, "duplicates", tally.Duplicates, 1)
	equal(t, "dropped", tally.Dropped["rest"], 1)
	_, _, err = readAll(t, fstest.MapFS{"own/test.jsonl": {Data: []byte("\n" + `{"text": "a", "spans": [{"start": 0, "end": 1, "type": "x"}]}`)}}, dataset, o)
	if want := `dataset own: test.jsonl:2: unknown label "x" (known: `; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	for line, want := range map[string]string{
		`{"id": "x", "text": "Oslo"}`:                                            `dataset own: test.jsonl:1: "spans" is missing`,
		`{"id": "x", "text": "Oslo", "spans": null}`:                             `dataset own: test.jsonl:1: "spans" is missing`,
		`{"text": "Oslo", "mentions": [{"text": "Oslo", "type": "place"}]}`:      `dataset own: test.jsonl:1: "spans" is missing`,
		`{"text": 3, "spans": []}`:                                               `dataset own: test.jsonl:1: expected a document {"id", "text", "spans"}: field "text": found a number, expected a string`,
		`{"text": "Oslo", "spans": [{"start": "0", "end": 4, "type": "place"}]}`: `field "spans.start": found a string, expected a whole number`,
		`{"text": "Oslo", "spans": [{"start": 0.5, "end": 4, "type": "place"}]}`: `field "spans.start": found the number 0.5, expected a whole number`,
		`{"id": {}, "text": "Oslo", "spans": []}`:                                `"id": {}: expected a string or a number`,
	} {
		_, _, err := readAll(t, fstest.MapFS{"own/test.jsonl": {Data: []byte(line)}}, dataset, o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", line, err, want)
		}
	}
	docs, _, err = readAll(t, fstest.MapFS{"own/test.jsonl": {Data: []byte(`{"id": 12345678901234567890, "text": "Oslo", "spans": []}`)}}, dataset, o)
	if err != nil || docs[0].ID != "12345678901234567890" {
		t.Errorf("numeric id: %v, error %v", docs, err)
	}
}

func TestWriteConllRefuses(t *testing.T) {
	tokens := []ner.Range{{Start: 0, End: 3}, {Start: 4, End: 7}}
	for _, tc := range []struct {
		name string
		d    ner.Document
		want string
	}{
		{"no tokens", ner.Document{ID: "a", Text: "abc"}, "document a: as columns: it has no tokens"},
		{"part of a token", ner.Document{ID: "a", Text: "abc def", Tokens: tokens, Spans: []ner.Span{{Start: 0, End: 2, Type: "x"}}}, `document a: as columns: span "ab" does not consist of whole tokens`},
		{"overlap", ner.Document{ID: "a", Text: "abc def", Tokens: tokens, Spans: []ner.Span{{Start: 0, End: 7, Type: "x"}, {Start: 4, End: 7, Type: "y"}}}, `document a: as columns: span "def" overlaps another one`},
		{"tab", ner.Document{ID: "a", Text: "a\tc def", Tokens: tokens}, `document a: as columns: token 0: "a\tc" contains a tab or a line feed`},
	} {
		var out bytes.Buffer
		if err := loaders.WriteConll(&out, &tc.d); err == nil || err.Error() != tc.want {
			t.Errorf("%s: error %v, want %s", tc.name, err, tc.want)
		}
		if out.Len() > 0 {
			t.Errorf("%s: wrote %q before the error", tc.name, out.String())
		}
	}
}

// FuzzColumns checks that no input panics, that every span covers its mention, and
// that both exports can be read again.
func FuzzColumns(f *testing.F) {
	for _, seed := range []string{
		"Mira\tB-person\nOkafor\tI-person\n\n\tI-place\n", "a b O\n-DOCSTART- O\nc I-place\n\n", "B-place\tÖ\u00a0\r\nE-city\t \n", "\ufeffx\tS-time\nx\tO", "a\tplace\n\na\tperson\n", "\xff\tO\n",
	} {
		for kind := range byte(64) {
			f.Add(seed, kind)
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind byte) {
		p := &datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: datasets.Schemes[int(kind)%len(datasets.Schemes)], SkipPrefix: []string{"-DOCSTART-"}}
		if kind&4 != 0 {
			p.Separator = "space"
		}
		if kind&8 != 0 {
			p.TokenColumn, p.TagColumn = 1, 0
		}
		if kind&16 != 0 {
			p.Blank, p.SkipLines, p.Untagged = "empty", "without-separator", "outside"
		}
		if kind&32 != 0 {
			p.MergeEqualNeighbours, p.BlankToken = true, "skip"
		}
		dataset := columnDataset(p)
		if kind&64 != 0 {
			dataset.LabelRule = datasets.BeforeHyphen
		}
		docs, tally, _ := read(t, dataset, text) // checks offsets
		tokens, spans, kept := 0, 0, 0
		for _, d := range docs {
			tokens, spans = tokens+len(d.Tokens), spans+len(d.Spans)
			for _, s := range d.Spans {
				if surface := d.Surface(s); strings.Trim(surface, " ") != surface || strings.Contains(surface, "\n") {
					t.Fatalf("span covers %q", surface)
				}
			}
		}
		if tally != nil {
			for _, n := range tally.ByLabel {
				kept += n
			}
			if tokens != tally.Tokens || spans != kept {
				t.Fatalf("%d tokens and %d spans, the tally has %d and %d", tokens, spans, tally.Tokens, kept)
			}
		}
		same(t, "JSON Lines", asLines(t, docs), docs)

		var file bytes.Buffer
		file.WriteString("first\tO\n\n") // a byte order mark at the beginning of a file is not part of the text
		kept = 0
		for i, d := range docs {
			err := loaders.WriteConll(&file, d)
			tab := slices.ContainsFunc(d.Tokens, func(r ner.Range) bool { return strings.Contains(d.Text[r.Start:r.End], "\t") })
			switch {
			case err != nil && writable(d) && !tab:
				t.Fatal(err)
			case err == nil:
				docs[kept] = docs[i]
				kept++
				docs[kept-1].ID = fmt.Sprintf("own/test/%d", kept)
			}
		}
		back, _, err := read(t, columnsDataset(dataset), file.String())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "columns", back[1:], docs[:kept])
	})
}

// FuzzReadDocuments checks that no input panics, and that the export can be read
// again.
func FuzzReadDocuments(f *testing.F) {
	f.Add(`{"id": "a", "text": "Lüder läuft", "tokens": [[0,5],[6,11]], "spans": [{"start": 0, "end": 5, "type": "person"}]}`)
	f.Add(`{"text": "\ud800", "spans": [{"start": 0, "end": 1, "type": "\u0000"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var docs []*ner.Document
		for d, err := range loaders.ReadDocuments(strings.NewReader(text)) {
			if err != nil {
				break
			}
			if err := d.Check(false); err != nil {
				t.Fatal(err)
			}
			docs = append(docs, d)
		}
		same(t, "JSON Lines", asLines(t, docs), docs)
	})
}
