package vllm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

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
	// Standard: the server refuses members that OpenAI's API does not have, so some
	// sampling parameters keep its defaults.
	Standard bool
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
		failure = fmt.Errorf("vllm: model %s: probe: %w", r.config.Model, err)
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
	if found, err = r.probeSending(ctx, s, example.Chat(), found); err != nil {
		return found, err
	}
	found.Special, err = r.specialTokens(ctx, s)
	if err != nil && errors.Is(err, runners.ErrTemporary) && !errors.Is(err, runners.ErrMisread) || ctx.Err() != nil {
		return found, err
	}
	found.Tokenize = found.Special != nil // without an answer, the server has no tokenizer API
	err = nil
	if example.Schema != nil {
		found.Schema, err = r.probeSchema(ctx, s, example.Chat(), found)
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
func (r *Runner) probeSending(ctx context.Context, s *server, chat bool, found Abilities) (Abilities, error) {
	forms := []Abilities{
		{Lists: true, TokenIDs: true}, {Lists: true}, {Lists: true, Standard: true}, {}, {Standard: true},
	}
	if chat {
		forms = forms[3:]
	}
	var failure error
	for _, form := range forms {
		form.Template = found.Template
		got, err := r.try(ctx, s, form, probeQueries(chat, form.Lists))
		if status, refused := errors.AsType[*runners.StatusError](err); refused && (status.Code == http.StatusBadRequest || status.Code == http.StatusUnprocessableEntity) || errors.Is(err, runners.ErrMisread) {
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

func probeQueries(chat, list bool) []ner.Query {
	question := func(text string) ner.Query {
		p := ner.Prompt{Text: text, MaxTokens: 1}
		if chat {
			p = ner.Prompt{Messages: []ner.Message{{Role: "user", Content: text}}, MaxTokens: 1}
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

// probeSchema finds the member that the server obeys. A server ignores unknown members,
// so the schema requires a text that no model would write by itself.
func (r *Runner) probeSchema(ctx context.Context, s *server, chat bool, found Abilities) (string, error) {
	const only = "zq nerbench 7413"
	schema := json.RawMessage(`{"type":"string","enum":["` + only + `"]}`)
	members := []string{structuredOutputs, guidedJSON, responseFormat}
	if chat {
		members = []string{responseFormat, structuredOutputs, guidedJSON}
	}
	var failure error
	for _, member := range members {
		form := found
		form.Schema = member
		queries := probeQueries(chat, false)
		queries[0].Prompt.MaxTokens = 48
		queries[0].Prompt.Schema = schema
		got, err := r.try(ctx, s, form, queries)
		if status, refused := errors.AsType[*runners.StatusError](err); refused && status.Code < 500 {
			failure = err
			continue
		}
		if err != nil {
			return "", err
		}
		if text := strings.TrimSpace(got[0].Text); text != "" && strings.HasPrefix(`"`+only+`"`, text) {
			return member, nil
		}
	}
	if failure == nil {
		failure = errors.New("schemas are ignored")
	}
	return "", fmt.Errorf("%w: %s does not constrain answers to a schema: %w", runners.ErrFatal, s.name, failure)
}
