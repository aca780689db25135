package loaders_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// columnDataset is an invented dataset of the family conll with one file,
// own/test.txt.
func columnDataset(p *datasets.Conll) *datasets.Dataset {
	return &datasets.Dataset{
		ID: "own", DataDir: "own", Families: []string{"conll", "documents"},
		Labels: []datasets.Label{
			{Native: "person", Type: "person"}, {Native: "place", Type: "place"}, {Native: "city", Type: "place"},
			{Native: "rest", Drop: true}, {Native: "time-of-day", Type: "time of day"}, {Native: "time", Type: "time"},
		},
		Conll: p,
		Sets: []datasets.Set{
			{Name: "own", Family: "conll", Primary: true, Splits: []datasets.Part{{Name: ner.Test, Files: []datasets.File{{Path: "test.txt"}}}}},
			{Name: "lines", Family: "documents", Splits: []datasets.Part{{Name: ner.Test, Files: []datasets.File{{Path: "test.jsonl"}}}}},
		},
	}
}

// read reads text as the only file of a dataset.
func read(t testing.TB, dataset *datasets.Dataset, text string) ([]*ner.Document, *loaders.Tally, error) {
	t.Helper()
	return readAll(t, fstest.MapFS{"own/test.txt": {Data: []byte(text)}}, dataset, loaders.Options{Split: ner.Test})
}

func readAll(t testing.TB, data fs.FS, dataset *datasets.Dataset, o loaders.Options) ([]*ner.Document, *loaders.Tally, error) {
	t.Helper()
	docs, tally, err := loaders.Documents(t.Context(), data, dataset, o)
	if err != nil {
		return nil, nil, err
	}
	var all []*ner.Document
	for d, err := range docs {
		if err != nil {
			return all, tally, err
		}
		if err := d.Check(false); err != nil {
			t.Error(err)
		}
		all = append(all, d)
	}
	return all, tally, nil
}

// show formats documents for comparison: tokens in quotes, spans as type=surface.
func show(docs []*ner.Document) string {
	var lines []string
	for _, d := range docs {
		var parts []string
		for _, t := range d.Tokens {
			parts = append(parts, fmt.Sprintf("%q", d.Text[t.Start:t.End]))
		}
		for _, s := range d.Spans {
			parts = append(parts, fmt.Sprintf("%s=%s", s.Type, d.Surface(s)))
		}
		lines = append(lines, strings.Join(parts, " "))
	}
	return strings.Join(lines, "\n")
}

func tabs(s string) string { return strings.ReplaceAll(s, "|", "\t") }

// TestColumns reads every variant of the family from invented files; "|" means a
// tab.
func TestColumns(t *testing.T) {
	iob2 := datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"}
	with := func(change func(*datasets.Conll)) *datasets.Conll {
		p := iob2
		change(&p)
		return &p
	}
	io := with(func(p *datasets.Conll) { p.Scheme = "io" })
	bioes := with(func(p *datasets.Conll) { p.Scheme = "bioes" })
	for _, tc := range []struct {
		name  string
		p     *datasets.Conll
		rule  datasets.LabelRule
		text  string
		want  string
		tally loaders.Tally // Repairs, Dropped, Duplicates
	}{
		{name: "iob2", p: &iob2, text: "Mira|B-person\nOkafor|I-person\nleft|O\n\nLüder|B-place\n",
			want: `"Mira" "Okafor" "left" person=Mira Okafor` + "\n" + `"Lüder" place=Lüder`},
		{name: "no blank line and no line feed at the end", p: &iob2, text: "a|O\n\nb|B-place",
			want: `"a"` + "\n" + `"b" place=b`},
		{name: "blank lines at both ends and in between make no document", p: &iob2, text: "\n\na|O\n\n \n|\nb|O\n\n\n", want: "\"a\"\n\"b\""},
		{name: "B begins a new span directly after another", p: &iob2, text: "a|B-place\nb|B-place\nc|I-place\n", want: `"a" "b" "c" place=a place=b c`},
		{name: "orphan I begins a span", p: &iob2, text: "a|O\nb|I-place\nc|I-place\n\nd|I-person\n",
			want: `"a" "b" "c" place=b c` + "\n" + `"d" person=d`, tally: loaders.Tally{Repairs: map[string]int{"orphan_i": 2}}},
		{name: "I of another type begins a span", p: &iob2, text: "a|B-place\nb|I-person\nc|I-person\n",
			want: `"a" "b" "c" place=a person=b c`, tally: loaders.Tally{Repairs: map[string]int{"orphan_i": 1}}},
		{name: "two labels of one type stay separate", p: &iob2, text: "a|B-place\nb|I-city\n",
			want: `"a" "b" place=a place=b`, tally: loaders.Tally{Repairs: map[string]int{"orphan_i": 1}}},
		{name: "dropped label keeps the document", p: &iob2, text: "a|B-rest\nb|I-rest\nc|B-place\n",
			want: `"a" "b" "c" place=c`, tally: loaders.Tally{Dropped: map[string]int{"rest": 1}}},
		{name: "hyphen inside a label", p: &iob2, text: "dawn|B-time-of-day\n", want: `"dawn" time of day=dawn`},
		{name: "tag first", p: with(func(p *datasets.Conll) { p.TokenColumn, p.TagColumn, p.Columns = 1, 0, 2 }),
			text: "B-place|Oslo\nO|now\n", want: `"Oslo" "now" place=Oslo`},
		{name: "index column", p: with(func(p *datasets.Conll) { p.TokenColumn, p.TagColumn, p.Columns = 1, 2, 3 }),
			text: "0|Oslo|B-place\n1|now|O\n", want: `"Oslo" "now" place=Oslo`},
		{name: "last column of a varying number", p: with(func(p *datasets.Conll) { p.TagColumn = -1 }),
			text: "Oslo|x|y|B-place\nnow|O\n", want: `"Oslo" "now" place=Oslo`},
		{name: "additional columns, even empty ones", p: &iob2, text: "Oslo|B-place|||\nnow|O|||\n", want: `"Oslo" "now" place=Oslo`},
		{name: "one space", p: with(func(p *datasets.Conll) { p.Separator = "space" }),
			text: "Oslo B-place\n\u00a0 O\n\tx O\n", want: `"Oslo" "\u00a0" "\tx" place=Oslo`},
		{name: "unchanged tokens: spaces, no-break space, line separator, brackets", p: &iob2,
			text: "a b|O\n\u00a0|B-place\nx\u2028y|O\n-LRB-|O\n", want: `"a b" "\u00a0" "x\u2028y" "-LRB-" ` + "place=\u00a0"},
		{name: "empty token is a token", p: &iob2, text: "a|B-place\n|I-place\nb|O\n", want: `"a" "" "b" place=a`,
			tally: loaders.Tally{Repairs: map[string]int{"trimmed_span": 1}}},
		{name: "spaces at the ends of a token are not in its span", p: &iob2, text: " a |B-place\n b|I-place\n", want: `" a " " b" place=a   b`,
			tally: loaders.Tally{Repairs: map[string]int{"trimmed_span": 1}}},
		{name: "span of an empty token", p: &iob2, text: "a|O\n|B-place\nb|O\n", want: `"a" "" "b"`,
			tally: loaders.Tally{Repairs: map[string]int{"empty_span": 1}}},
		{name: "blank token skipped", p: with(func(p *datasets.Conll) { p.BlankToken = "skip" }),
			text: "a|B-place\n |O\nb|I-place\n", want: `"a" "b" place=a b`, tally: loaders.Tally{Repairs: map[string]int{"blank_tokens": 1}}},
		{name: "untagged is outside", p: with(func(p *datasets.Conll) { p.Untagged = "outside" }),
			text: "a|B-place\nb\n", want: `"a" "b" place=a`, tally: loaders.Tally{Repairs: map[string]int{"untagged": 1}}},
		{name: "line without separator skipped, only empty lines are blank",
			p:    with(func(p *datasets.Conll) { p.Blank, p.SkipLines = "empty", "without-separator" }),
			text: "a|B-place\n \nb|I-place\n\nc |O\n", want: `"a" "b" place=a b` + "\n" + `"c "`,
			tally: loaders.Tally{Repairs: map[string]int{"lines_without_separator": 1}}},
		{name: "mark before a blank line", p: with(func(p *datasets.Conll) { p.SkipPrefix = []string{"-DOCSTART-"} }),
			text: "-DOCSTART-|O\n\na|O\n\n-DOCSTART-|O\n\nb|O\n", want: "\"a\"\n\"b\"", tally: loaders.Tally{Repairs: map[string]int{"document_marks": 2}}},
		{name: "mark without a blank line ends the block and its span", p: with(func(p *datasets.Conll) { p.SkipPrefix = []string{"-DOCSTART-", "###"} }),
			text: "-DOCSTART-|O\na|B-place\n###MED:1\nb|I-place\n", want: `"a" place=a` + "\n" + `"b" place=b`,
			tally: loaders.Tally{Repairs: map[string]int{"document_marks": 2, "orphan_i": 1}}},
		{name: "CR before the line end", p: &iob2, text: "a|B-place\r\n\r\nb|O\r\n", want: `"a" place=a` + "\n" + `"b"`},
		{name: "one CR only", p: &iob2, text: "a\r|O\nb|O\n", want: `"a\r" "b"`},
		{name: "byte order mark", p: &iob2, text: "\ufeffa|B-place\n", want: `"a" place=a`, tally: loaders.Tally{Repairs: map[string]int{"bom": 1}}},
		{name: "io: equal neighbours", p: io, text: "a|place\nb|place\nc|O\nd|person\ne|place\n", want: `"a" "b" "c" "d" "e" place=a b person=d place=e`},
		{name: "io: the label is shortened before spans are formed", p: io, rule: datasets.BeforeHyphen, text: "a|time-of-day\nb|time-of-year\nc|place\n",
			want: `"a" "b" "c" time=a b place=c`},
		{name: "io: prefix", p: with(func(p *datasets.Conll) { p.Scheme, p.StripPrefix = "io", "I-" }),
			text: "a|I-place\nb|I-place\nc|I-person\n", want: `"a" "b" "c" place=a b person=c`},
		{name: "bioes", p: bioes, text: "a|B-place\nb|I-place\nc|E-place\nd|S-place\ne|S-person\nf|O\n",
			want: `"a" "b" "c" "d" "e" "f" place=a b c place=d person=e`},
		{name: "bioes: illegal sequences", p: bioes, text: "a|E-place\nb|I-place\nc|S-person\nd|I-person\ne|E-place\nf|B-place\n",
			want:  `"a" "b" "c" "d" "e" "f" place=a place=b person=c person=d place=e place=f`,
			tally: loaders.Tally{Repairs: map[string]int{"orphan_i": 4}}},
		{name: "b/e: a single token has only B", p: with(func(p *datasets.Conll) { p.Scheme = "b/e" }),
			text: "a|B-place\nb|E-place\nc|B-person\nd|B-place\n", want: `"a" "b" "c" "d" place=a b person=c place=d`},
		{name: "bilou", p: with(func(p *datasets.Conll) { p.Scheme = "bilou" }), text: "a|B-place\nb|I-place\nc|L-place\nd|U-place\ne|U-place\n",
			want: `"a" "b" "c" "d" "e" place=a b c place=d place=e`},
		{name: "bmes", p: with(func(p *datasets.Conll) { p.Scheme = "bmes" }), text: "a|B-place\nb|M-place\nc|E-place\nd|S-place\n",
			want: `"a" "b" "c" "d" place=a b c place=d`},
		{name: "iob1", p: with(func(p *datasets.Conll) { p.Scheme = "iob1" }), text: "a|I-place\nb|I-place\nc|B-place\nd|I-person\n",
			want: `"a" "b" "c" "d" place=a b place=c person=d`},
		{name: "underscore, lower case, and _ for outside", p: &iob2, text: "a|B_place\nb|I_place\nc|_\nd|b-person\ne|i-person\nf|o\n",
			want: `"a" "b" "c" "d" "e" "f" place=a b person=d e`},
		{name: "letter last", p: &iob2, rule: datasets.PositionLast, text: "a|place-B\nb|place-I\nc|person_B\nd|O\n", want: `"a" "b" "c" "d" place=a b person=c`},
		{name: "blanks", p: with(func(p *datasets.Conll) { p.Separator, p.TagColumn = "blanks", -1 }),
			text: "a   x |B-place\n  b|x\t I-place  \n\u00a0 O\n", want: `"a" "b" "\u00a0" place=a b`},
		{name: "token prefix", p: with(func(p *datasets.Conll) { p.TokenPrefix = "en:" }), text: "en:Oslo|B-place\nen::|O\nen:en:|O\n",
			want: `"Oslo" ":" "en:" place=Oslo`},
		{name: "equal neighbours are one document", p: with(func(p *datasets.Conll) { p.MergeEqualNeighbours = true }),
			text:  "a|B-place\nb|O\n\na|B-place\nb|I-place\n\na|B-place\nb|O\n\nc|O\n",
			want:  `"a" "b" place=a place=a b` + "\n" + `"c"`,
			tally: loaders.Tally{Repairs: map[string]int{"merged_blocks": 2}, Duplicates: 1}},
		{name: "equal text with other tokens is not merged", p: with(func(p *datasets.Conll) { p.MergeEqualNeighbours = true }),
			text: "a b|O\n\na|O\nb|O\n", want: `"a b"` + "\n" + `"a" "b"`},
		{name: "left out", p: with(func(p *datasets.Conll) { p.LeaveOut = [][]string{{"BLOCK :", "omitted"}, {"URL :"}} }),
			text:  "BLOCK|B-place\n:|O\nomitted|O\n\nBLOCK|O\n:|O\n\nURL|O\n:|O\n",
			want:  `"BLOCK" ":"`,
			tally: loaders.Tally{Repairs: map[string]int{"documents_left_out": 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dataset := columnDataset(tc.p)
			dataset.LabelRule = tc.rule
			docs, tally, err := read(t, dataset, tabs(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := show(docs); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if !maps.Equal(tally.Repairs, tc.tally.Repairs) || !maps.Equal(tally.Dropped, tc.tally.Dropped) || tally.Duplicates != tc.tally.Duplicates {
				t.Errorf("tally %+v, want %+v", *tally, tc.tally)
			}
			for i, d := range docs {
				equal(t, "id", d.ID, fmt.Sprintf("own/test/%d", i))
			}
		})
	}
}

// A malformed line stops the reading with file and line.
func TestMalformedColumns(t *testing.T) {
	two := &datasets.Conll{Separator: "tab", TagColumn: 1, Columns: 2, Scheme: "iob2"}
	any := &datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"}
	for _, tc := range []struct{ name, text, want string }{
		{"unknown label", "a|O\n\nb|B-thing\nc|O\n", `dataset own: test.txt:3: unknown label "thing" (known: person, place, city, rest, time-of-day, time)`},
		{"unknown label at the end of the file", "a|O\nb|B-thing", `dataset own: test.txt:2: unknown label "thing" (known: `},
		{"tag missing", "a|O\nb\n", `dataset own: test.txt:2: 1 columns, expected 2, separated by one tab`},
		{"too many columns", "a|O|x\n", `dataset own: test.txt:1: 3 columns, expected 2`},
		{"spaces instead of tabs", "a O\n", `dataset own: test.txt:1: 1 columns, expected 2, separated by one tab: the line has spaces, set separator = "space" or "blanks"`},
		{"label without a letter", "a|place\n", `dataset own: test.txt:1: unknown tag "place" of the scheme iob2: for tags that are labels without a letter, set scheme = "io"`},
		{"bilou", "a|B-place\nb|L-place\n", `dataset own: test.txt:2: unknown tag "L-place" of the scheme iob2: the letters U and L belong to the scheme bilou`},
		{"bmes", "a|B-place\nb|M-place\n", `dataset own: test.txt:2: unknown tag "M-place" of the scheme iob2: the letter M belongs to the scheme bmes`},
		{"bioes", "a|S-place\n", `dataset own: test.txt:1: unknown tag "S-place" of the scheme iob2: the letters E and S belong to the scheme bioes`},
		{"letter last", "a|place_B\n", `dataset own: test.txt:1: unknown tag "place_B" of the scheme iob2: for tags with the letter at the end, set label_rule = "position-last"`},
		{"unknown tag", "a|O\nb|X-place\n", `dataset own: test.txt:2: unknown tag "X-place" of the scheme iob2`},
		{"tag without label", "a|B-\n", `dataset own: test.txt:1: unknown tag "B-" of the scheme iob2`},
		{"empty file", "", "dataset own: test: test.txt: no conll documents found"},
		{"NUL byte", "a|O\nb\x00|O\n", "dataset own: test.txt:2: a NUL byte: want text in UTF-8"},
		{"not UTF-8", "a|O\nb\xff|O\n", `dataset own: test.txt:2: not valid UTF-8`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := read(t, columnDataset(two), tabs(tc.text))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error %v, want %s", err, tc.want)
			}
		})
	}
	_, _, err := read(t, columnDataset(any), "a\tO\nb\n")
	if want := "dataset own: test.txt:2: 1 columns, expected the tag in column 2, separated by one tab"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	// The documents before the malformed line were emitted.
	docs, _, err := read(t, columnDataset(any), "a\tO\n\nb\n")
	if err == nil || len(docs) != 1 {
		t.Errorf("%d documents before the malformed line, error %v; want 1 and an error", len(docs), err)
	}
}

// The gold of the UniversalNER test files lacks spans at the end of a sentence.
func TestWithoutSentenceFinal(t *testing.T) {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"})
	data := fstest.MapFS{"own/test.txt": {Data: []byte("a\tB-place\nb\tB-place\n\nc\tB-person\n.\tO\n")}}
	docs, tally, err := readAll(t, data, dataset, loaders.Options{Split: ner.Test, Gold: datasets.WithoutSentenceFinal})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "documents", show(docs), `"a" "b" place=a`+"\n"+`"c" "." person=c`)
	equal(t, "left out", tally.Repairs["sentence_final_left_out"], 1)
}

// A stream can be read again, and left early.
func TestStream(t *testing.T) {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"})
	data := fstest.MapFS{"own/test.txt": {Data: []byte("a\tI-place\n\nb\tO\n")}}
	docs, tally, err := loaders.Documents(t.Context(), data, dataset, loaders.Options{Split: ner.Test})
	if err != nil {
		t.Fatal(err)
	}
	for range docs {
		break
	}
	for range 2 {
		n := 0
		for _, err := range docs {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		equal(t, "documents", n, 2)
		equal(t, "orphans", tally.Repairs["orphan_i"], 1)
	}
}

func TestMissing(t *testing.T) {
	dataset := columnDataset(&datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2"})
	_, _, err := loaders.Documents(t.Context(), fstest.MapFS{}, dataset, loaders.Options{Split: ner.Test})
	var missing *loaders.MissingError
	if !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("error %v, want a MissingError", err)
	}
	if want := (loaders.MissingError{Dataset: "own", Set: "own", Split: ner.Test, Path: "own/test.txt"}); *missing != want {
		t.Errorf("got %+v, want %+v", *missing, want)
	}
	for o, want := range map[loaders.Options]string{
		{Set: "nosuch", Split: ner.Test}: `dataset own: set "nosuch": unknown (known: own, lines)`,
		{Split: "nosuch"}:                `dataset own: set own: split "nosuch": unknown (known: test)`,
	} {
		if err := loaders.Present(t.Context(), fstest.MapFS{}, dataset, o); err == nil || err.Error() != want {
			t.Errorf("%+v: error %v, want %s", o, err, want)
		}
	}
	dataset.Sets[0].Family = "no-family"
	if err := loaders.Present(t.Context(), fstest.MapFS{}, dataset, loaders.Options{Split: ner.Test}); err == nil || !strings.Contains(err.Error(), "no loader for the format family no-family") {
		t.Errorf("error %v, want one about the loader", err)
	}
}
