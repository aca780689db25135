package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/ollama"
	"nerbench/runners/tagger"
)

// modelKinds lists the kinds of models by the beginning of their names. A new
// runner is a line here.
var modelKinds = []struct {
	prefix string // of MODEL; one that ends in a slash is followed by a name
	usage  string
	open   func(context.Context, *environment, modelSpec) (*model, error)
}{
	{"ollama/", "ollama/NAME, a model of the Ollama server at OLLAMA_HOST", openOllama},
	{"vllm/", "vllm/NAME, a model of the vLLM server, or one like OpenAI's, at --base-url", openVLLM},
	{"gguf/", "gguf/FILE, a GGUF file, asked in the process", openGGUF},
	{"onnx/", "onnx/DIR, a token classifier in a folder, asked in the process", openONNX},
	{"tagger", "tagger, trained in the process on the row's train split", openTagger},
}

// modelSpec is what the user asks for.
type modelSpec struct {
	name     string // behind the prefix
	row      *datasets.Row
	train    loaders.Options // of the documents that a model trained at start learns from
	decoding runners.Decoding
	// madeFor is the longest context that the model was made for, in tokens, where its
	// card says so; 0: as the model itself says. Prompts beyond it are too long.
	madeFor int
	special []string // texts that should be one token each, as its card says
	// longest is the longest prompt in bytes, longestAnswer the longest answer in
	// tokens.
	longest, longestAnswer int
	example                ner.Prompt // one of those that will be asked
	servers                []string   // addresses; none: the usual one
	keyFile                string     // with the key of the servers
	timeout                time.Duration
	connections            int           // 0: adapt
	pull                   bool          // the server may download the model
	keepAlive              time.Duration // 0: as the server does
	local                  localSettings
	observe                func(string)
}

// model is one that can be asked.
type model struct {
	identity runners.Identity
	decoding runners.Decoding
	runner   runners.Runner
	slots    slots
	special  *runners.Special        // what its tokenizer makes of special tokens; nil: it was not asked
	keys     map[string]string       // of the run, beyond those of the identity
	facts    map[string]string       // of the run, beyond those of the identity, by the names of ner.Facts
	counts   func() map[string]int64 // facts that grow while it is asked; nil: none
	written  func() int64            // tokens of answers so far; nil: it is not known before they end
	// after are facts that are known once it was asked; nil: none.
	after    func(context.Context) (map[string]string, error)
	close    func()
	answerBy string // what else changes an answer and is in no prompt
}

// atOnce is how many passages are asked at once now.
func (m *model) atOnce() int {
	if a, adapts := m.slots.(*runners.Adaptive); adapts {
		return a.Limit()
	}
	return m.slots.Most()
}

type slots interface {
	Acquire(context.Context) error
	Release(int, time.Duration, error)
	Most() int
}

// adaptUpTo is the largest number of passages at once where nothing else is
// said.
const adaptUpTo = 64

// modelKind splits MODEL into its kind and its name.
func modelKind(name string) (kind int, rest string, err error) {
	var known []string
	for i, k := range modelKinds {
		if k.prefix == name && !strings.HasSuffix(k.prefix, "/") {
			return i, "", nil
		}
		if rest, ok := strings.CutPrefix(name, k.prefix); ok && strings.HasSuffix(k.prefix, "/") && rest != "" {
			return i, rest, nil
		}
		known = append(known, k.usage)
	}
	return 0, "", usagef("model %q: unknown (known: %s)", name, strings.Join(known, "; "))
}

// defaultFamily is the prompt family that a model is asked by unless another is
// named.
func defaultFamily(model string) string {
	if model == "tagger" || strings.HasPrefix(model, "onnx/") {
		return "spans"
	}
	return "uniner"
}

func openOllama(ctx context.Context, env *environment, s modelSpec) (*model, error) {
	config := ollama.Config{
		Model: s.name, Decoding: s.decoding, Timeout: s.timeout, Connections: max(s.connections, adaptUpTo), KeepAlive: s.keepAlive,
	}
	switch len(s.servers) {
	case 0:
		config.Host = env.getenv("OLLAMA_HOST")
	case 1:
		config.Host = s.servers[0]
	default:
		return nil, usagef("ollama: one server only: %s", strings.Join(s.servers, ", "))
	}
	if config.Decoding.Context == 0 {
		config.Decoding.Context = 1 // only to ask who is there
	}
	asking, err := ollama.New(config)
	if err != nil {
		return nil, err
	}
	defer asking.Close()
	identity, err := asking.Identify(ctx)
	if ollama.Missing(err) && s.pull {
		if err := asking.Pull(ctx, pullNotes(s.observe)); err != nil {
			return nil, err
		}
		identity, err = asking.Identify(ctx)
	}
	if err != nil {
		return nil, err
	}
	if config.Decoding.Context = s.decoding.Context; config.Decoding.Context == 0 {
		config.Decoding.Context = runners.ContextFor(shorter(identity.Context, s.madeFor), s.longest, s.longestAnswer)
	}
	runner, err := ollama.New(config)
	if err != nil {
		return nil, err
	}
	if s.example.Chat() {
		if bare, err := runner.Bare(ctx); err != nil {
			runner.Close()
			return nil, err
		} else if bare {
			s.observe("the model has no chat template: the server gives it the bare messages")
		}
	}
	m := &model{identity: identity, decoding: config.Decoding, close: runner.Close}
	m.facts = map[string]string{"decoding": runner.Sent(), "special_tokens": m.special.String()} // it has no tokenizer to ask
	m.after = func(ctx context.Context) (map[string]string, error) {
		device, err := runner.Device(ctx)
		switch {
		case device == "CPU":
			s.observe("the server computes on the processor, not on a GPU")
		case strings.Contains(device, "CPU"):
			s.observe("the server computes on the processor in part: " + device)
		}
		return map[string]string{"device": device}, err
	}
	m.ask(runner, s)
	return m, nil
}

// shorter is the shorter of two contexts, in tokens, where 0 stands for unknown.
func shorter(a, b int) int {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// noteSpecial tells of texts that should be one token, but are not: those of the
// card, and the end of an answer where the prompt's family relies on it.
func (s *modelSpec) noteSpecial(found *runners.Special) {
	texts := s.special
	if end := runners.EndOfSequence; slices.Contains(s.example.Stop, end) && !slices.Contains(texts, end) {
		texts = append([]string{end}, texts...)
	}
	for _, t := range found.Split(texts) {
		s.observe(fmt.Sprintf("%s is more than one token for this model: it was hardly trained with this prompt family", t))
	}
}

// pullNotes tells of a download now and then.
func pullNotes(tell func(string)) func(ollama.Pulling) {
	status, tenth := "", int64(-1)
	return func(p ollama.Pulling) {
		at := int64(-1)
		if p.Total > 0 {
			at = 10 * p.Completed / p.Total
		}
		if p.Status == status && at == tenth {
			return
		}
		if status, tenth = p.Status, at; p.Total > 0 {
			tell(fmt.Sprintf("%s: %.1f of %.1f MB", p.Status, float64(p.Completed)/1e6, float64(p.Total)/1e6))
			return
		}
		tell(p.Status)
	}
}

// ask makes a model of a server be asked by a runner: again where that may help, and
// as many passages at once as the user said, or as the server is fastest with.
func (m *model) ask(runner runners.Runner, s modelSpec) {
	busy := func() {}
	if s.connections > 0 {
		m.slots = runners.NewFixed(s.connections)
	} else {
		adaptive := runners.NewAdaptive(adaptUpTo)
		m.slots, busy = adaptive, adaptive.Busy
	}
	policy := runners.DefaultPolicy(rand.Float64)
	failures := &runners.Failures{}
	if m.counts == nil { // else the runner counts itself
		m.counts = failures.Counts
	}
	policy.Failed = func(err error, wait time.Duration) {
		failures.Count(err)
		_, answered := errors.AsType[*runners.StatusError](err)
		if answered || errors.Is(err, context.DeadlineExceeded) { // a server that is gone is not busy
			busy()
		}
		s.observe(fmt.Sprintf("%v; asking again in %s", err, wait.Round(100*time.Millisecond)))
	}
	m.runner = runners.Retry(runner, policy)
}

func openTagger(ctx context.Context, env *environment, s modelSpec) (*model, error) {
	docs, err := env.documents(ctx, s.row, s.train)
	if err != nil {
		return nil, fmt.Errorf("tagger: learns from the train split: %w", err)
	}
	print := loaders.NewFingerprint()
	config := tagger.Config{Seed: s.decoding.Seed, Observe: func(e tagger.Epoch) {
		if e.Number == 1 {
			s.observe(fmt.Sprintf("training the tagger on %d passages", e.Sentences))
		}
	}}
	t, err := tagger.Train(ctx, func(yield func(*ner.Document, error) bool) {
		for d, err := range docs {
			if err == nil {
				print.Add(d)
			}
			if !yield(d, err) {
				return
			}
		}
	}, s.row.Types(), config)
	if err != nil {
		return nil, err
	}
	connections := s.connections
	if connections == 0 {
		connections = runtime.GOMAXPROCS(0)
	}
	return &model{
		identity: t.Identity(), runner: t, slots: runners.NewFixed(connections),
		keys:  map[string]string{"training": config.Key() + " data=" + print.DataKey()},
		close: func() {},
	}, nil
}

// identityKey is the model's part of an answer's key. A model without a digest
// is known by its name, its server, and what that says of it.
func (m *model) identityKey() string {
	if m.identity.Digest != "" {
		return m.identity.Digest
	}
	id := m.identity
	return strings.TrimSpace(strings.Join([]string{id.Model, id.Server, id.ServerVersion, id.Address, id.Root}, " "))
}

// decodingKey is the decoding's part of an answer's key.
func (m *model) decodingKey() string {
	d := m.decoding
	key := fmt.Sprintf("temperature=%s seed=%d think=%v context=%d", strconv.FormatFloat(d.Temperature, 'g', -1, 64), d.Seed, d.Think, d.Context)
	if m.answerBy != "" {
		key += " " + m.answerBy
	}
	return key
}

// runKeys are the keys that say who answers, and how.
func (m *model) runKeys() map[string]string {
	keys := map[string]string{
		"model": m.identity.Model, "digest": m.identity.Digest,
		"server": m.identity.Server, "server_version": m.identity.ServerVersion,
		"address": m.identity.Address, "root": m.identity.Root,
	}
	if m.identity.Server != "in-process" {
		keys["temperature"] = strconv.FormatFloat(m.decoding.Temperature, 'g', -1, 64)
		keys["sampling_seed"] = strconv.Itoa(m.decoding.Seed)
		keys["think"] = map[bool]string{false: "off", true: "on"}[m.decoding.Think]
		keys["context"] = strconv.Itoa(m.decoding.Context)
	}
	for name, value := range m.keys {
		keys[name] = value
	}
	return keys
}
