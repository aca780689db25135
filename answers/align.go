package answers

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Alignment has the options to find mentions in a text (docs/spec/metrics.md §7). The
// zero value is the default.
type Alignment struct {
	// Mode is all (default), first, leftmost, cursor, or longest (§7.4).
	Mode string
	// Boundary is token, word, word_strict, or substring (§7.2). Empty: token if the
	// document has tokens, else word.
	Boundary string
	// Tiers is 3 (default), 1 for exact matches only, or 4 to find also mentions with
	// other blanks and signs (§7.3).
	Tiers int
}

// Modes, Boundaries and Tiers list the values, the defaults first.
var (
	Tiers      = []int{3, 1, 4}
	Modes      = []string{"all", "leftmost", "cursor", "first", "longest"}
	Boundaries = []string{"token", "word", "word_strict", "substring"}
)

// TierNames lists [Tiers] for messages.
func TierNames() string {
	names := make([]string, len(Tiers))
	for i, n := range Tiers {
		names[i] = strconv.Itoa(n)
	}
	return "one of " + strings.Join(names, ", ")
}

// Check returns an error about an unknown value.
func (a Alignment) Check() error {
	switch {
	case a.Mode != "" && !slices.Contains(Modes, a.Mode):
		return fmt.Errorf("mode %q: want one of %s", a.Mode, strings.Join(Modes, ", "))
	case a.Boundary != "" && !slices.Contains(Boundaries, a.Boundary):
		return fmt.Errorf("boundary %q: want one of %s", a.Boundary, strings.Join(Boundaries, ", "))
	case a.Tiers != 0 && !slices.Contains(Tiers, a.Tiers):
		return fmt.Errorf("tiers %d: want %s", a.Tiers, TierNames())
	}
	return nil
}

// Placed has the positions of mentions in a text.
type Placed struct {
	// Spans are sorted, without duplicates.
	Spans []ner.Span
	// Unaligned are the mentions that are not in the text, in the order of the answer.
	// In the modes all, first and longest, each distinct one is listed once.
	Unaligned []ner.Mention
	// Ambiguous is the number of mentions with several occurrences (§7.5).
	Ambiguous int
	// Tiers has the tier of each mention; 0: not found.
	Tiers []int
}

// Align finds mentions in a document, separately for each type.
func (a Alignment) Align(d *ner.Document, mentions []ner.Mention) (Placed, error) {
	al, err := NewAligner(d, a)
	if err != nil {
		return Placed{}, err
	}
	return al.Align(mentions), nil
}

// Aligner finds mentions in one document. It prepares the data of a tier when the tier
// is first used. It must not be used by several goroutines at once.
type Aligner struct {
	text    string
	mode    string
	tiers   int
	passes  func(start, end int) bool
	blanks  *mappedText  // tier 2
	folded  *mappedText  // tier 3
	unified *unifiedText // tier 4
	located map[string]found
}

// found has the occurrences of one mention, and their tier.
type found struct {
	places []ner.Range
	tier   int
}

// NewAligner returns an aligner for the mentions of a document.
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

// InMode returns an aligner of the same document in another mode. Both share the
// occurrences that one of them has found.
func (al *Aligner) InMode(mode string) (*Aligner, error) {
	if err := (Alignment{Mode: mode}).Check(); err != nil {
		return nil, err
	}
	other := *al
	other.mode = cmp.Or(mode, Modes[0])
	return &other, nil
}

// Align finds mentions in the order of the answer, separately for each type.
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

// alignType finds the mentions of one type (docs/spec/metrics.md §7.4).
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

// nextFree returns the first free occurrence at or after the cursor, else the first free
// one.
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

// longest drops each span that is inside a longer one.
func longest(spans []ner.Range) []ner.Range {
	return slices.DeleteFunc(slices.Clone(spans), func(s ner.Range) bool {
		return slices.ContainsFunc(spans, func(o ner.Range) bool {
			return o.Start <= s.Start && s.End <= o.End && o.End-o.Start > s.End-s.Start
		})
	})
}

// locate returns the occurrences of a mention by the first tier that finds any
// (docs/spec/metrics.md §7.3).
func (al *Aligner) locate(mention string) found {
	if f, ok := al.located[mention]; ok {
		return f
	}
	f := found{places: occurrences(al.text, mention, al.passes), tier: 1}
	if len(f.places) == 0 && al.tiers >= 3 {
		if al.blanks == nil {
			al.blanks = mapBlanks(al.text)
		}
		f = found{places: al.tier(al.blanks.occurrences, mention, blanksForm), tier: 2}
	}
	if len(f.places) == 0 && al.tiers >= 3 {
		if al.folded == nil {
			al.folded = mapCaseless(al.text)
		}
		f = found{places: al.tier(al.folded.occurrences, mention, caselessForm), tier: 3}
	}
	if len(f.places) == 0 && al.tiers >= 4 {
		if al.unified == nil {
			al.unified = mapUnified(al.text)
		}
		f = found{places: al.tier(al.unified.occurrences, mention, unifiedForm), tier: 4}
	}
	if len(f.places) == 0 {
		f = found{}
	}
	al.located[mention] = f
	return f
}

// unifiedForm returns the text of [mapUnified].
func unifiedForm(text string) string { return mapUnified(text).text }

// tier finds a mention in a form of the text, without white space at its edges, then
// also without punctuation at its edges.
func (al *Aligner) tier(find func(mention string, passes func(start, end int) bool) []ner.Range, mention string, form func(string) string) []ner.Range {
	blank, edge := strings.TrimFunc(mention, isSpace), strings.TrimFunc(mention, isEdge)
	places := find(form(blank), al.passes)
	if len(places) == 0 && edge != blank {
		places = find(form(edge), al.passes)
	}
	return places
}

// occurrences finds a mention from left to right, without overlap (§7.1).
func occurrences(text, mention string, passes func(start, end int) bool) []ner.Range {
	var places []ner.Range
	eachMatch(text, mention, func(start int) bool {
		end := start + len(mention)
		ok := ner.Boundary(text, start) && ner.Boundary(text, end) && passes(start, end)
		if ok {
			places = append(places, ner.Range{Start: start, End: end})
		}
		return ok
	})
	return places
}

// Place aligns the mentions of a prediction with the text. It sets spans, unaligned
// mentions, and the flags of mentions (docs/spec/prompts.md §3.5). If the answer has
// offsets, it only aligns mentions without a position.
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
		case 4:
			m.Flags = append(m.Flags, ner.Tier4)
		}
	}
	return placed.Ambiguous
}
