package loaders

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"nerbench/datasets"
	"nerbench/ner"
)

// Table6View names the view that counts like the paper (docs/spec/formats.md §3).
const Table6View = "table6"

// allPart is the name of the only part of a set without splits.
const allPart ner.Split = "all"

// selected describes the documents of a part that a reading emits.
type selected struct {
	part *datasets.Part
	// made reports that the split is not in the release: it is a random sample of
	// the part.
	made bool
	view datasets.View // ViewAll unless the view of Table 6 is selected
}

// selectPart finds the part that contains a split.
func selectPart(dataset *datasets.Dataset, set *datasets.Set, o Options) (s selected, err error) {
	split := o.Split
	s.view = datasets.ViewAll
	switch o.View {
	case "", "all":
	case Table6View:
		if v, ok := dataset.CountRule.View[split]; ok {
			s.view = v
		}
		if s.view == datasets.ViewSameAsTest {
			split = ner.Test
			s.view = dataset.CountRule.View[split]
		}
	default:
		return s, fmt.Errorf("dataset %s: view %q: want all or %s", dataset.ID, o.View, Table6View)
	}
	s.part, err = set.Part(split)
	if err != nil && slices.Contains(ner.Splits, split) {
		if all, missing := set.Part(allPart); missing == nil {
			s.part, s.made = all, true
			return s, nil
		}
	}
	if err != nil {
		return s, fmt.Errorf("dataset %s: %w", dataset.ID, err)
	}
	return s, nil
}

// Made reports whether a split is not in the dataset's release, but drawn from all
// its documents by a seed: 80, 10 and 10 percent, or the counts of Table 6.
func Made(dataset *datasets.Dataset, o Options) bool {
	set, err := dataset.Set(o.Set)
	if err != nil {
		return false
	}
	s, err := selectPart(dataset, set, o)
	return err == nil && s.made
}

// stage is a step between a loader and the consumer: it receives each document,
// then the end of the part.
type stage struct {
	document func(*ner.Document) error
	mark     func() error // a document mark is here
	end      func() error
}

// through is a stage that changes nothing.
func through(next func(*ner.Document) error) stage {
	return stage{next, func() error { return nil }, func() error { return nil }}
}

// stages returns the steps of a selection, which end in next.
func (r *reading) stages(next func(*ner.Document) error) stage {
	s := through(next)
	switch r.view {
	case datasets.ViewAllButLast:
		s = allButLast(next)
	case datasets.ViewMarks:
		s = withMarks(next)
	}
	if r.cutting() != nil {
		return r.pieces(s.document)
	}
	return s
}

// allButLast works like a parser that ends a sentence only at a blank line, and so
// loses the last sentence of a file.
func allButLast(next func(*ner.Document) error) stage {
	var waiting *ner.Document
	s := through(nil)
	s.document = func(d *ner.Document) error {
		last := waiting
		waiting = d
		if last == nil {
			return nil
		}
		return next(last)
	}
	return s
}

// withMarks works like a parser that reads document marks as sentences, and adds an
// empty one at the end. They contain no text.
func withMarks(next func(*ner.Document) error) stage {
	empty := func() error { return next(&ner.Document{}) }
	return stage{next, empty, empty}
}

// cutting is how the view splits documents into pieces; nil if it does not.
func (r *reading) cutting() func(text string) []ner.Range {
	if r.counts == "" {
		return nil
	}
	switch r.dataset.CountRule.Cut {
	case "sentences":
		return Sentences
	case "lines":
		return lines
	}
	return nil
}

// lines are the lines of a text, each with its line feed.
func lines(text string) []ner.Range {
	var all []ner.Range
	start := 0
	for line := range strings.Lines(text) {
		all = append(all, ner.Range{Start: start, End: start + len(line)})
		start += len(line)
	}
	return all
}

// pieces splits documents. If the documents of the set are pieces already, those up
// to the next document mark are joined first.
func (r *reading) pieces(next func(*ner.Document) error) stage {
	cut := r.cutting()
	var waiting *ner.Document
	flush := func() error {
		if waiting == nil {
			return nil
		}
		d := waiting
		waiting = nil
		return r.piecesOf(d, cut(d.Text), next)
	}
	s := stage{mark: flush, end: flush}
	s.document = func(d *ner.Document) error {
		if r.dataset.CountRule.Join && waiting != nil {
			join(waiting, d)
			return nil
		}
		if err := flush(); err != nil {
			return err
		}
		waiting = d
		if !r.dataset.CountRule.Join {
			return flush()
		}
		return nil
	}
	return s
}

// join appends a document to another one, with a space between them.
func join(d, more *ner.Document) {
	offset := len(d.Text) + 1
	d.Text += " " + more.Text
	for _, t := range more.Tokens {
		d.Tokens = append(d.Tokens, ner.Range{Start: t.Start + offset, End: t.End + offset})
	}
	for _, s := range more.Spans {
		d.Spans = append(d.Spans, ner.Span{Start: s.Start + offset, End: s.End + offset, Type: s.Type})
	}
}

// piecesOf emits the pieces of a document, without white space at both ends; pieces
// of only white space are skipped. A span that crosses the end of its piece is left
// out (over_piece_end).
func (r *reading) piecesOf(d *ner.Document, pieces []ner.Range, next func(*ner.Document) error) error {
	spans := slices.Clone(d.Spans)
	slices.SortStableFunc(spans, func(a, b ner.Span) int { return cmp.Compare(a.Start, b.Start) })
	tokens, number := d.Tokens, 0
	for _, p := range pieces {
		from, to := trimSpace(d.Text, p)
		piece := &ner.Document{ID: d.ID + "/" + strconv.Itoa(number), Text: d.Text[from:to]}
		for ; len(tokens) > 0 && tokens[0].Start < p.End; tokens = tokens[1:] {
			if t := tokens[0]; from <= t.Start && t.End <= to {
				piece.Tokens = append(piece.Tokens, ner.Range{Start: t.Start - from, End: t.End - from})
			}
		}
		for ; len(spans) > 0 && spans[0].Start < p.End; spans = spans[1:] {
			s := spans[0]
			if s.Start < from || s.End > to {
				r.tally.Repairs["over_piece_end"]++
				continue
			}
			piece.Spans = append(piece.Spans, ner.Span{Start: s.Start - from, End: s.End - from, Type: s.Type})
		}
		if from == to {
			continue
		}
		number++
		if err := next(piece); err != nil {
			return err
		}
	}
	return nil
}

func trimSpace(text string, p ner.Range) (from, to int) {
	piece := text[p.Start:p.End]
	to = p.Start + len(strings.TrimRightFunc(piece, unicode.IsSpace))
	return min(to, p.End-len(strings.TrimLeftFunc(piece, unicode.IsSpace))), to
}

// drawn returns which of n documents are in a made split. The documents are
// shuffled by the seed; first come those of train, then dev, then test. The sizes
// are those of Table 6, or 80, 10 and 10 percent if there are fewer documents.
func drawn(dataset *datasets.Dataset, split ner.Split, seed, n int, id func(int) string) []bool {
	train, dev, test := dataset.Table6.Train, dataset.Table6.Dev, dataset.Table6.Test
	if sum := train + dev + test; sum == 0 || sum > n {
		train, dev = n*8/10, n/10
		test = n - train - dev
	}
	first, size := 0, train
	switch split {
	case ner.Dev:
		first, size = train, dev
	case ner.Test:
		first, size = train+dev, test
	}
	keys := make([]uint64, n)
	places := make([]int, n)
	for i := range places {
		keys[i], places[i] = ner.Hash(seed, "split", dataset.ID, id(i)), i
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b)) })
	in := make([]bool, n)
	for _, p := range places[first : first+size] {
		in[p] = true
	}
	return in
}
