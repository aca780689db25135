package harness

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// Preparer prepares runs without running them. It reads the same passages once for
// all its runs. It must not be used by several goroutines at once.
type Preparer struct {
	Bench *Bench

	surveys map[string]survey
}

// Prepared is a run before its model is opened.
type Prepared struct {
	// Request includes the keys of the card and the defaults.
	Request  Request
	Card     *cards.Card // nil: no card is used
	Dataset  *datasets.Dataset
	Passages int // number of passages of the run
	Renderer *prompts.Renderer
	Decoding runners.Decoding

	bench *Bench
	found survey
}

// Prepare completes a request and prepares its run on one dataset: it reads the
// data and prepares the prompts. It opens no model and reads no store.
func (p *Preparer) Prepare(ctx context.Context, r Request, dataset *datasets.Dataset) (*Prepared, error) {
	r.Datasets = []*datasets.Dataset{dataset}
	card, err := p.Bench.complete(&r)
	if err != nil {
		return nil, err
	}
	return p.prepare(ctx, r, card, dataset)
}

// prepare prepares the run of a complete request.
func (p *Preparer) prepare(ctx context.Context, r Request, card *cards.Card, dataset *datasets.Dataset) (*Prepared, error) {
	found, err := p.survey(ctx, dataset, selectionOf(r.Plan))
	if err != nil {
		return nil, err
	}
	renderer, err := p.Bench.Renderer(ctx, r.Plan, dataset)
	if err != nil {
		return nil, err
	}
	return &Prepared{
		Request: r, Card: card, Dataset: dataset, Passages: found.passages, Renderer: renderer,
		Decoding: decodingOf(r.Plan), bench: p.Bench, found: found,
	}, nil
}

// survey reads a selection of a dataset once.
func (p *Preparer) survey(ctx context.Context, dataset *datasets.Dataset, s selection) (survey, error) {
	var key strings.Builder
	key.WriteString(dataset.ID)
	keys := s.keys(dataset)
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		key.WriteString(" " + name + "=" + keys[name])
	}
	if found, there := p.surveys[key.String()]; there {
		return found, nil
	}
	found, err := p.Bench.survey(ctx, dataset, s)
	if err != nil {
		return found, err
	}
	if p.surveys == nil {
		p.surveys = map[string]survey{}
	}
	p.surveys[key.String()] = found
	return found, nil
}

// Keys returns the keys of the run that do not depend on its model: those of the
// data and of the prompts.
func (p *Prepared) Keys() map[string]string {
	return mergeKeys(p.found.part.keys(p.Dataset), p.Renderer.Keys(), map[string]string{
		"dataset": p.Dataset.ID, "data": p.found.data, "labels": p.Dataset.LabelsHash(),
	})
}

// Documents streams the passages of the run.
func (p *Prepared) Documents(ctx context.Context) (iter.Seq2[*ner.Document, error], error) {
	return p.bench.asked(ctx, p.Dataset, p.found.part)
}

// Open opens the model with a context length that fits the longest prompt. The
// caller must close the model.
func (p *Prepared) Open(ctx context.Context) (*open.Model, error) {
	return p.open(ctx, p.bench.notesOn(p.Dataset.ID, false), p.bench.notesOn(p.Dataset.ID, true))
}

// notesOn returns a function that sends notes on a dataset.
func (b *Bench) notesOn(dataset string, frequent bool) func(string) {
	return func(text string) { b.notify(Event{Dataset: dataset, Note: text, Frequent: frequent}) }
}

// open opens the model. observe gets remarks, and retrying the failures that are retried.
func (p *Prepared) open(ctx context.Context, observe, retrying func(string)) (*open.Model, error) {
	longest, answer, example, err := longestPrompt(p.Renderer, p.found.longest)
	if err != nil {
		return nil, err
	}
	r, selected := p.Request, selectionOf(p.Request.Plan)
	spec := p.bench.spec(r, p.Card, p.Dataset.ID)
	spec.Types, spec.Labels, spec.LabelsHash = p.Dataset.Types(), nativeTypes(p.Dataset), p.Dataset.LabelsHash()
	spec.Train = func(ctx context.Context) (iter.Seq2[*ner.Document, error], func() string, error) {
		return p.bench.training(ctx, p.Dataset, selected.train(selected.gold))
	}
	spec.Decoding, spec.Longest, spec.LongestAnswer, spec.Example = p.Decoding, longest, answer, example
	spec.Observe, spec.Retrying = observe, retrying
	return open.Open(ctx, spec)
}

// spec describes the model of a request, without its prompts. The name is that of the
// dataset.
func (b *Bench) spec(r Request, card *cards.Card, name string) open.Spec {
	s := open.Spec{
		Name: r.Plan.Model, Dataset: name, Family: r.Plan.Family, Decoding: decodingOf(r.Plan), ThinkSwitch: r.Plan.ThinkSwitch,
		Weights: r.Weights, Servers: r.Servers, KeyFile: r.KeyFile, Timeout: r.Timeout, Connections: r.Connections,
		Pull: r.Pull, Unconstrained: r.Unconstrained, KeepAlive: r.KeepAlive, Local: r.Local, Elsewhere: r.Elsewhere, Kept: r.Kept, Getenv: b.Getenv,
		Observe: b.notesOn(name, false), Retrying: b.notesOn(name, true), Log: b.notesOn(name, false),
	}
	if card != nil {
		s.MadeFor, s.Special = card.Context, card.Special
	}
	return s
}

// training opens documents to train on. data returns their fingerprint after all of
// them were read.
func (b *Bench) training(ctx context.Context, dataset *datasets.Dataset, o loaders.Options) (docs iter.Seq2[*ner.Document, error], data func() string, err error) {
	all, err := b.Documents(ctx, dataset, o)
	if err != nil {
		return nil, nil, err
	}
	fingerprint := loaders.NewFingerprint()
	return func(yield func(*ner.Document, error) bool) {
		for d, err := range all {
			if err == nil {
				fingerprint.Add(d)
			}
			if !yield(d, err) {
				return
			}
		}
	}, fingerprint.DataKey, nil
}

// nativeTypes returns the types of a dataset by their native labels.
func nativeTypes(dataset *datasets.Dataset) map[string]ner.EntityType {
	types := map[string]ner.EntityType{}
	for _, l := range dataset.Labels {
		if !l.Drop {
			types[l.Native] = l.Type
		}
	}
	return types
}
