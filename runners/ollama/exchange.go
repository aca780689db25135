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

	"nerbench/ner"
	"nerbench/runners"
)

// largestAnswer bounds what is read of one answer, in bytes.
const largestAnswer = 64 << 20

// asking asks queries one after another and keeps what can be used again.
type asking struct {
	*Runner
	answer bytes.Buffer
}

func (r *Runner) asking() *asking { return &asking{Runner: r} }

// reply is what the server answers in either shape.
type reply struct {
	Response   string      `json:"response"`
	Thinking   string      `json:"thinking"`
	Message    api.Message `json:"message"`
	DoneReason string      `json:"done_reason"`
	Error      string      `json:"error"`
	api.Metrics
}

// ask puts one prompt and understands what comes back.
func (a *asking) ask(ctx context.Context, p *ner.Prompt) (ner.Completion, error) {
	start := time.Now()
	answer, err := a.put(ctx, p)
	if tooLong(err) {
		return ner.Completion{Finish: ner.FinishTooLong, Duration: time.Since(start)}, nil
	}
	if err != nil {
		return ner.Completion{}, err
	}
	if answer.PromptEvalCount > 0 && answer.PromptEvalCount+p.MaxTokens > a.config.Decoding.Context {
		// There was no room for the longest answer (docs/spec/prompts.md §2.6): what came
		// back does not count, as it would not with a server that refuses.
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
	}
	return c, a.checkWhole(ctx, p, c.PromptTokens)
}

// put sends one prompt, within the timeout of a query.
func (a *asking) put(ctx context.Context, p *ner.Prompt) (*reply, error) {
	address, body, err := a.encode(p)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	answer, err := a.post(limited, address, body)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err() // it was us who ended it
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%w: no answer within %s: %w", runners.ErrTemporary, a.config.Timeout, context.DeadlineExceeded)
	}
	return answer, err
}

// post is one exchange. The client of package api is made for streams and
// allocates for each call a buffer that is larger than all our answers.
func (a *asking) post(ctx context.Context, address string, body []byte) (*reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header["Content-Type"] = jsonType
	response, err := a.client.Do(request)
	if err != nil {
		return nil, broken(err)
	}
	defer response.Body.Close()
	a.answer.Reset()
	if _, err := a.answer.ReadFrom(io.LimitReader(response.Body, largestAnswer+1)); err != nil {
		return nil, broken(err)
	}
	if a.answer.Len() > largestAnswer {
		return nil, fmt.Errorf("answer of more than %d bytes: %w", largestAnswer, runners.ErrFatal)
	}
	if response.StatusCode != http.StatusOK {
		return nil, a.refused(response, a.answer.Bytes())
	}
	var answer reply
	if err := json.Unmarshal(a.answer.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("%w: %w: not the JSON expected: %w", runners.ErrTemporary, runners.ErrMisread, err)
	}
	if answer.Error != "" {
		return nil, fmt.Errorf("%w: %s", runners.ErrTemporary, answer.Error)
	}
	// An answer need not be done: the server gives up one that repeats a token
	// thirty times, and says neither why nor how many tokens it was. Asking again
	// would end the same way.
	return &answer, nil
}

var jsonType = []string{"application/json"}
