package vllm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
)

// Abilities are the results of a probe. Before the probe, they are the abilities that
// every server has.
type Abilities struct {
	// Lists: a request may contain a list of prompts.
	Lists bool
	// TokenIDs: responses can contain the tokens of each prompt of a list.
	TokenIDs bool
	// Tokenize: the server counts tokens.
	Tokenize bool
	// Refuses are the members of requests that the server refuses, sorted. The others are
	// sent. Sampling parameters among them keep the server's defaults.
	Refuses []string
	// Template: the server applies a chat template to completion prompts.
	Template bool
	// Schema is the member that constrains decoding; empty: not probed.
	Schema string
	// Special is how the server splits special tokens; nil: unknown.
	Special *runners.Special
}

// The members for a schema: of vLLM since 0.11, of vLLM before 0.12, and of OpenAI's
// API.
const (
	structuredOutputs = "structured_outputs"
	guidedJSON        = "guided_json"
	responseFormat    = "response_format"
)

// NoSchema stands for the member if the server obeys none, and the user allows answers
// without constraints.
const NoSchema = "none"

// Probe tests the abilities of the servers, once per run, with queries that are similar
// to an example. It must not be called during queries. It is an error if the servers
// ignore the schema in every form.
func (r *Runner) Probe(ctx context.Context, example *ner.Prompt) (Abilities, error) {
	var failure error
	for _, s := range r.pool.servers { // all of them are of one kind, see agreed
		a, err := r.probe(ctx, s, example)
		if err == nil {
			r.abilities = a
			r.frames.Forget()
			return a, nil
		}
		if ctx.Err() != nil {
			return Abilities{}, ctx.Err()
		}
		if errors.Is(err, errQuery) { // it would refuse all queries
			err = fmt.Errorf("%w: %w", runners.ErrFatal, err)
		}
		failure = fmt.Errorf("%s: model %s: probe: %w", r.config.Prefix, r.config.Model, err)
		if !errors.Is(err, runners.ErrTemporary) {
			return Abilities{}, failure
		}
	}
	return Abilities{}, failure
}

func (r *Runner) probe(ctx context.Context, s *server, example *ner.Prompt) (Abilities, error) {
	if err := r.verify(ctx, s); err != nil {
		return Abilities{}, err
	}
	var found Abilities
	var err error
	if !r.ofVLLM(s) {
		if found.Template, err = r.isOllama(ctx, s); err != nil {
			return found, err
		}
	}
	if found.Template && !example.Chat() {
		return found, nil // the first query returns an error with advice
	}
	if found, err = r.probeSending(ctx, s, example, found); err != nil {
		return found, err
	}
	found.Special, err = r.specialTokens(ctx, s)
	if err != nil && errors.Is(err, runners.ErrTemporary) && !errors.Is(err, runners.ErrMisread) || ctx.Err() != nil {
		return found, err
	}
	found.Tokenize = found.Special != nil // without an answer, the server has no tokenizer API
	err = nil
	if example.Schema != nil {
		found.Schema, err = r.probeSchema(ctx, s, example, found)
	}
	return found, err
}

func (r *Runner) ofVLLM(s *server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said != nil && s.said.kind == Kind
}

// probeSending tries the forms of a request, the best first. A server refuses an unknown
// form, or its answer does not have the requested form.
func (r *Runner) probeSending(ctx context.Context, s *server, example *ner.Prompt, found Abilities) (Abilities, error) {
	forms := []Abilities{{Lists: true, TokenIDs: true}, {Lists: true}, {}}
	if example.Chat() {
		forms = forms[2:]
	}
	var failure error
	for _, form := range forms {
		form.Template = found.Template
		got, form, err := r.tryWithout(ctx, s, form, probeQueries(example, form.Lists))
		if refusedForm(err) || errors.Is(err, runners.ErrMisread) {
			failure = err
			continue
		}
		if err != nil {
			return form, err
		}
		if form.TokenIDs && got[0].PromptTokens == 0 {
			continue // the server ignored the member
		}
		return form, nil
	}
	return found, failure
}

// refusedForm reports whether a server refused a request for its form.
func refusedForm(err error) bool {
	status, refused := errors.AsType[*runners.StatusError](err)
	return refused && (status.Code == http.StatusBadRequest || status.Code == http.StatusUnprocessableEntity)
}

// tryWithout sends a request, and leaves out the members that the server refuses. If a
// refusal names no member, each extension of OpenAI's API is left out in turn, then all
// of them.
func (r *Runner) tryWithout(ctx context.Context, s *server, form Abilities, queries []ner.Query) ([]ner.Completion, Abilities, error) {
	got, err := r.try(ctx, s, form, queries)
	for range optional {
		status, _ := errors.AsType[*runners.StatusError](err)
		if !refusedForm(err) {
			return got, form, err
		}
		members := refusedMembers(status, &form)
		if len(members) == 0 {
			break
		}
		form = form.without(members...)
		got, err = r.try(ctx, s, form, queries)
	}
	tries := [][]string{extensions}
	for i := range extensions {
		tries = append(tries, extensions[i:i+1])
	}
	slices.Reverse(tries) // the single ones first
	for _, members := range tries {
		if !refusedForm(err) {
			break
		}
		if got, err = r.try(ctx, s, form.without(members...), queries); err == nil {
			return got, form.without(members...), nil
		}
	}
	return got, form, err
}

// probeTokens is the length of an answer to a probe of the chat shape. Models that think
// refuse to write less.
const probeTokens = 16

func probeQueries(example *ner.Prompt, list bool) []ner.Query {
	question := func(text string) ner.Query {
		p := ner.Prompt{Text: text, MaxTokens: 1, Stop: example.Stop}
		if example.Chat() {
			p = ner.Prompt{Messages: []ner.Message{{Role: "user", Content: text}}, MaxTokens: probeTokens, Stop: example.Stop}
		}
		return ner.Query{Prompt: p}
	}
	if list {
		return []ner.Query{question("one"), question("two or three")}
	}
	return []ner.Query{question("one")}
}

// try sends a request in one form.
func (r *Runner) try(ctx context.Context, s *server, form Abilities, queries []ner.Query) ([]ner.Completion, error) {
	before := r.abilities
	r.abilities = form
	r.frames.Forget()
	defer func() { r.abilities = before; r.frames.Forget() }()
	return r.send(ctx, s, queries)
}

// probeSchema finds the member that the server obeys. If it obeys none, and the user
// allows that, no schema is sent.
func (r *Runner) probeSchema(ctx context.Context, s *server, example *ner.Prompt, found Abilities) (string, error) {
	members := []string{structuredOutputs, guidedJSON, responseFormat}
	if example.Chat() {
		members = []string{responseFormat, structuredOutputs, guidedJSON}
	}
	question := runners.SchemaProbe(example, false, r.config.Decoding.Think && example.Chat())
	var failure error
	for _, member := range members {
		form := found
		form.Schema = member
		got, err := r.try(ctx, s, form, []ner.Query{{Prompt: question}})
		if _, refused := errors.AsType[*runners.StatusError](err); refused && !errors.Is(err, runners.ErrTemporary) {
			failure = err
			continue
		}
		if err != nil {
			return "", err
		}
		obeys, known := runners.ObeysSchema(&question, &got[0])
		if !known {
			failure = errors.New("the model only thinks")
		}
		if obeys {
			return member, nil
		}
	}
	if r.config.Unconstrained {
		return NoSchema, nil
	}
	if failure == nil {
		failure = errors.New("schemas are ignored")
	}
	return "", &fault.Hint{
		Err:    fmt.Errorf("%w: %s does not constrain answers to a schema: %w", runners.ErrFatal, s.name, failure),
		Advice: "use another server or --set constrained=off; --allow-unconstrained runs the model all the same",
	}
}
