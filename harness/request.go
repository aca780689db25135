package harness

import (
	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/runners/cards"
	"nerbench/runners/open"
	"time"
)

// Request says what to run: a model on datasets, in one way.
type Request struct {
	// Plan holds the keys that are set; Model is required, the others are determined
	// or have defaults.
	Plan ner.Plan
	// Datasets are the datasets to run on; none: Plan.Dataset.
	Datasets []*datasets.Dataset
	// Card names the model card that says how to ask the model; empty: the card of
	// the model's name, if there is one.
	Card string

	Servers     []string      // addresses of servers; none: the usual ones
	KeyFile     string        // file with the key of the servers
	Timeout     time.Duration // for one query; 0: the runner's
	Connections int           // passages at once; 0: adapt
	Pull        bool          // an Ollama server may download the model
	KeepAlive   time.Duration // of the model in an Ollama server; 0: its default
	Local       open.Local    // models in the process

	Metrics []string // ids; none: loop.DefaultMetrics
	AskOnly bool     // do not score
	Probe   int      // queries to send again at the end of a run
	// Scored parses the answers while the run is under way, to show a score in
	// [Progress].
	Scored bool
}

// complete takes from the card what the request leaves open, and fills in
// defaults. The card is nil where no card is used.
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
	if r.Plan.Split == "" {
		r.Plan.Split = ner.Test
	}
	if r.Plan.Family == "" {
		r.Plan.Family = open.DefaultFamily(r.Plan.Model)
	}
	return card, nil
}
