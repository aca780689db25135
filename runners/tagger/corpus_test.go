package tagger

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nerbench/ner"
)

// document parses "[Ada Kern|person] sails ." : tokens are separated by blanks, spans
// are in brackets.
func document(t testing.TB, marked string) *ner.Document {
	t.Helper()
	d := &ner.Document{}
	var text strings.Builder
	for rest := marked; rest != ""; {
		plain, tail, found := strings.Cut(rest, "[")
		text.WriteString(plain)
		if !found {
			break
		}
		entity, after, ok := strings.Cut(tail, "]")
		surface, typ, ok2 := strings.Cut(entity, "|")
		if !ok || !ok2 {
			t.Fatalf("bad mark in %q", marked)
		}
		start := text.Len()
		text.WriteString(surface)
		d.Spans = append(d.Spans, ner.Span{Start: start, End: text.Len(), Type: ner.EntityType(typ)})
		rest = after
	}
	d.Text = text.String()
	at := 0
	for f := range strings.FieldsSeq(d.Text) {
		start := at + strings.Index(d.Text[at:], f)
		at = start + len(f)
		d.Tokens = append(d.Tokens, ner.Range{Start: start, End: at})
	}
	return d
}

// invented returns n sentences about people, ships and places that do not
// exist. Different seeds share few names.
func invented(t testing.TB, n int, seed uint64) []*ner.Document {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	name := func(endings ...string) string {
		return pick("Bra", "Kel", "Öst", "Mor", "Tri", "Ul", "Fen", "Gar", "Hol", "Ísa") +
			pick("d", "l", "m", "nn", "r", "st", "v") + pick(endings...)
	}
	docs := make([]*ner.Document, n)
	for i := range docs {
		person := fmt.Sprintf("[%s %s|person]", name("a", "o", "ia"), name("sson", "sdóttir"))
		place := fmt.Sprintf("[%s|place]", name("ville", "ham", "vík"))
		ship := fmt.Sprintf("[MS %s|ship]", name("a", "o", "ia"))
		docs[i] = document(t, pick(
			person+" sails from "+place+" to "+place+" .",
			"In "+place+" , "+person+" buys the "+ship+" for 3 coins .",
			"The "+ship+" of "+person+" sinks .",
			ship+" and "+ship+" leave "+place+" on 12 May .",
			"Nobody knows where it is .",
		))
		docs[i].ID = fmt.Sprintf("invented/%d", i)
	}
	return docs
}

func each(docs []*ner.Document) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func train(t testing.TB, docs []*ner.Document, types []ner.EntityType, c Config) *Tagger {
	t.Helper()
	m, err := Train(t.Context(), each(docs), types, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCorpusOfGoldThatIsNoChain(t *testing.T) {
	const text = "old town hall of Kelmville"
	span := func(surface string, typ ner.EntityType) ner.Span {
		i := strings.Index(text, surface)
		return ner.Span{Start: i, End: i + len(surface), Type: typ}
	}
	for _, tc := range []struct {
		name  string
		spans []ner.Span
		want  []ner.Span // as learnt
		left  Learnt
	}{
		{name: "nothing"},
		{
			name: "flat, not in order", spans: []ner.Span{span("Kelmville", "place"), span("town hall", "house")},
			want: []ner.Span{span("town hall", "house"), span("Kelmville", "place")},
		},
		{
			name: "outermost of nested", spans: []ner.Span{span("old town", "place"), span("old town hall", "house"), span("hall", "house")},
			want: []ner.Span{span("old town hall", "house")}, left: Learnt{Nested: 2},
		},
		{
			name: "first of crossing", spans: []ner.Span{span("town hall of", "house"), span("hall of Kelmville", "place")},
			want: []ner.Span{span("town hall of", "house")}, left: Learnt{Nested: 1},
		},
		{
			name: "first of two types", spans: []ner.Span{span("town", "place"), span("town", "house")},
			want: []ner.Span{span("town", "place")}, left: Learnt{Nested: 1},
		},
		{
			name: "neighbours", spans: []ner.Span{span("old", "house"), span("town", "house")},
			want: []ner.Span{span("old", "house"), span("town", "house")},
		},
		{
			name: "within words", spans: []ner.Span{span("ld tow", "place")},
			want: []ner.Span{span("old town", "place")}, left: Learnt{Extended: 1},
		},
		{
			name: "begins within a word", spans: []ner.Span{span("ld town", "place")},
			want: []ner.Span{span("old town", "place")}, left: Learnt{Extended: 1},
		},
		{
			name: "ends within a word", spans: []ner.Span{span("old tow", "place")},
			want: []ner.Span{span("old town", "place")}, left: Learnt{Extended: 1},
		},
		{
			name: "between words", spans: []ner.Span{{Start: 3, End: 4, Type: "place"}},
			left: Learnt{Wordless: 1},
		},
		{
			name: "another type", spans: []ner.Span{span("town hall", "ship"), span("hall", "house")},
			want: []ner.Span{span("hall", "house")}, left: Learnt{OtherType: 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := document(t, text)
			d.Spans = tc.spans
			before := slices.Clone(tc.spans)
			c, err := readCorpus(t.Context(), each([]*ner.Document{d}), []ner.EntityType{"place", "house", "place"})
			if err != nil {
				t.Fatal(err)
			}
			if got := c.labels.spans(d.Tokens, c.gold); !slices.Equal(got, tc.want) {
				t.Errorf("learns %v, want %v", got, tc.want)
			}
			tc.left.Documents, tc.left.Words, tc.left.Spans = 1, 5, len(tc.want)
			if c.learnt != tc.left {
				t.Errorf("counts %+v, want %+v", c.learnt, tc.left)
			}
			if !slices.Equal(tc.spans, before) {
				t.Error("the document was changed")
			}
		})
	}
}

func TestCorpusLeavesOutDocumentsWithoutWords(t *testing.T) {
	docs := []*ner.Document{{}, {Text: " \t"}, {Text: "x", Tokens: []ner.Range{}, Spans: []ner.Span{{Start: 0, End: 1, Type: "a"}}}, document(t, "[b|a] c")}
	c, err := readCorpus(t.Context(), each(docs), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Learnt{Documents: 4, Words: 2, Spans: 1, Wordless: 1}); c.learnt != want {
		t.Errorf("counts %+v, want %+v", c.learnt, want)
	}
	if c.sentences() != 1 {
		t.Errorf("%d sentences, want 1", c.sentences())
	}
}

func TestCorpusTakesTypesOfTheDocuments(t *testing.T) {
	c, err := readCorpus(t.Context(), each([]*ner.Document{document(t, "[a|ship] [b|place]"), document(t, "[c|ship] [d|person]")}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []ner.EntityType{"ship", "place", "person"}; !reflect.DeepEqual(c.labels.types, want) {
		t.Errorf("types %v, want %v", c.labels.types, want)
	}
}

func TestCorpusOfTooManyTypes(t *testing.T) {
	types := make([]ner.EntityType, maxTypes+1)
	for i := range types {
		types[i] = ner.EntityType(fmt.Sprint(i))
	}
	if _, err := Train(t.Context(), each(nil), types, Config{}); err == nil || !strings.Contains(err.Error(), "5001 types") {
		t.Errorf("error %v", err)
	}
}
