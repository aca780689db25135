package runners

import (
	"strings"
	"testing"
)

// TestTooLong has the refusals of prompts that exceed the context, as each server sends
// them.
func TestTooLong(t *testing.T) {
	for server, e := range map[string]StatusError{
		"Ollama 0.24":       {Code: 400, Message: "the input length exceeds the context length"},
		"Ollama, MLX":       {Code: 400, Message: "input length (5000 tokens) exceeds the model's maximum context length (4096 tokens)"},
		"vLLM 0.32":         {Code: 400, Message: "This model's maximum context length is 1024 tokens. However, your prompt contains at least 1025 input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt."},
		"vLLM 0.32, engine": {Code: 400, Message: "The decoder prompt (length 1025) is longer than the maximum model length of 1024. Make sure that `max_model_len` is no smaller than the number of text tokens."},
		"vLLM 0.32, no room": {Code: 400, Message: "The decoder prompt (length 1024) plus the number of requested output tokens (at least 1) is longer than the maximum model length of 1024. " +
			"Make sure that `max_model_len` is no smaller than the number of text tokens (prompt + requested output tokens)."},
		"vLLM 0.8":           {Code: 400, Message: "max_tokens must be at least 1, got -3."},
		"OpenAI":             {Code: 400, Reason: "context_length_exceeded", Member: "messages", Message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 8227 tokens. Please reduce the length of the messages."},
		"OpenAI, code alone": {Code: 400, Reason: "context_length_exceeded", Message: "Your input exceeds the context window of this model. Please adjust your input and try again."},
		"SGLang":             {Code: 400, Message: "The input (61709 tokens) is longer than the model's context length (40960 tokens)."},
		"SGLang, memory":     {Code: 400, Message: "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens)."},
		"TGI":                {Code: 422, Reason: "validation", Message: "Input validation error: `inputs` must have less than 4096 tokens. Given: 4545"},
		"TGI, with answer":   {Code: 422, Reason: "validation", Message: "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1244 `inputs` tokens and 1000 `max_new_tokens`"},
		"LM Studio": {Code: 400, Message: "Trying to keep the first 10136 tokens when context the overflows. However, the model is loaded with context length of only 7866 tokens, which is not enough. " +
			"Try to load the model with a larger context length, or provide a shorter input"},
		"LM Studio 0.4": {Code: 400, Message: "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 10247 >= n_ctx: 4096). " +
			"Try to load the model with a larger context length, or provide a shorter prompt."},
		"llama.cpp":        {Code: 400, Reason: "exceed_context_size_error", Message: "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it"},
		"llama.cpp before": {Code: 400, Message: "the request exceeds the available context size. try increasing the context size or enable context shift"},
		"Gemini":           {Code: 400, Message: "The input token count (2845475) exceeds the maximum number of tokens allowed (1048576)."},
		"a proxy":          {Code: 413, Reason: "context_length_exceeded"},
	} {
		if !e.TooLong() || e.Temporary() {
			t.Errorf("%s: %v is not too long", server, &e)
		}
	}
	for name, e := range map[string]StatusError{
		"deadline of a server":  {Code: 500, Message: "context deadline exceeded"},
		"deadline of a proxy":   {Code: 502, Message: "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"},
		"deadline of a gateway": {Code: 504, Message: "context deadline exceeded"},
		"rate limit":            {Code: 429, Message: "Rate limit exceeded: this model's maximum context length is 8192 tokens a minute"},
		"llama.cpp, a crash":    {Code: 500, Reason: "server_error", Message: "Context size has been exceeded."},
		"deadline in a 400":     {Code: 400, Message: "context deadline exceeded"},
		"LM Studio, unloaded":   {Code: 400, Message: "Model was unloaded while the request was still in queue.."},
		"LM Studio, a crash":    {Code: 400, Message: "The model has crashed without additional information. (Exit code: 18446744072635812000)"},
		"LM Studio, no model":   {Code: 400, Reason: "model_not_found", Message: "No models loaded. Please load a model in the developer page or use the `lms load` command."},
		"no credit":             {Code: 400, Reason: "invalid_request_error", Message: "Your credit balance is too low to access the API."},
		"busy":                  {Code: 503, Message: "server busy, please try again.  maximum pending requests exceeded"},
	} {
		if e.TooLong() || !e.Temporary() || e.OfQuery() {
			t.Errorf("%s: %v is not temporary", name, &e)
		}
	}
	for name, e := range map[string]StatusError{
		"quota":           {Code: 400, Message: "you exceeded your quota for long context requests"},
		"answer too long": {Code: 400, Message: "max_tokens is too large: 40000. This model supports at most 16384 completion tokens"},
		"content filter": {Code: 400, Reason: "content_filter", Member: "prompt", Message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. " +
			"Please modify your prompt and retry."},
		"moderation": {Code: 403, Message: "Your input was flagged"},
	} {
		if e.TooLong() || e.Temporary() || !e.OfQuery() {
			t.Errorf("%s: %v is not a refusal of the query", name, &e)
		}
	}
	for _, code := range []int{401, 403, 404, 405, 501} {
		if e := (StatusError{Code: code, Message: "no"}); e.OfQuery() || e.Temporary() {
			t.Errorf("%d is a refusal of the query, or temporary", code)
		}
	}
}

// TestTooLongTable: a text that is found in every message would hide failures.
func TestTooLongTable(t *testing.T) {
	for _, k := range tooLong {
		if k.server == "" || (k.reason == "") == (k.message == "") || k.message != strings.ToLower(k.message) || len(k.reason)+len(k.message) < 20 {
			t.Errorf("%+v: want a server and either a reason or a message in lower case", k)
		}
	}
}
