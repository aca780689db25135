package answers

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// Alignment says how mentions become spans (docs/spec/metrics.md §7). The zero value is
// the default.
type Alignment struct {
	// Mode: all (the default), first, leftmost, cursor, longest (§7.4).
	Mode string
	// Boundary: token, word, word_strict, substring (§7.2). Empty: token where the
	// document has tokens, else word.
	Boundary string
	// Tiers: 3 (the default), or 1 for exact occurrences only (§7.3).
	Tiers int
}

// Modes and Boundaries list the values, the defaults first.
var (
	Modes      = []string{"all", "leftmost", "cursor", "first", "longest"}
	Boundaries = []string{"token", "word", "word_strict", "substring"}
)

// Check reports an unknown value.
func (a Alignment) Check() error {
	switch {
	case a.Mode != "" && !slices.Contains(Modes, a.Mode):
		return fmt.Errorf("align: mode %q: want one of %s", a.Mode, strings.Join(Modes, ", "))
	case a.Boundary != "" && !slices.Contains(Boundaries, a.Boundary):
		return fmt.Errorf("align: boundary %q: want one of %s", a.Boundary, strings.Join(Boundaries, ", "))
	case a.Tiers != 0 && a.Tiers != 1 && a.Tiers != 3:
		return fmt.Errorf("align: tiers %d: want 1 or 3", a.Tiers)
	}
	return nil
}

// Placed is where mentions stand in a text.
type Placed struct {
	// Spans are sorted, each once.
	Spans []ner.Span
	// Unaligned are mentions without a place, in the order of the answer. Where
	// copies mean nothing (all, first, longest), each distinct one is listed once.
	Unaligned []ner.Mention
	// Ambiguous counts mentions with more than one occurrence (§7.5).
	Ambiguous int
	// Tiers is the tier that decided for each mention; 0 for none.
	Tiers []int
}

// Align places mentions in a document, each type apart.
func (a Alignment) Align(d *ner.Document, mentions []ner.Mention) (Placed, error) {
	al, err := NewAligner(d, a)
	if err != nil {
		return Placed{}, err
	}
	return al.Align(mentions), nil
}

// Aligner places mentions in one document. What a tier needs of the text is
// prepared when the first mention comes to it. It may be used by one goroutine at
// a time.
type Aligner struct {
	text    string
	mode    string
	tiers   int
	passes  func(start, end int) bool
	blanks  *mappedText // tier 2
	folded  *mappedText // tier 3
	located map[string]found
}

// found are the occurrences of one mention, and the tier that found them.
type found struct {
	places []ner.Range
	tier   int
}

// NewAligner prepares the alignment of the mentions of a document.
func NewAligner(d *ner.Document, a Alignment) (*Aligner, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	al := &Aligner{text: d.Text, mode: a.Mode, tiers: a.Tiers, located: map[string]found{}}
	if al.mode == "" {
		al.mode = Modes[0]
	}
	if al.tiers == 0 {
		al.tiers = 3
	}
	boundary := a.Boundary
	if boundary == "" {
		boundary = "word"
		if d.Tokens != nil {
			boundary = "token"
		}
	}
	al.passes = newBoundary(boundary, d)
	return al, nil
}

// Align places mentions in answer order, each type apart.
func (al *Aligner) Align(mentions []ner.Mention) Placed {
	p := Placed{Tiers: make([]int, len(mentions))}
	lost := make([]bool, len(mentions))
	var types []ner.EntityType
	for i, m := range mentions {
		f := al.locate(m.Text)
		p.Tiers[i] = f.tier
		if len(f.places) > 1 {
			p.Ambiguous++
		}
		if !slices.Contains(types, m.Type) {
			types = append(types, m.Type)
		}
	}
	for _, t := range types {
		al.alignType(mentions, t, &p, lost)
	}
	for i, m := range mentions {
		if lost[i] {
			p.Unaligned = append(p.Unaligned, m)
		}
	}
	slices.SortFunc(p.Spans, ner.Span.Compare)
	p.Spans = slices.Compact(p.Spans)
	return p
}

// alignType places the mentions of one type (docs/spec/metrics.md §7.4).
func (al *Aligner) alignType(mentions []ner.Mention, t ner.EntityType, p *Placed, lost []bool) {
	var spans []ner.Range
	copies := map[string]int{}
	taken := map[ner.Range]bool{}
	cursor := 0
	for i, m := range mentions {
		if m.Type != t {
			continue
		}
		places := al.located[m.Text].places
		k := copies[m.Text]
		copies[m.Text]++
		switch al.mode {
		case "leftmost":
			if lost[i] = k >= len(places); !lost[i] {
				spans = append(spans, places[k])
			}
		case "cursor":
			place, ok := nextFree(places, taken, cursor)
			if lost[i] = !ok; ok {
				taken[place], cursor = true, place.End
				spans = append(spans, place)
			}
		default: // copies mean nothing
			if k > 0 {
				continue
			}
			if lost[i] = len(places) == 0; al.mode == "first" && len(places) > 1 {
				places = places[:1]
			}
			spans = append(spans, places...)
		}
	}
	if al.mode == "longest" {
		spans = longest(spans)
	}
	for _, s := range spans {
		p.Spans = append(p.Spans, ner.Span{Start: s.Start, End: s.End, Type: t})
	}
}

// nextFree is the first free place at or behind the cursor, else the first free
// one anywhere.
func nextFree(places []ner.Range, taken map[ner.Range]bool, cursor int) (ner.Range, bool) {
	for _, from := range []int{cursor, 0} {
		for _, place := range places {
			if place.Start >= from && !taken[place] {
				return place, true
			}
		}
	}
	return ner.Range{}, false
}

// longest drops each span that lies inside a longer one.
func longest(spans []ner.Range) []ner.Range {
	return slices.DeleteFunc(slices.Clone(spans), func(s ner.Range) bool {
		return slices.ContainsFunc(spans, func(o ner.Range) bool {
			return o.Start <= s.Start && s.End <= o.End && o.End-o.Start > s.End-s.Start
		})
	})
}

// locate finds the occurrences of a mention by the first tier that has any
// (docs/spec/metrics.md §7.3).
func (al *Aligner) locate(mention string) found {
	if f, ok := al.located[mention]; ok {
		return f
	}
	f := found{places: occurrences(al.text, mention, al.passes), tier: 1}
	if len(f.places) == 0 && al.tiers == 3 {
		if al.blanks == nil {
			al.blanks = mapBlanks(al.text)
		}
		f = found{places: al.tier(al.blanks, mention, mapBlanks), tier: 2}
	}
	if len(f.places) == 0 && al.tiers == 3 {
		if al.folded == nil {
			al.folded = mapCaseless(al.text)
		}
		f = found{places: al.tier(al.folded, mention, mapCaseless), tier: 3}
	}
	if len(f.places) == 0 {
		f = found{}
	}
	al.located[mention] = f
	return f
}

// tier looks for a mention in a form of the text: without white space at its
// edges, and if that is nowhere, without punctuation there.
func (al *Aligner) tier(text *mappedText, mention string, form func(string) *mappedText) []ner.Range {
	for _, trimmed := range []string{strings.TrimFunc(mention, isSpace), strings.TrimFunc(mention, isEdge)} {
		if places := text.occurrences(form(trimmed).text, al.passes); len(places) > 0 {
			return places
		}
	}
	return nil
}

// occurrences finds a mention from left to right, without overlap (§7.1).
func occurrences(text, mention string, passes func(start, end int) bool) []ner.Range {
	if mention == "" {
		return nil
	}
	var places []ner.Range
	for from := 0; ; {
		i := strings.Index(text[from:], mention)
		if i < 0 {
			return places
		}
		start, end := from+i, from+i+len(mention)
		if ner.Boundary(text, start) && ner.Boundary(text, end) && passes(start, end) {
			places = append(places, ner.Range{Start: start, End: end})
			from = end
		} else {
			from = start + 1
		}
	}
}

// Place aligns the mentions of a prediction: it sets spans and unaligned
// mentions, and flags how each was found (docs/spec/prompts.md §3.5). Where the answer
// brought offsets, only mentions whose place was lost are aligned.
func Place(p *ner.Prediction, al *Aligner) (ambiguous int) {
	offsets := p.Spans != nil
	var mentions []ner.Mention
	var places []int // of each of them in the prediction
	for i, m := range p.Mentions {
		if !offsets || slices.Contains(m.Flags, ner.Searched) {
			mentions, places = append(mentions, m.Mention), append(places, i)
		}
	}
	if len(mentions) == 0 {
		return 0
	}
	placed := al.Align(mentions)
	p.Spans, p.Unaligned = append(p.Spans, placed.Spans...), placed.Unaligned
	if offsets {
		slices.SortFunc(p.Spans, ner.Span.Compare)
		p.Spans = slices.Compact(p.Spans)
	}
	for i, place := range places {
		m := &p.Mentions[place]
		switch placed.Tiers[i] {
		case 0:
			m.Flags = append(m.Flags, ner.NotInText)
		case 2:
			m.Flags = append(m.Flags, ner.Tier2)
		case 3:
			m.Flags = append(m.Flags, ner.Tier3)
		}
	}
	return placed.Ambiguous
}
