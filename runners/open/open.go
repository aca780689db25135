// Package open opens models by name: "ollama/NAME", "vllm/NAME", "openai/NAME",
// "gguf/FILE", "onnx/DIR", "exec/NAME", "tagger". It is the only package that imports all runners.
package open

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/local/onnx"
	"nerbench/runners/weights"
)

// kinds lists the kinds of models by the prefix of their names. To add a runner, add a
// line here.
var kinds = []struct {
	prefix   string // of the name; the name of the model follows a slash
	argument string // what follows the prefix, for people
	usage    string
	family   string // default prompt family
	open     func(context.Context, Spec) (*Model, error)
	// stored is the name of the model in runs, former that in runs of older versions of
	// this program. nil: the name is unchanged.
	stored, former func(rest string) string
	digest         func(ctx context.Context, rest string) (string, error) // of the file or folder; nil: no file
	// kept: the model stays open for the next dataset, see [Kept].
	kept bool
	// switches: variables of the chat template can be set. levels: thinking has levels.
	switches, levels bool
	// weights: the server reports no digest, so that the user may name the weights.
	weights bool
	// ignores are the settable keys that change no answer of the model. ignoresOfSpans are
	// those that a model ignores if it is not asked with prompts; nil: ignores.
	ignores, ignoresOfSpans []string
}{
	{prefix: "ollama/", argument: "NAME", usage: "a model of the Ollama server at OLLAMA_HOST", family: "uniner", open: openOllama, levels: true},
	{prefix: "vllm/", argument: "NAME", usage: "a model of a vLLM server at --base-url", family: "uniner", open: openVLLM, switches: true, levels: true, weights: true},
	{prefix: "openai/", argument: "NAME", usage: "a model of any server with OpenAI's API at --base-url", family: "uniner", open: openOpenAI, switches: true, levels: true, weights: true},
	{
		prefix: "gguf/", argument: "FILE", usage: "a GGUF file, in the process", family: "uniner", open: openGGUF,
		stored: llamacpp.ModelName, former: llamacpp.FormerName, digest: llamacpp.Digest, kept: true,
	},
	{
		prefix: "onnx/", argument: "DIR", usage: "a token classifier in a folder, in the process", family: "spans", open: openONNX,
		stored: onnx.ModelName, former: onnx.FormerName, digest: onnx.Digest, kept: true, ignores: append([]string{"sampling_seed"}, ofPrompts...),
	},
	{
		prefix: "exec/", argument: "NAME", usage: "a program of your own (--command, docs/exec.md)", family: spansFamily, open: openExec,
		kept: true, ignores: []string{"think", "context"}, ignoresOfSpans: append([]string{"sampling_seed"}, ofPrompts...),
	},
	{prefix: "tagger", usage: "trained in the process on the dataset's train split", family: "spans", open: openTagger, ignores: ofPrompts},
}

// ofPrompts are keys that a model without prompt and without generation ignores: it
// reads text and tokens, and its answer is computed.
var ofPrompts = []string{"order", "wording", "paraphrase", "as", "temperature", "max_tokens", "stop", "think", "context"}

// Ignores lists the settable keys that change no answer of a model to prompts of a family.
// They are no part of its runs.
func Ignores(name, family string) []string {
	kind, _, err := kindOf(name)
	if err != nil {
		return nil
	}
	if family == spansFamily && kinds[kind].ignoresOfSpans != nil {
		return slices.Clone(kinds[kind].ignoresOfSpans)
	}
	return slices.Clone(kinds[kind].ignores)
}

// TakesWeights reports whether the weights of a model can be named: its server reports no
// digest.
func TakesWeights(name string) bool {
	kind, _, err := kindOf(name)
	return err == nil && kinds[kind].weights
}

// Usages describes the kinds of models, one line each.
func Usages() []string {
	var lines []string
	for _, k := range kinds {
		lines = append(lines, k.prefix+k.argument+", "+k.usage)
	}
	return lines
}

// Forms are the forms that the name of a model can have, such as "ollama/NAME".
func Forms() string {
	var forms []string
	for _, k := range kinds {
		forms = append(forms, k.prefix+k.argument)
	}
	last := len(forms) - 1
	return strings.Join(forms[:last], ", ") + " or " + forms[last]
}

// Spec describes a model to open, and the queries that it will get.
type Spec struct {
	// Name is the full name of the model, such as "ollama/llama3.2".
	Name string
	// Types are the types of the dataset, Labels its native labels by type, and
	// LabelsHash identifies the label map. They are for models with their own labels.
	Types      []ner.EntityType
	Labels     map[string]ner.EntityType
	LabelsHash string
	// Dataset is the id of the dataset, Family the prompt family.
	Dataset, Family string
	// Train opens the documents for a model that is trained at start. Data returns
	// their fingerprint once all of them were read.
	Train func(context.Context) (documents iter.Seq2[*ner.Document, error], data func() string, err error) `json:"-"`

	Decoding runners.Decoding
	// ThinkSwitch is the variable of the chat template that turns thinking on, or a JSON
	// object of variables; empty: enable_thinking. Only for models with OpenAI's API.
	ThinkSwitch string
	// MadeFor is the longest context that the model was trained for, in tokens, by
	// its card; 0: by the model's own metadata. Longer prompts are too long.
	MadeFor int
	Special []string // texts that should be one token each, by the card
	// Longest is the longest prompt in bytes, LongestAnswer the longest answer in
	// tokens.
	Longest, LongestAnswer int
	Example                ner.Prompt // one of the prompts that will be sent
	// NeedsTemplate: messages to a model without a chat template are an error
	// ([runners.ErrNoTemplate]), even if its server would pass them on as they are.
	NeedsTemplate bool

	// Weights names the weights of a model whose server reports no digest, see
	// [weights.Resolver]; empty: the model is identified by name. Named is their digest, if
	// it was found elsewhere.
	Weights string `json:"-"`
	Named   *weights.Weights

	Servers     []string      `json:"-"` // addresses; none: the default address
	KeyFile     string        `json:"-"` // file with the key of the servers; empty: OPENAI_API_KEY
	Timeout     time.Duration `json:"-"`
	Connections int           `json:"-"` // passages at once; 0: adapt
	Pull        bool          `json:"-"` // the server may download the model
	// Unconstrained: it is no error if the server ignores a schema.
	Unconstrained bool
	KeepAlive     *time.Duration `json:"-"` // of the model in an Ollama server, see [ParseKeepAlive]; nil: its default
	Local         Local          `json:"-"`
	// Elsewhere opens the model on other machines; nil: it is opened here. Fields that are
	// left out of the JSON of a Spec are those of the machine that opens it.
	Elsewhere Elsewhere `json:"-"`
	// Kept keeps a model in the process, or a program, when the model is closed; nil: it is
	// closed.
	Kept *Kept `json:"-"`
	// Getenv reads the environment: OLLAMA_HOST, OPENAI_BASE_URL, OPENAI_API_KEY,
	// NERBENCH_LLAMA_LIB, HF_ENDPOINT, HF_TOKEN, HF_HOME. nil: nothing is set.
	Getenv func(string) string `json:"-"`
	// Observe is called with remarks on the model, from several goroutines at once. nil:
	// remarks are dropped.
	Observe func(string) `json:"-"`
	// Log is called with what a program of the user writes to its standard error; nil: it
	// is dropped.
	Log func(string) `json:"-"`
	// Retrying is called with the failures that are retried, which can be many a second;
	// nil: they are dropped.
	Retrying func(string) `json:"-"`

	rest string // of the name, after the kind
}

// Local holds the settings of a model on this machine. Only Aggregation, which is a key
// of the run, and Command change answers.
type Local struct {
	Library            string // folder of llama.cpp; empty: the default folders
	GPULayers, MainGPU int    // GPULayers below 0: all
	Split              string // of the model over several GPUs: none, layer, row
	Threads, Sequences int
	Aggregation        string // of a token classifier; empty: simple
	// Command is the command line of a program of the user, see [exec.Split]; Workers is the
	// number of its processes, 0: one.
	Command string
	Workers int
}

// Model is an open model.
type Model struct {
	Identity runners.Identity
	Decoding runners.Decoding
	Runner   runners.Runner
	Slots    Slots
	Special  *runners.Special // tokens of special texts; nil: unknown
	// Count is the number of tokens of a text, without those that are added to a prompt. It
	// generates nothing. nil: the server has no API for its tokenizer.
	Count func(ctx context.Context, text string) (int, error)
	// File is the GGUF file of a model on a server, on the server's machine; empty: unknown.
	File string
	// Keys are keys of the run, in addition to those of the identity.
	Keys map[string]string
	// AnswerBy holds settings that change answers but are not in the prompt; see
	// results.Address.
	AnswerBy string

	facts   map[string]string
	counts  func() map[string]int64
	written func() int64
	after   func(context.Context) (map[string]string, error)
	close   func()
}

// Facts are metadata of the run that are constant, by the names of [ner.Facts].
func (m *Model) Facts() map[string]string { return m.facts }

// Counts are metadata that grow during the run.
func (m *Model) Counts() map[string]int64 {
	if m.counts == nil {
		return map[string]int64{}
	}
	return m.counts()
}

// Written is the number of tokens that the model has generated so far, including
// unfinished answers. It is unknown for models that report it only at the end of an
// answer. It may be called during a run.
func (m *Model) Written() (tokens int64, known bool) {
	if m.written == nil {
		return 0, false
	}
	return m.written(), true
}

// After returns metadata that are available only after the run.
func (m *Model) After(ctx context.Context) (map[string]string, error) {
	if m.after == nil {
		return nil, nil
	}
	return m.after(ctx)
}

// Close releases the model. It is called once.
func (m *Model) Close() { m.close() }

// AtOnce is the current number of passages at once.
func (m *Model) AtOnce() int {
	if a, adapts := m.Slots.(interface{ Limit() int }); adapts {
		return a.Limit()
	}
	return m.Slots.Most()
}

// Slots limits the number of passages at once (see loop.Slots).
type Slots interface {
	Acquire(context.Context) error
	Release(int, time.Duration, error)
	Most() int
}

// adaptUpTo is the largest number of passages at once, unless the user sets one.
const adaptUpTo = 64

// Open opens a model. Its context fits the longest prompt and its answer, as far as the
// model allows.
func Open(ctx context.Context, s Spec) (*Model, error) {
	kind, rest, err := kindOf(s.Name)
	if err != nil {
		return nil, err
	}
	s.rest = rest
	if s.ThinkSwitch != "" && !kinds[kind].switches {
		return nil, fault.Usagef("model %s: think_switch is for vllm/ and openai/ only", s.Name)
	}
	if s.Weights != "" && !kinds[kind].weights {
		return nil, fault.Usagef("model %s: weights are for models whose server reports no digest (vllm/, openai/)", s.Name)
	}
	if s.Decoding.Level != "" && !kinds[kind].levels {
		return nil, fault.Usagef("model %s: think=%s: want on or off (levels are for servers)", s.Name, s.Decoding.Level)
	}
	if s.Getenv == nil {
		s.Getenv = func(string) string { return "" }
	}
	if s.Observe == nil {
		s.Observe = func(string) {}
	}
	if s.Retrying == nil {
		s.Retrying = func(string) {}
	}
	if s.Elsewhere != nil {
		return s.Elsewhere.Open(ctx, s)
	}
	if !kinds[kind].kept {
		s.Kept.Close() // the model may need its memory
	}
	return kinds[kind].open(ctx, s)
}

// RunKeys are the keys that identify the model and its decoding.
func (m *Model) RunKeys() map[string]string {
	keys := map[string]string{
		"model": m.Identity.Model, "digest": m.Identity.Digest,
		"server": m.Identity.Server, "server_version": m.Identity.ServerVersion,
		"address": m.Identity.Address, "root": m.Identity.Root,
	}
	if m.Identity.Server != "in-process" {
		keys["temperature"] = strconv.FormatFloat(m.Decoding.Temperature, 'g', -1, 64)
		keys["sampling_seed"] = strconv.Itoa(m.Decoding.Seed)
		keys["think"] = thinkKey(m.Decoding)
		keys["context"] = strconv.Itoa(m.Decoding.Context)
	}
	for name, value := range m.Keys {
		keys[name] = value
	}
	return keys
}

// thinkKey is the value of the key think for what is sent.
func thinkKey(d runners.Decoding) string {
	switch {
	case d.Level != "":
		return d.Level
	case d.Think:
		return "on"
	}
	return "off"
}

// shorter is the shorter of two contexts, in tokens; 0 means unknown.
func shorter(a, b int) int {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// noteSpecial reports texts that should be one token but are not: those of the card,
// and the end-of-sequence text if the prompt family depends on it.
func (s *Spec) noteSpecial(found *runners.Special) {
	texts := s.Special
	if end := runners.EndOfSequence; slices.Contains(s.Example.Stop, end) && !slices.Contains(texts, end) {
		texts = append([]string{end}, texts...)
	}
	for _, t := range found.Split(texts) {
		s.Observe(fmt.Sprintf("the tokenizer splits %s into several tokens; the model was probably not trained on this prompt format", t))
	}
}

// ask sets the runner of a model on a server. Temporary failures are retried. The
// number of passages at once is that of the user, or the fastest one for the server.
func (m *Model) ask(runner runners.Runner, s Spec) {
	busy := func() {}
	if s.Connections > 0 {
		m.Slots = runners.NewFixed(s.Connections)
	} else {
		adaptive := runners.NewAdaptive(adaptUpTo)
		m.Slots, busy = adaptive, adaptive.Busy
	}
	policy := runners.DefaultPolicy(rand.Float64)
	failures := &runners.Failures{}
	if m.counts == nil { // otherwise the runner counts failures itself
		m.counts = failures.Counts
	}
	policy.Failed = func(err error, wait time.Duration) {
		failures.Count(err)
		_, answered := errors.AsType[*runners.StatusError](err)
		if answered || errors.Is(err, context.DeadlineExceeded) { // an unreachable server is not busy
			busy()
		}
		s.Retrying(fmt.Sprintf("%v; retry in %s", err, wait.Round(100*time.Millisecond)))
	}
	m.Runner = runners.Retry(runner, policy)
}
