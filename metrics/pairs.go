package metrics

import (
	"context"
	"io"
	"runtime"
	"slices"

	"nerbench/ner"
)

// PairCounts are the counts of a file of answer pairs.
type PairCounts struct {
	Score ner.Score
	Pairs int
	// Void and GoldVoid are answers and gold answers other than "[]" that parse as
	// an empty list (docs/spec/metrics.md §8.3, §3.6).
	Void, GoldVoid int
}

// AppendItems is the official parser of §3.2: it appends the normalised items of an
// answer, without duplicates, to a list. Appended strings do not change later.
type AppendItems func(items []string, answer string) []string

// Pairs scores JSON Lines {"gold": "[…]", "pred": "[…]"}, one query each, with the
// string-set counts of docs/spec/metrics.md §3.4. Each worker has its own parser.
// Blank lines are skipped. It reads the stream once, in blocks, on all processors,
// with constant memory. An error in the file is a [LineError], always the first
// one.
func Pairs(ctx context.Context, r io.Reader, newParser func() AppendItems) (PairCounts, error) {
	readers := make([]*pairReader, runtime.GOMAXPROCS(0))
	workers := make([]func(block) error, len(readers))
	for i := range readers {
		readers[i] = &pairReader{parse: newParser()}
		workers[i] = readers[i].block
	}
	if err := eachBlock(ctx, r, cutAtLine, func(block) {}, workers); err != nil {
		return PairCounts{}, err
	}
	var sum PairCounts
	for _, p := range readers {
		sum.Score = sum.Score.Add(p.counts.Score)
		sum.Pairs += p.counts.Pairs
		sum.Void += p.counts.Void
		sum.GoldVoid += p.counts.GoldVoid
	}
	return sum, nil
}

// pairReader scores blocks of a file of pairs.
type pairReader struct {
	parse      AppendItems
	scanner    pairScanner
	gold, pred []string
	counts     PairCounts
}

func (p *pairReader) block(b block) error {
	p.scanner.begin(len(b.data))
	for data, line := b.data, b.line; len(data) > 0; line++ {
		var text []byte
		text, data = cutLine(data)
		if blankJSON(text) {
			continue
		}
		pair, err := p.scanner.read(text)
		if err != nil {
			return &LineError{line, err}
		}
		p.add(pair)
	}
	return nil
}

// add counts one pair. If both answers are the same text, only one of them is
// parsed: this is the most frequent case for good models and for queries without
// gold.
func (p *pairReader) add(pair AnswerPair) {
	p.counts.Pairs++
	p.gold = p.parse(p.gold[:0], pair.Gold)
	void := len(p.gold) == 0 && pair.Gold != "[]"
	if void {
		p.counts.GoldVoid++
	}
	if pair.Pred == pair.Gold {
		n := len(p.gold)
		p.counts.Score = p.counts.Score.Add(ner.Score{TP: n, NPred: n, NGold: n})
		if void {
			p.counts.Void++
		}
		return
	}
	p.pred = p.parse(p.pred[:0], pair.Pred)
	if len(p.pred) == 0 && pair.Pred != "[]" {
		p.counts.Void++
	}
	p.counts.Score = p.counts.Score.Add(matchItemLists(p.pred, p.gold))
}

// matchItemLists counts two lists of distinct strings; it may sort them.
func matchItemLists(pred, gold []string) ner.Score {
	if len(pred)*len(gold) > 64 {
		slices.Sort(pred)
		slices.Sort(gold)
		return intersect(pred, gold)
	}
	s := ner.Score{NPred: len(pred), NGold: len(gold)}
	for _, item := range pred {
		if slices.Contains(gold, item) {
			s.TP++
		}
	}
	return s
}
