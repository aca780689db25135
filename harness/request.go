package harness

import (
	"time"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// Request describes runs of one model on one or more datasets.
type Request struct {
	// Plan holds the keys of the runs. Model is required, the others have defaults.
	Plan ner.Plan
	// Datasets are the datasets to run on; empty: Plan.Dataset.
	Datasets []*datasets.Dataset
	// Card names the model card with the settings of the model; empty: the card with
	// the name of the model, if there is one.
	Card string

	// Weights names the weights of a model whose server reports no digest: DIR, FILE,
	// hf:ORG/NAME@COMMIT or sha256:HEX; empty: those of the card, or else the model is
	// identified by name.
	Weights string

	Servers     []string      // addresses of servers; empty: the default ones
	KeyFile     string        // file with the API key of the servers
	Timeout     time.Duration // of one query; 0: the default of the runner
	Connections int           // passages at once; 0: adaptive
	Pull        bool          // let an Ollama server download the model
	// Unconstrained: run although the server ignores the schema of the answers.
	Unconstrained bool
	KeepAlive     *time.Duration // of the model in an Ollama server, see [open.ParseKeepAlive]; nil: its default
	Local         open.Local     // settings of models that run on this machine

	// Part is the part of the passages to send; the zero value: all. The runs are the same
	// as without it, and are not scored before all their parts are complete.
	Part ner.Shard
	// Elsewhere opens the models on other machines; nil: they are opened here.
	Elsewhere open.Elsewhere
	// Kept keeps a model in the process, or a program, after a run; nil: over the datasets of
	// one call of [Bench.Run].
	Kept *open.Kept

	Metrics []string // ids; empty: loop.DefaultMetrics
	AskOnly bool     // do not score
	Probe   int      // number of queries to send again at the end of a run
	// Scored adds a score to [Progress]: answers are parsed during the run.
	Scored bool

	ignored []string // keys that were set, but have no effect on the model
}

// complete sets the keys of a request that are open from the card, then from the
// defaults. The card is nil if none is used.
func (b *Bench) complete(r *Request) (*cards.Card, error) {
	if len(r.Datasets) == 0 {
		dataset, err := b.FindDataset(r.Plan.Dataset)
		if err != nil {
			return nil, &UsageError{Err: err}
		}
		r.Datasets = []*datasets.Dataset{dataset}
	}
	card, err := b.takeCard(r)
	if err != nil {
		return nil, err
	}
	if err := open.Check(r.Plan.Model); err != nil {
		return nil, err
	}
	if err := r.chooseWeights(card); err != nil {
		return nil, err
	}
	if r.Plan.Split == "" {
		r.Plan.Split = ner.Test
	}
	if r.Plan.Family == "" {
		r.Plan.Family = open.DefaultFamily(r.Plan.Model)
	}
	return card, r.dropIgnored()
}

// dropIgnored removes the keys that change no answer of the model: with them, the same
// answers would be another run.
func (r *Request) dropIgnored() error {
	given := r.Plan.Keys()
	for _, name := range open.Ignores(r.Plan.Model, r.Plan.Family) {
		if given[name] == "" {
			continue
		}
		r.ignored = append(r.ignored, name)
		if err := r.Plan.Set(name, ""); err != nil {
			return err
		}
	}
	return nil
}

// chooseWeights takes the weights of the card, unless the request names some, and checks
// their form.
func (r *Request) chooseWeights(card *cards.Card) error {
	if r.Weights != "" && !open.TakesWeights(r.Plan.Model) {
		return fault.Usagef("--weights: model %s has a digest of its own: weights are named for vllm/ and openai/", r.Plan.Model)
	}
	if r.Weights == "" && card != nil && open.TakesWeights(r.Plan.Model) {
		r.Weights = card.Weights
	}
	return open.CheckWeights(r.Weights)
}
