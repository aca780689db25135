package submissions

import (
	"context"
	"fmt"
	"sync"

	"nerbench/bundles"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners/open"
)

// memory keeps the answers of passages that are asked again. No earlier answer is used.
type memory struct {
	mu       sync.Mutex
	passages map[int]ner.Passage // by index
}

func (*memory) Cached(context.Context, []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	return nil, nil
}

func (m *memory) Record(_ context.Context, p ner.Passage, complete bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if complete {
		m.passages[p.Index] = p
	}
	return nil
}

// askAgain asks a model passages of a run, with the prompts and settings of the run. The
// request has the model and its server. Prompts that would be others here are an error.
func askAgain(ctx context.Context, b *harness.Bench, request harness.Request, dataset *datasets.Dataset, run *bundles.Run, wanted func(index int) bool) (map[int]ner.Passage, ner.Identity, error) {
	var identity ner.Identity
	prepared, err := prepare(ctx, b, request, dataset, run)
	if err != nil {
		return nil, identity, err
	}
	model, err := prepared.Open(ctx)
	if err != nil {
		return nil, identity, err
	}
	defer model.Close()
	if identity = model.Identity; identity.Digest != "" && run.Keys["digest"] != "" && identity.Digest != run.Keys["digest"] {
		return nil, identity, fmt.Errorf("%s is another model than that of the run: its digest is %s, the run has %s", request.Plan.Model, identity.Digest, run.Keys["digest"])
	}
	passages, err := ask(ctx, prepared, model, wanted)
	return passages, identity, err
}

// prepare prepares the run of a request with the settings of a bundle's run.
func prepare(ctx context.Context, b *harness.Bench, request harness.Request, dataset *datasets.Dataset, run *bundles.Run) (*harness.Prepared, error) {
	name := request.Plan.Model
	var err error
	if request.Plan, err = settable(run.Keys); err != nil {
		return nil, err
	}
	request.Plan.Model = name
	prepared, err := (&harness.Preparer{Bench: b}).Prepare(ctx, request, dataset)
	if err != nil {
		return nil, err
	}
	return prepared, samePrompts(prepared.Keys(), run.Keys)
}

// settable is the plan of the keys that a user can set. The seed of a model that is
// trained is part of another key.
func settable(keys map[string]string) (ner.Plan, error) {
	set := map[string]string{}
	for _, name := range ner.KeyNames(ner.Settable) {
		if keys[name] != "" {
			set[name] = keys[name]
		}
	}
	if seed := ner.TrainedSeed(keys); seed != "" {
		set["sampling_seed"] = seed
	}
	return ner.PlanOf(set)
}

// samePrompts demands that the keys of data and prompts are those of the run.
func samePrompts(here, run map[string]string) error {
	for _, name := range ner.KeyNames(ner.InPart(ner.DataPart, ner.PromptPart)) {
		if here[name] == run[name] {
			continue
		}
		err := fmt.Errorf("it would be asked in another way here: %s is %q, in the run it is %q", name, here[name], run[name])
		if name == "data" || name == "labels" {
			return &fault.DataError{Err: err}
		}
		return err
	}
	return nil
}

// ask asks the wanted passages. Passages without all answers are an error.
func ask(ctx context.Context, prepared *harness.Prepared, model *open.Model, wanted func(index int) bool) (map[int]ner.Passage, error) {
	docs, err := prepared.Documents(ctx)
	if err != nil {
		return nil, err
	}
	kept := &memory{passages: map[int]ner.Passage{}}
	identity, decoding := results.Address(model.Identity, model.Decoding, model.AnswerBy)
	asked, err := loop.Ask(ctx, loop.Plan{
		Documents: docs, Done: func(i int) bool { return !wanted(i) }, Queries: prepared.Renderer.Queries, Identity: identity, Decoding: decoding, Answerer: model.Identity.Answerer(),
		Runner: model.Runner, Slots: model.Slots, Recorder: kept,
	})
	if err != nil {
		return nil, err
	}
	if asked.Incomplete > 0 {
		return nil, &fault.PartialError{Err: fmt.Errorf("%d of %d passages have no answer: %w", asked.Incomplete, asked.Complete+asked.Incomplete, asked.Failure)}
	}
	return kept.passages, nil
}
