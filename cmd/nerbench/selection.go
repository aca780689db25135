package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
)

// selection is the part of a split that a run asks.
type selection struct {
	split ner.Split
	gold  datasets.UniNERGold
	view  string // of the loaders; empty: the documents of the files
	limit int    // passages from the start; 0: all
	// shard and shards: part i of n, from 1; 0: all.
	shard, shards int
	// cap is the largest number of passage-type pairs (docs/spec/metrics.md §10.5); 0: none.
	cap int
	// sampleSeed draws what is drawn: a split that is not in the release, and the
	// passages under the cap.
	sampleSeed int
}

// options are those of the loader.
func (s selection) options() loaders.Options {
	return loaders.Options{Split: s.split, Gold: s.gold, View: s.view, Seed: s.sampleSeed}
}

// checkView refuses an unknown view of the units.
func checkView(view string) error {
	if view == "" || view == "all" || view == loaders.Table6View {
		return nil
	}
	return fault.Usagef("--view %s: want all or %s", view, loaders.Table6View)
}

// train are the loader's options of the train split that goes with the selection:
// a split that is drawn is drawn by one seed.
func (s selection) train(gold datasets.UniNERGold) loaders.Options {
	return loaders.Options{Split: ner.Train, Gold: gold, View: s.view, Seed: s.sampleSeed}
}

// keys are the run's keys that say which passages of a dataset it asks.
func (s selection) keys(dataset *datasets.Dataset) map[string]string {
	keys := map[string]string{"split": string(s.split)}
	if s.gold != "" && s.gold != datasets.NativeGold {
		keys["gold"] = "uniner"
	}
	if s.view == loaders.Table6View {
		keys["view"] = s.view
	}
	if loaders.Made(dataset, s.options()) {
		keys["sample_seed"] = strconv.Itoa(s.sampleSeed)
	}
	if s.limit > 0 {
		keys["limit"] = strconv.Itoa(s.limit)
	}
	if s.shards > 1 {
		keys["shard"] = fmt.Sprintf("%d/%d", s.shard, s.shards)
	}
	if s.cap > 0 {
		keys["cap"] = strconv.Itoa(s.cap)
		keys["sample_seed"] = strconv.Itoa(s.sampleSeed)
	}
	return keys
}

// selectionOf reads the selection back from the keys of a run.
func selectionOf(keys map[string]string) (selection, error) {
	s := selection{split: ner.Split(keys["split"]), view: keys["view"]}
	for name, into := range map[string]*int{"limit": &s.limit, "cap": &s.cap, "sample_seed": &s.sampleSeed} {
		if v := keys[name]; v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				return s, fmt.Errorf("key %s=%s: want a number", name, v)
			}
			*into = n
		}
	}
	if v := keys["shard"]; v != "" {
		if _, err := fmt.Sscanf(v, "%d/%d", &s.shard, &s.shards); err != nil {
			return s, fmt.Errorf("key shard=%s: want i/n", v)
		}
	}
	if keys["gold"] == "uniner" {
		s.gold = datasets.WithoutSentenceFinal
	}
	return s, nil
}

// part says which documents of a split are asked: those with index below limit,
// in the shard, and in the sample.
type part struct {
	selection
	sample []int // ascending; nil: no cap
}

func (p part) has(index int) bool {
	if p.shards > 1 && index%p.shards != p.shard-1 {
		return false
	}
	if p.sample == nil {
		return true
	}
	_, found := slices.BinarySearch(p.sample, index)
	return found
}

// cut keeps the documents of the part.
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

// survey is what a run must know of its passages before it asks the first.
type survey struct {
	part     part
	data     string // fingerprint of the whole split
	lock     datasets.Lock
	passages int // that are asked
	longest  int // bytes of the longest text among them
}

// surveyRow reads a split once: its fingerprint is part of the run's identity,
// its longest passage decides the context.
func (env *environment) surveyDataset(ctx context.Context, dataset *datasets.Dataset, s selection) (survey, error) {
	out := survey{part: part{selection: s}}
	docs, err := env.documents(ctx, dataset, s.options())
	if err != nil {
		return out, err
	}
	print := loaders.NewFingerprint()
	var ids []string
	var sizes []int
	for d, err := range docs {
		if err != nil {
			return out, err
		}
		print.Add(d)
		sizes = append(sizes, len(d.Text))
		if s.cap > 0 && (s.limit == 0 || len(ids) < s.limit) {
			ids = append(ids, d.ID)
		}
	}
	out.data, out.lock = print.DataKey(), print.Lock()
	if s.limit >= len(sizes) {
		out.part.limit = 0 // all of them: the same run as without a limit
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

// asked streams the documents that a run asks.
func (env *environment) asked(ctx context.Context, dataset *datasets.Dataset, p part) (iter.Seq2[*ner.Document, error], error) {
	docs, err := env.documents(ctx, dataset, p.options())
	if err != nil {
		return nil, err
	}
	return p.cut(docs), nil
}
