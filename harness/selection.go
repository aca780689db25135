package harness

import (
	"context"
	"iter"
	"slices"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
)

// selection describes the passages of a run.
type selection struct {
	split ner.Split
	gold  datasets.UniNERGold
	view  string // of the loaders; empty: the documents of the files
	limit int    // number of passages from the start; 0: all
	shard ner.Shard
	// cap is the largest number of passage-type pairs (docs/spec/metrics.md §10.5); 0: no cap.
	cap int
	// sampleSeed is the seed of splits that are not in the release, and of the sample
	// under the cap.
	sampleSeed int
}

// selectionOf returns the selection of a plan.
func selectionOf(p ner.Plan) selection {
	s := selection{split: p.Split, view: p.View, limit: p.Limit, shard: p.Shard, cap: p.Cap}
	if p.SampleSeed != nil {
		s.sampleSeed = *p.SampleSeed
	}
	if p.Gold == "uniner" {
		s.gold = datasets.WithoutSentenceFinal
	}
	return s
}

// LoaderOptions returns the options to load the documents of a plan.
func LoaderOptions(p ner.Plan) loaders.Options { return selectionOf(p).options() }

// options returns the options of the loader.
func (s selection) options() loaders.Options {
	return loaders.Options{Split: s.split, Gold: s.gold, View: s.view, Seed: s.sampleSeed}
}

// train returns the options to load the train split that belongs to the selection.
// The seed is the same, because random splits of one dataset must be disjoint.
func (s selection) train(gold datasets.UniNERGold) loaders.Options {
	return loaders.Options{Split: ner.Train, Gold: gold, View: s.view, Seed: s.sampleSeed}
}

// keys returns the keys of a run that determine its passages.
func (s selection) keys(dataset *datasets.Dataset) map[string]string {
	p := ner.Plan{Split: s.split, Limit: s.limit, Cap: s.cap}
	if s.gold != "" && s.gold != datasets.NativeGold {
		p.Gold = "uniner"
	}
	if s.view == loaders.Table6View {
		p.View = s.view
	}
	if s.shard.Of > 1 {
		p.Shard = s.shard
	}
	if s.cap > 0 || loaders.Made(dataset, s.options()) {
		p.SampleSeed = &s.sampleSeed
	}
	return p.Keys()
}

// part is a selection of passages: those with an index below the limit, in the
// shard, and in the sample under the cap.
type part struct {
	selection
	sample []int // ascending; nil: no cap
}

func (p part) has(index int) bool {
	if !p.shard.Has(index) {
		return false
	}
	if p.sample == nil {
		return true
	}
	_, found := slices.BinarySearch(p.sample, index)
	return found
}

// cut filters the documents of the part.
func (p part) cut(docs iter.Seq2[*ner.Document, error]) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		index := 0
		for d, err := range docs {
			if err == nil && p.limit > 0 && index >= p.limit {
				return
			}
			if (err != nil || p.has(index)) && !yield(d, err) {
				return
			}
			index++
		}
	}
}

// survey describes the passages of a run before its first query.
type survey struct {
	part     part
	data     string // fingerprint of the whole split
	lock     datasets.Lock
	passages int // number of passages of the run
	split    int // number of passages of the split
	longest  int // bytes of their longest text
	// repairs are those of the files, by kind ([loaders.Tally]).
	repairs map[string]int
}

// readSplit reads a split.
func (b *Bench) readSplit(ctx context.Context, dataset *datasets.Dataset, s selection) (survey, error) {
	out := survey{part: part{selection: s}}
	docs, tally, err := b.documents(ctx, dataset, s.options())
	if err != nil {
		return out, err
	}
	fingerprint := loaders.NewFingerprint()
	var ids []string
	var sizes []int
	for d, err := range docs {
		if err != nil {
			return out, err
		}
		fingerprint.Add(d)
		sizes = append(sizes, len(d.Text))
		if s.cap > 0 && (s.limit == 0 || len(ids) < s.limit) {
			ids = append(ids, d.ID)
		}
	}
	out.split, out.repairs = len(sizes), tally.Repairs
	out.data, out.lock = fingerprint.DataKey(), fingerprint.Lock()
	if s.limit >= len(sizes) {
		out.part.limit = 0 // the same run as without a limit
	}
	if s.cap > 0 {
		out.part.sample = prompts.Sample(s.sampleSeed, dataset.ID, ids, len(dataset.Types()), s.cap)
	}
	for i, size := range sizes {
		if out.part.limit > 0 && i >= out.part.limit {
			break
		}
		if out.part.has(i) {
			out.passages++
			out.longest = max(out.longest, size)
		}
	}
	return out, nil
}

// asked streams the documents of a run.
func (b *Bench) asked(ctx context.Context, dataset *datasets.Dataset, p part) (iter.Seq2[*ner.Document, error], error) {
	docs, err := b.Documents(ctx, dataset, p.options())
	if err != nil {
		return nil, err
	}
	return p.cut(docs), nil
}

// trainOptions returns the options to load the train split that belongs to a plan.
func trainOptions(p ner.Plan) loaders.Options {
	s := selectionOf(p)
	return s.train(s.gold)
}
