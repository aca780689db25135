package vllm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"nerbench/internal/httpclient"
	"nerbench/ner"
	"nerbench/runners"
)

// patience is the timeout of requests about a server itself.
const patience = 30 * time.Second

// ask sends queries to one server, as lists if it accepts lists. With an error, it
// returns the completions before it.
func (r *Runner) ask(ctx context.Context, s *server, queries []ner.Query) ([]ner.Completion, error) {
	if err := r.verify(ctx, s); err != nil {
		return nil, err
	}
	done := make([]ner.Completion, 0, len(queries))
	for len(done) < len(queries) {
		var got []ner.Completion
		var err error
		switch rest := queries[len(done):]; {
		case rest[0].Prompt.Chat():
			start := time.Now()
			if got, err = r.send(ctx, s, rest[:1]); errors.Is(err, errQuery) {
				got, err = []ner.Completion{refusedAs(err, time.Since(start))}, nil
			}
			runners.Answered(ctx, rest, got)
		case r.abilities.Template:
			err = fmt.Errorf("%w: %s applies the chat template of the model to completion prompts: use -m ollama/%s, which does not", runners.ErrFatal, s.name, r.config.Model)
		case !r.abilities.Lists:
			got, err = r.fitting(ctx, s, rest[:1])
		default:
			got, err = r.fitting(ctx, s, rest[:alike(rest)])
		}
		done = append(done, got...)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// fitting sends the queries that fit the context, as one list. The other queries are too
// long. A server refuses a whole list for one of its prompts; then the queries are sent
// one by one. The completions of each request are handed over as soon as it is answered
// ([runners.Answered]).
func (r *Runner) fitting(ctx context.Context, s *server, queries []ner.Query) ([]ner.Completion, error) {
	room, err := r.room(ctx, s, queries)
	if err != nil {
		return nil, err
	}
	if room.all && (room.sure || len(queries) == 1) {
		got, err := r.send(ctx, s, queries)
		if errors.Is(err, errQuery) && len(queries) == 1 {
			got, err = []ner.Completion{refusedAs(err, 0)}, nil
		}
		if !errors.Is(err, errQuery) {
			runners.Answered(ctx, queries, got)
			return got, err
		}
	}
	done := make([]ner.Completion, 0, len(queries))
	for i := range queries {
		var got []ner.Completion
		if room.tooLong(i) {
			got = []ner.Completion{{Finish: ner.FinishTooLong, PromptTokens: room.counted(i)}}
		} else if got, err = r.send(ctx, s, queries[i:i+1]); errors.Is(err, errQuery) {
			got, err = []ner.Completion{refusedAs(err, 0)}, nil
		}
		runners.Answered(ctx, queries[i:], got)
		if done = append(done, got...); err != nil {
			return done, err
		}
	}
	return done, nil
}

// send sends one request: a list, or one prompt.
func (r *Runner) send(ctx context.Context, s *server, queries []ner.Query) ([]ner.Completion, error) {
	chat := queries[0].Prompt.Chat()
	address := s.completions
	var body []byte
	var err error
	if chat {
		address = s.chat
		body, err = r.encodeChat(&queries[0].Prompt)
	} else {
		body, err = r.encodeList(queries)
	}
	if err != nil {
		return nil, fmt.Errorf("prompt: %w: %w", runners.ErrFatal, err)
	}
	start := time.Now()
	var answer *reply
	most := runners.LargestReply(queries)
	err = r.exchange(ctx, s, r.config.Timeout, most, http.MethodPost, address, body, func(b []byte) (err error) {
		answer, err = understand(b, len(queries), r.secrets)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.vouch(ctx, s); err != nil {
		return nil, err
	}
	r.noteModel(s, r.secrets.Redact(answer.Model))
	took := time.Since(start)
	out := make([]ner.Completion, len(queries))
	for i := range queries {
		out[i] = answer.completion(i, chat, took)
		if err := r.accept(ctx, s, &queries[i].Prompt, &out[i]); err != nil {
			return out[:i], err
		}
	}
	return out, nil
}

// accept checks the token counts of an answer. If prompt and longest answer exceed the
// context, the server lowered max_tokens. Then the answer is ignored, and the query is
// too long (docs/spec/prompts.md §2.6).
func (r *Runner) accept(ctx context.Context, s *server, p *ner.Prompt, c *ner.Completion) error {
	if limit := r.limit(s); limit > 0 && c.PromptTokens > 0 && c.PromptTokens+p.MaxTokens > limit {
		*c = ner.Completion{Finish: ner.FinishTooLong, PromptTokens: c.PromptTokens, Duration: c.Duration}
	}
	if !runners.Suspicious(p.Size(), c.PromptTokens) {
		return nil
	}
	if r.abilities.Tokenize { // some texts have very few tokens
		whole, err := r.count(ctx, s, p)
		if err != nil || whole <= c.PromptTokens {
			return err
		}
	}
	return &runners.ShortenedError{Bytes: p.Size(), Tokens: c.PromptTokens}
}

// exchange sends one request to a server and handles the response, of at most this many
// bytes.
func (r *Runner) exchange(ctx context.Context, s *server, within time.Duration, most int, method, address string, body []byte, read func([]byte) error) error {
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := r.roundTrip(limited, s, most, method, address, body, read)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the caller ended it
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: no answer within %s: %w", runners.ErrTemporary, within, context.DeadlineExceeded)
	}
	return err
}

func (r *Runner) roundTrip(ctx context.Context, s *server, most int, method, address string, body []byte, read func([]byte) error) (err error) {
	defer func() { err = r.secrets.Hide(err) }()
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	request.Header["Content-Type"] = jsonType
	if r.config.Key != "" {
		request.Header.Set("Authorization", "Bearer "+r.config.Key)
	}
	response, err := httpclient.Do(s.client, request)
	if err != nil {
		return broken(s, err)
	}
	defer response.Body.Close()
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(io.LimitReader(response.Body, int64(most)+1)); err != nil {
		return broken(s, err)
	}
	if buffer.Len() > most {
		return runners.ReplyTooLarge(most)
	}
	if response.StatusCode != http.StatusOK {
		return r.refused(ctx, s, response, buffer.Bytes())
	}
	return read(buffer.Bytes())
}

// buffers are reused for the bodies of responses.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var jsonType = []string{"application/json"}

// get sends a request about a server itself. The key is replaced where it echoes it.
func (r *Runner) get(ctx context.Context, s *server, path string, answer any) error {
	return r.exchange(ctx, s, s.patience, runners.LargestDescription, http.MethodGet, s.base.JoinPath(path).String(), nil, func(b []byte) error {
		if err := json.Unmarshal([]byte(r.secrets.Redact(string(b))), answer); err != nil {
			return misread("/%s: unexpected JSON: %w", path, err)
		}
		return nil
	})
}
