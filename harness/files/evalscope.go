package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"nerbench/loaders"
	"nerbench/ner"
)

// evalScopeLine is a line of EvalScope's folders predictions (the output of the model) and
// reviews (its score). index is the number of the sample, from 0; lines have any order.
type evalScopeLine struct {
	Index    *int               `json:"index"`
	Output   *evalScopeOutput   `json:"model_output"`
	Messages []evalScopeMessage `json:"messages"`
	Review   *struct {
		Score struct {
			Prediction *string `json:"prediction"`
		} `json:"score"`
		Sample struct {
			Tokens []string `json:"tokens"`
		} `json:"sample_metadata"`
	} `json:"sample_score"`
}

type evalScopeOutput struct {
	Choices []struct {
		Message evalScopeMessage `json:"message"`
		Stop    string           `json:"stop_reason"`
	} `json:"choices"`
	Error *string `json:"error"`
}

type evalScopeMessage struct {
	Role    string        `json:"role"`
	Content evalScopeText `json:"content"`
}

// evalScopeText is the content of a message: a text, or a list of parts, of which those of
// the type text count.
type evalScopeText string

func (t *evalScopeText) UnmarshalJSON(data []byte) error {
	var parts []struct{ Type, Text string }
	if json.Unmarshal(data, &parts) != nil {
		return json.Unmarshal(data, (*string)(t))
	}
	var b strings.Builder
	for _, p := range parts {
		if p.Type == "text" {
			b.WriteString(p.Text)
		}
	}
	*t = evalScopeText(b.String())
	return nil
}

// stopReasons are the reasons of EvalScope why an answer ended.
var stopReasons = map[string]ner.Finish{
	"stop": ner.FinishStop, "max_tokens": ner.FinishLength, "model_length": ner.FinishLength, "tool_calls": ner.FinishToolCall,
	"content_filter": ner.FinishFiltered, "unknown": ner.FinishUnknown, "": ner.FinishUnknown,
}

var errEvalScope = errors.New(`want {"index", "model_output": {"choices": [{"message", "stop_reason"}]}} or {"index", "sample_score": {"score": {"prediction"}}}`)

// parseEvalScope parses the answer to one sample, about all types of the dataset.
func parseEvalScope(line []byte) (given, error) {
	var l evalScopeLine
	if err := json.Unmarshal(line, &l); err != nil {
		return given{}, fmt.Errorf("%w: %w", errEvalScope, loaders.PlainJSON(err))
	}
	var g given
	if l.Index == nil || *l.Index < 0 {
		return g, errEvalScope
	}
	g.key = strconv.Itoa(*l.Index)
	var answer givenAnswer
	switch {
	case l.Output != nil && len(l.Output.Choices) > 0:
		first := l.Output.Choices[0]
		finish, known := stopReasons[first.Stop]
		if !known {
			return g, fmt.Errorf("stop_reason %q: unknown", first.Stop)
		}
		answer = givenAnswer{text: string(first.Message.Content), finish: finish}
	case l.Output != nil && l.Output.Error != nil:
		answer = givenAnswer{text: *l.Output.Error, finish: ner.FinishRefused}
	case l.Review != nil && l.Review.Score.Prediction != nil:
		answer.text = *l.Review.Score.Prediction
		g.says.tokens = l.Review.Sample.Tokens
	default:
		return g, errEvalScope
	}
	for _, m := range l.Messages {
		if m.Role == "user" { // the last one is about the passage, others are examples
			prompt := string(m.Content)
			g.says.prompt = &prompt
		}
	}
	g.answers = []givenAnswer{answer}
	return g, nil
}
