package ollama

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/ollama/ollama/api"

	"nerbench/internal/httpclient"
	"nerbench/ner"
	"nerbench/runners"
)

// asking sends queries one after another and reuses its buffers and its timer.
type asking struct {
	*Runner
	answer  bytes.Buffer
	ctx     context.Context // ends with that of the caller, or when a query takes too long
	cancel  context.CancelCauseFunc
	timeout *time.Timer
}

// asking must be ended.
func (r *Runner) asking(ctx context.Context) *asking {
	a := &asking{Runner: r}
	a.ctx, a.cancel = context.WithCancelCause(ctx)
	a.timeout = time.AfterFunc(r.config.Timeout, func() { a.cancel(context.DeadlineExceeded) })
	a.timeout.Stop()
	return a
}

func (a *asking) end() {
	a.timeout.Stop()
	a.cancel(nil)
}

// reply is the response of the server in either shape.
type reply struct {
	Response   string      `json:"response"`
	Thinking   string      `json:"thinking"`
	Message    api.Message `json:"message"`
	Done       *bool       `json:"done"` // every answer has it
	DoneReason string      `json:"done_reason"`
	Error      string      `json:"error"`
	api.Metrics
}

// ask sends one prompt and parses the response.
func (a *asking) ask(ctx context.Context, p *ner.Prompt) (ner.Completion, error) {
	start := time.Now()
	answer, err := a.put(ctx, p)
	if c, refused := refusedAs(err); refused {
		c.Duration = time.Since(start)
		return c, nil
	}
	if err != nil {
		return ner.Completion{}, err
	}
	if answer.PromptEvalCount > 0 && answer.PromptEvalCount+p.MaxTokens > a.config.Decoding.Context {
		// There was no room for the longest answer (docs/spec/prompts.md §2.6). The answer
		// is ignored, so that the result does not depend on whether the server refuses.
		if err := a.checkWhole(ctx, p, answer.PromptEvalCount); err != nil {
			return ner.Completion{}, err
		}
		return ner.Completion{Finish: ner.FinishTooLong, PromptTokens: answer.PromptEvalCount, Duration: time.Since(start)}, nil
	}
	c := ner.Completion{
		Text: answer.Response, Thinking: answer.Thinking,
		Finish:       runners.ReadFinish(answer.DoneReason),
		PromptTokens: answer.PromptEvalCount, AnswerTokens: answer.EvalCount,
		Duration: time.Since(start),
	}
	if p.Chat() {
		c.Text, c.Thinking = answer.Message.Content, answer.Message.Thinking
		if calls := answer.Message.ToolCalls; c.Text == "" && len(calls) > 0 {
			text, _ := json.Marshal(calls) // it was decoded from JSON
			c.Text, c.Finish = string(text), ner.FinishToolCall
		}
	}
	return c, a.checkWhole(ctx, p, c.PromptTokens)
}

// put sends one prompt, with the timeout of a query.
func (a *asking) put(ctx context.Context, p *ner.Prompt) (*reply, error) {
	address, body, err := a.encode(p)
	if err != nil {
		return nil, err
	}
	a.timeout.Reset(a.config.Timeout)
	defer a.timeout.Stop()
	answer, err := a.post(a.ctx, address, body, runners.LargestReply([]ner.Query{{Prompt: *p}}))
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err() // the caller ended it
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%w: no answer within %s: %w", runners.ErrTemporary, a.config.Timeout, context.DeadlineExceeded)
	}
	return answer, err
}

// post sends one request. The client of package api is made for streams: each call
// allocates a buffer that is larger than all our answers.
func (a *asking) post(ctx context.Context, address string, body []byte, most int) (_ *reply, err error) {
	defer func() { err = a.secrets.Hide(err) }()
	request, err := a.request(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header["Content-Type"] = jsonType
	response, err := httpclient.Do(a.client, request)
	if err != nil {
		return nil, broken(err)
	}
	defer response.Body.Close()
	a.answer.Reset()
	if _, err := a.answer.ReadFrom(io.LimitReader(response.Body, int64(most)+1)); err != nil {
		return nil, broken(err)
	}
	if a.answer.Len() > most {
		return nil, runners.ReplyTooLarge(most)
	}
	if response.StatusCode != http.StatusOK {
		return nil, a.refused(response, a.answer.Bytes())
	}
	answer, err := readReply(a.answer.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w: %w: unexpected JSON: %w", runners.ErrTemporary, runners.ErrMisread, err)
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%w: %s", runners.ErrTemporary, runners.ShortMessage(answer.Error))
	}
	if answer.Done == nil {
		return nil, fmt.Errorf("%w: %w: no member done", runners.ErrTemporary, runners.ErrMisread)
	}
	// done may be false. The server stops an answer that repeats a token thirty times,
	// and reports neither the reason nor the number of tokens. A retry would end the
	// same way.
	return answer, nil
}

var jsonType = []string{"application/json"}
