package metrics

import (
	"errors"
	"fmt"
	"strings"

	"nerbench/ner"
)

// Scheme is a way to write spans as one tag per token (docs/spec/metrics.md §4.3).
type Scheme string

// The schemes.
const (
	IOB1  Scheme = "IOB1"
	IOB2  Scheme = "IOB2"
	IOE1  Scheme = "IOE1"
	IOE2  Scheme = "IOE2"
	IOBES Scheme = "IOBES"
	BILOU Scheme = "BILOU"
	BMES  Scheme = "BMES"
	// IO has tags that are a type: a sequence of equal types is one entity.
	IO Scheme = "IO"
)

// Schemes lists the schemes.
var Schemes = []Scheme{IOB1, IOB2, IOE1, IOE2, IOBES, BILOU, BMES, IO}

// ParseScheme parses the name of a scheme, in upper or lower case. BIOES is another
// name of IOBES.
func ParseScheme(name string) (Scheme, error) {
	if strings.EqualFold(name, "BIOES") {
		return IOBES, nil
	}
	for _, s := range Schemes {
		if strings.EqualFold(name, string(s)) {
			return s, nil
		}
	}
	var known []string
	for _, s := range Schemes {
		known = append(known, strings.ToLower(string(s)))
	}
	return "", fmt.Errorf("scheme %q: unknown%s", name, ner.Choices(name, known))
}

// Mode is the treatment of tags that do not fit their scheme.
type Mode string

// The modes.
const (
	// Lenient accepts any sequence of tags (docs/spec/metrics.md §4.2).
	Lenient Mode = "lenient"
	// Strict rejects prefixes outside the scheme, and begins no entity at tags that
	// do not fit it (docs/spec/metrics.md §4.3).
	Strict Mode = "strict"
)

// ParseMode parses the name of a mode.
func ParseMode(name string) (Mode, error) {
	switch m := Mode(name); m {
	case Lenient, Strict:
		return m, nil
	}
	return "", fmt.Errorf("mode %q: want %s or %s", name, Lenient, Strict)
}

// Errors of tags, wrapped by errors that name the position.
var (
	// ErrTagEmpty marks a tag without a prefix.
	ErrTagEmpty = errors.New("empty tag")
	// ErrTagPrefix marks a prefix outside the alphabet of the scheme.
	ErrTagPrefix = errors.New("prefix outside the scheme")
	// ErrTagBytes marks a tag, or a line of tags or answers, that is not valid UTF-8.
	ErrTagBytes = errors.New("not valid UTF-8")
	// ErrNoTag marks a column that is not a tag.
	ErrNoTag = errors.New("not a tag")
	// ErrTagLength marks gold and prediction of different length.
	ErrTagLength = errors.New("gold and prediction differ in length")
)

// Chunk is an entity of one sentence: its tokens [Start, End) and its type.
type Chunk struct {
	Start, End int
	Type       ner.EntityType
}

// DecodeTags returns the entities of one sentence in order. Errors wrap
// [ErrTagEmpty], [ErrTagBytes] or [ErrTagPrefix] and name the position, from 0.
func DecodeTags(tags []string, scheme Scheme, mode Mode) ([]Chunk, error) {
	return newTagReader(scheme, mode).chunks(tags)
}

// DecodeColumn is [DecodeTags] for the forms of tags in column files
// (docs/spec/metrics.md §4.5).
func DecodeColumn(tags []string, scheme Scheme, mode Mode) ([]Chunk, error) {
	return newFileScorer(scheme, mode).reader.chunks(tags)
}

// chunks decodes the tags of one sentence.
func (r *tagReader) chunks(tags []string) ([]Chunk, error) {
	read, err := r.sentence(tags)
	if err != nil {
		return nil, err
	}
	var d decoder
	var chunks []Chunk
	for _, c := range d.decode(read, r.scheme, r.mode) {
		chunks = append(chunks, Chunk{int(c.start), int(c.end), r.types[c.typ]})
	}
	return chunks, nil
}

// ScoreTags counts sentences given as tags, by strict spans (docs/spec/metrics.md §2,
// §4). Errors wrap [ErrTagLength], [ErrTagEmpty] or [ErrTagPrefix], and name
// the sentence, and the position in it, from 0.
func ScoreTags(gold, pred [][]string, scheme Scheme, mode Mode) (Tally, error) {
	if len(gold) != len(pred) {
		return nil, fmt.Errorf("sentences: %d of gold, %d of prediction: %w", len(gold), len(pred), ErrTagLength)
	}
	s := newTagScorer(scheme, mode)
	for i := range gold {
		if len(gold[i]) != len(pred[i]) {
			return nil, fmt.Errorf("sentence %d: %d tags of gold, %d of prediction: %w", i, len(gold[i]), len(pred[i]), ErrTagLength)
		}
		g, err := s.reader.sentence(gold[i])
		if err != nil {
			return nil, fmt.Errorf("sentence %d: gold: %w", i, err)
		}
		p, err := s.reader.sentence(pred[i])
		if err != nil {
			return nil, fmt.Errorf("sentence %d: prediction: %w", i, err)
		}
		s.add(g, p)
	}
	return s.tally(), nil
}

// tagScorer counts one sentence after the other.
type tagScorer struct {
	scheme     Scheme
	mode       Mode
	reader     *tagReader
	gold, pred decoder
	counts     []ner.Score // last chunks by type id
}

func newTagScorer(scheme Scheme, mode Mode) *tagScorer {
	return &tagScorer{scheme: scheme, mode: mode, reader: newTagReader(scheme, mode)}
}

// newFileScorer is [newTagScorer] for the forms of tags in column files.
func newFileScorer(scheme Scheme, mode Mode) *tagScorer {
	s := newTagScorer(scheme, mode)
	s.reader.files = true
	return s
}

// add counts one sentence. Chunks of a sentence end at different tokens and are
// sorted by their ends, so that one pass over both sides finds equal chunks.
func (s *tagScorer) add(gold, pred []tag) {
	for len(s.counts) < len(s.reader.types) {
		s.counts = append(s.counts, ner.Score{})
	}
	g := s.gold.decode(gold, s.scheme, s.mode)
	p := s.pred.decode(pred, s.scheme, s.mode)
	for _, c := range g {
		s.counts[c.typ].NGold++
	}
	i := 0
	for _, c := range p {
		s.counts[c.typ].NPred++
		for i < len(g) && g[i].end < c.end {
			i++
		}
		if i < len(g) && g[i] == c {
			s.counts[c.typ].TP++
		}
	}
}

func (s *tagScorer) tally() Tally {
	t := Tally{}
	for id, score := range s.counts {
		if score != (ner.Score{}) {
			t.Add(s.reader.types[id], score)
		}
	}
	return t
}
