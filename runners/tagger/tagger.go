// Package tagger is a model in the process itself: a linear-chain tagger that
// learns from a dataset's train split at start. It is the supervised baseline of
// the benchmark, the model of quickstart, and needs no server and no download.
//
// It is the structured perceptron with averaged weights (Collins, 2002,
// "Discriminative Training Methods for Hidden Markov Models", EMNLP) over plain
// features of words, shapes and affixes. All arithmetic is in integers and
// learning takes one sentence after the other, so equal data, settings and seed
// give equal weights on every machine.
//
// To follow a document: [words] cuts it, [describe] and [features] say what can
// be seen of each word, [table] and [transitions] hold the weights, [decoder]
// finds the best path, [labels] turns paths into spans and back, [learner]
// changes the weights.
package tagger

import (
	"fmt"
	"sync"

	"nerbench/ner"
	"nerbench/runners"
)

// Config says how to learn. The zero value serves every dataset.
type Config struct {
	// Seed chooses the order in which sentences are learnt from.
	Seed int
	// Epochs is how often every sentence is seen; 0 means [DefaultEpochs].
	Epochs int
	// Observe is told of every epoch that is finished. May be nil.
	Observe func(Epoch)
}

// DefaultEpochs is how often every sentence is seen unless told otherwise.
// Twice as many gain nothing on the dev splits of conllpp, wikiann-en and
// bc5cdr.
const DefaultEpochs = 10

// Epoch is the state of training after one pass over all sentences.
type Epoch struct {
	Number, Of int // 1 to Of
	Sentences  int
	Wrong      int // sentences whose labels were not all right
}

// version names features and learning. It changes whenever the same settings
// and documents can give other weights.
const version = "perceptron-2"

// Key is the value of the run key "training": everything of the configuration
// that can change the weights, and the version of the learner.
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

// Identity names the tagger by its weights: the digest is their SHA-256.
func (t *Tagger) Identity() runners.Identity {
	return runners.Identity{Model: "tagger", Digest: t.digest, Server: "in-process"}
}

// Learnt says what of the train split the tagger could learn from.
func (t *Tagger) Learnt() Learnt { return t.learnt }

// Tag returns the entities that the tagger finds, in order and without overlap.
// They depend on the text and the tokens of the document only.
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
