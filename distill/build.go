package distill

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/ner"
)

// Builder makes the conversations of a SET, in the order in which their passages are
// added.
type Builder struct {
	settings Settings
	count    Counter // nil: words
	passages []built
	counts   Counts
}

// built is a passage with its conversations.
type built struct {
	id    string
	parts []Conversation
}

// NewBuilder returns a builder without passages. count counts tokens; nil: the words of
// [ner.Words].
func NewBuilder(s Settings, count Counter) (*Builder, error) {
	if err := s.Check(); err != nil {
		return nil, &fault.UsageError{Err: err}
	}
	return &Builder{settings: s, count: count}, nil
}

// countWords counts the words of [ner.Words].
func countWords(text string) (int, error) { return ner.CountWords(text), nil }

// AddKept adds constructed data, with negatives from all of it (docs/spec/prompts.md
// §6.5 and §6.6).
func (b *Builder) AddKept(kept []*Kept) error {
	negatives, err := NewNegatives(kept, b.settings.options())
	if err != nil {
		return err
	}
	done := make([]finished, len(kept))
	parts := runtime.GOMAXPROCS(0)
	if b.count != nil { // a tokenizer is for one goroutine
		parts = 1
	}
	parallel.Each(parts, func(part int) {
		own := negatives.clone()
		for i := part * len(kept) / parts; i < (part+1)*len(kept)/parts; i++ {
			done[i] = b.finish(NewConversation(kept[i], own.Draw(kept[i])))
		}
	})
	b.passages = slices.Grow(b.passages, len(kept))
	for _, f := range done {
		if err := b.take(f); err != nil {
			return err
		}
	}
	return nil
}

// Add adds the conversation about a passage. Its questions are shuffled, and it is split,
// as the settings say.
func (b *Builder) Add(c Conversation) error { return b.take(b.finish(c)) }

// Passages is the number of passages with a conversation so far.
func (b *Builder) Passages() int { return len(b.passages) }

// finished is a passage whose questions are shuffled and split.
type finished struct {
	built
	left int // questions that do not fit
	err  error
}

func (b *Builder) finish(c Conversation) finished {
	c.paragraph = b.settings.Base() == "paragraph"
	if b.settings.Order == "shuffled" {
		c.Shuffle(b.settings.Seed)
	}
	count := b.count
	if count == nil {
		count = countWords
	}
	parts, left, err := c.Split(b.settings.MaxTokens, count)
	return finished{built{c.ID, parts}, left, err}
}

func (b *Builder) take(f finished) error {
	if f.err != nil {
		return fmt.Errorf("passage %s: %w", f.id, f.err)
	}
	b.counts.TooLong += f.left
	switch len(f.parts) {
	case 0:
		b.counts.PassagesLeft++
		return nil
	case 1:
	default:
		b.counts.Split++
	}
	b.passages = append(b.passages, f.built)
	return nil
}

// Set returns the training data of all passages. The dev share is order(seed, "dev", ids);
// all conversations of a passage are on one side.
func (b *Builder) Set() (*Set, error) {
	switch n := b.counts.PassagesLeft; {
	case len(b.passages) == 0 && n > 0:
		err := fmt.Errorf("none of %d passages leaves room for a question in %d tokens", n, b.settings.MaxTokens)
		return nil, &fault.Hint{Err: err, Advice: "raise --max-tokens"}
	case len(b.passages) == 0:
		return nil, errors.New("no kept passage: there is nothing to train on")
	}
	s := &Set{Build: Build{Settings: b.settings, Counts: b.counts, Seen: []string{}}}
	dev := b.dev()
	for i, p := range b.passages {
		s.Build.Counts.Passages++
		for _, c := range p.parts {
			s.Build.Counts.Conversations++
			s.Build.Counts.Questions += len(c.Questions)
			for _, q := range c.Questions {
				if q.Negative {
					s.Build.Counts.Negatives++
				}
			}
		}
		if dev[i] {
			s.Dev = append(s.Dev, p.parts...)
		} else {
			s.Train = append(s.Train, p.parts...)
		}
	}
	return s, nil
}

// dev says of each passage whether it is in the dev share.
func (b *Builder) dev() []bool {
	type place struct {
		key uint64
		i   int
	}
	places := make([]place, len(b.passages))
	for i, p := range b.passages {
		places[i] = place{ner.Hash(b.settings.Seed, "dev", p.id), i}
	}
	slices.SortFunc(places, func(a, c place) int {
		return cmp.Or(cmp.Compare(a.key, c.key), cmp.Compare(b.passages[a.i].id, b.passages[c.i].id))
	})
	dev := make([]bool, len(places))
	for _, p := range places[:int(math.Floor(b.settings.Dev*float64(len(places))+0.5))] {
		dev[p.i] = true
	}
	return dev
}
