// Package tagger is a model in the process: a linear-chain tagger that is trained on a
// dataset's train split at start. It is the supervised baseline of the benchmark and
// the model of quickstart. It needs no server and no download.
//
// It is the structured perceptron with averaged weights (Collins, 2002,
// "Discriminative Training Methods for Hidden Markov Models", EMNLP) over features of
// words, shapes and affixes. All arithmetic is in integers, and training takes one
// sentence after the other. So equal data, settings and seed give equal weights on
// every machine.
//
// In the order of a document: [words] splits it, [describe] and [features] compute the
// features of each word, [table] and [transitions] hold the weights, [decoder] finds
// the best path, [labels] converts between paths and spans, [learner] changes the
// weights.
package tagger

import (
	"fmt"
	"sync"

	"nerbench/ner"
	"nerbench/runners"
)

// Config holds the settings of training. The zero value fits every dataset.
type Config struct {
	// Seed determines the order of the sentences.
	Seed int
	// Epochs is the number of passes over the sentences; 0 means [DefaultEpochs].
	Epochs int
	// Observe is called after every epoch. May be nil.
	Observe func(Epoch)
}

// DefaultEpochs is the default number of passes over the sentences. Twice as many gain
// nothing on the dev splits of conllpp, wikiann-en and bc5cdr.
const DefaultEpochs = 10

// Epoch is the state of training after one pass over all sentences.
type Epoch struct {
	Number, Of int // 1 to Of
	Sentences  int
	Wrong      int // sentences with a wrong label
}

// version identifies features and training. It changes whenever the same settings and
// documents can give other weights.
const version = "perceptron-2"

// Key is the value of the run key "training": all settings that can change the weights,
// and the version of the training.
func (c Config) Key() string {
	return fmt.Sprintf("%s epochs=%d seed=%d", version, c.epochs(), c.Seed)
}

func (c Config) epochs() int {
	if c.Epochs > 0 {
		return c.Epochs
	}
	return DefaultEpochs
}

// Tagger is a trained model. Several goroutines may use it at once.
type Tagger struct {
	model    *model
	digest   string
	learnt   Learnt
	decoders sync.Pool // of *decoder
}

// Identity identifies the tagger by the SHA-256 of its weights.
func (t *Tagger) Identity() runners.Identity {
	return runners.Identity{Model: "tagger", Digest: t.digest, Server: "in-process"}
}

// Learnt counts the training data.
func (t *Tagger) Learnt() Learnt { return t.learnt }

// Tag returns the entities of a document, in order and without overlap. They depend
// only on its text and tokens.
func (t *Tagger) Tag(d *ner.Document) []ner.Span {
	w := d.Words()
	if len(w) == 0 {
		return nil
	}
	dec, _ := t.decoders.Get().(*decoder)
	if dec == nil {
		dec = new(decoder)
	}
	defer t.decoders.Put(dec)
	return t.model.labels.spans(w, dec.path(t.model, dec.read(d.Text, w)))
}
