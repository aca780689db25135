package ner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Key describes one key of a run.
type Key struct {
	Name    string
	Meaning string // one line, for help, lint, and reports
}

// Keys is the one table of known keys of a run. Help texts, filters, report
// axes and sweep dimensions are read from it.
var Keys = []Key{
	{"model", "name of the model, with its runner: ollama/NAME, tagger"},
	{"digest", "identity of the model's weights; empty: identity by name"},
	{"server", "kind of the server that answered"},
	{"server_version", "version that the server reports"},
	{"address", "address of the server, or of several, where the model has no digest"},
	{"root", "weights of a model without a digest, as its server names them"},
	{"dataset", "dataset of Table 6"},
	{"split", "train, dev, or test"},
	{"data", "fingerprint of the documents: texts and gold"},
	{"labels", "hash of the label map: native label to entity type"},
	{"gold", "gold rule: native, or uniner (the official test files)"},
	{"view", "units asked: all, or table6"},
	{"family", "prompt family"},
	{"family_hash", "hash of the family's templates"},
	{"variant", "template variant, with the dataset line if any"},
	{"layout", "types in one query: per-type, all, or chunk=k"},
	{"order", "order of the types: listed, name, shuffle:row, shuffle:document"},
	{"wording", "wording of the types: natural, native, upper, lower, title"},
	{"paraphrase", "one type asked for by another name: type=name"},
	{"descriptions", "hash of definitions, phrases, guidelines and examples of the types, where the prompt has them"},
	{"answer", "shape of the answers to prompts of the user's own: list, object, objects, pairs, or tags"},
	{"dataset_name", "names in the dataset line: table6 (also if empty), or ids: those of released files"},
	{"queries", "query set: all, gold, gold+k:K:uniform, gold+k:K:frequency, ratio:R"},
	{"shots", "number and choice of demonstrations"},
	{"seed", "seed of the choices above"},
	{"as", "chat: a completion prompt sent as one user message"},
	{"temperature", "sampling temperature"},
	{"sampling_seed", "seed that the server samples with"},
	{"max_tokens", "longest answer, where it differs from the family's"},
	{"stop", "strings that end an answer beside the family's, as a JSON list"},
	{"think", "thinking: off or on"},
	{"constrained", "constrained decoding: off, json, or schema"},
	{"context", "context length asked of the server, in tokens"},
	{"cap", "largest number of passage-type pairs of a dataset"},
	{"sample_seed", "seed of what is drawn of a dataset: a split that its release lacks, the passages under the cap"},
	{"limit", "number of passages taken from the start of the split"},
	{"shard", "part of the passages, i/n"},
	{"aggregation", "how the tokens of an in-process classifier become spans: simple, or first"},
	{"training", "training data and settings of a model trained at start"},
}

// KnownKey reports whether name is in [Keys].
func KnownKey(name string) bool {
	return slices.ContainsFunc(Keys, func(k Key) bool { return k.Name == name })
}

// Run is one model asked about one split of one dataset in one way.
type Run struct {
	// Keys says everything that can change an answer. Empty values are left out.
	Keys map[string]string
}

// Check reports an unknown key.
func (r Run) Check() error {
	for _, name := range slices.Sorted(maps.Keys(r.Keys)) {
		if !KnownKey(name) {
			return fmt.Errorf("run: key %q: unknown (known: %s)", name, knownNames())
		}
	}
	return nil
}

func knownNames() string {
	names := make([]string, len(Keys))
	for i, k := range Keys {
		names[i] = k.Name
	}
	return strings.Join(names, ", ")
}

// ID is the identity of the run: the first 16 hexadecimal digits of the
// SHA-256 of its keys, written "name=value\n" in order of name.
func (r Run) ID() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.Keys)) {
		if v := r.Keys[name]; v != "" {
			fmt.Fprintf(h, "%s=%s\n", name, v)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// AnswerKey identifies a completion by what was asked: model, decoding, and
// the exact bytes of the prompt. Runs that ask the same question share the
// answer.
type AnswerKey [16]byte

// NewAnswerKey is the first 16 bytes of SHA-256 of the model's identity, the
// decoding, and the prompt with its stop strings, limit and schema.
func NewAnswerKey(model, decoding string, p *Prompt) AnswerKey {
	const sep = "\x1f"
	n := len(model) + len(decoding) + p.Size() + len(p.Schema) + 64
	b := make([]byte, 0, n)
	b = append(b, model...)
	b = append(b, sep...)
	b = append(b, decoding...)
	b = append(b, sep...)
	b = fmt.Appendf(b, "%d%s%q%s", p.MaxTokens, sep, p.Stop, sep)
	b = append(b, p.Schema...)
	b = append(b, sep...)
	if p.Chat() {
		b = append(b, '\x1e')
		for _, m := range p.Messages {
			b = append(b, m.Role...)
			b = append(b, sep...)
			b = append(b, m.Content...)
			b = append(b, '\x1e')
		}
	} else {
		b = append(b, p.Text...)
	}
	sum := sha256.Sum256(b)
	return AnswerKey(sum[:16])
}

// Answer is one query's question and what came back.
type Answer struct {
	Types      []EntityType
	Key        AnswerKey
	Completion Completion
}

// Passage is what one run knows about one document: the answers to all its
// queries, in order. It is the unit of a commit.
type Passage struct {
	// Index is the place of the document among those that the run asks, from 0.
	Index    int
	Document string
	Answers  []Answer
}
