//go:build unix

package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

// conformVLLM runs the suite of all runners against a real server, and then tests
// what only a real server can show.
func conformVLLM(t *testing.T, server *vllmtest.Server, key string) {
	open := func(t *testing.T) *vllm.Runner {
		r, err := vllm.New(vllm.Config{Servers: []string{server.URL}, Model: server.Model, Key: key, Decoding: runners.Decoding{Seed: 1}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		probe(t, r, query("x"))
		return r
	}
	runnertest.Run(t, runnertest.Suite{
		New:     func(t *testing.T) runners.Runner { return open(t) },
		Query:   func(text string) ner.Query { return query("Text: " + text) },
		TooLong: strings.Repeat("q 7 x 3 z 9 ", 700),
		Tokens:  true,
	})
	t.Run("identity and abilities", func(t *testing.T) {
		r := open(t)
		id, err := r.Identify(t.Context())
		if err != nil || id.Server != vllm.Kind || id.ServerVersion == "" || id.Context != 2048 || !strings.HasSuffix(id.Root, "tiny-uniner-frequency") {
			t.Errorf("identity is %+v, %v", id, err)
		}
		got := probe(t, r, query("x"))
		want := vllm.Abilities{Lists: true, TokenIDs: true, Tokenize: true, Special: &runners.Special{Added: 1, Texts: []string{"</s>"}, Tokens: []int{1}}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("abilities are %+v", got)
		}
	})
	t.Run("clamped answers are too long", func(t *testing.T) {
		q := query(strings.Repeat("q 7 x 3 ", 230)) // it fits, its longest answer does not
		q.Prompt.MaxTokens = 1500
		got, err := open(t).Complete(t.Context(), []ner.Query{q, q})
		if err != nil || got[0].Finish != ner.FinishTooLong || got[1].Finish != ner.FinishTooLong {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("schema, both shapes", func(t *testing.T) {
		schema := json.RawMessage(`{"type":"array","items":{"type":"string"}}`)
		completion := ner.Query{Prompt: ner.Prompt{Text: "hello", MaxTokens: 8, Schema: schema}}
		chat := ner.Query{Prompt: ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "hello"}}, MaxTokens: 8, Schema: schema}}
		for _, q := range []ner.Query{completion, chat} {
			r := open(t)
			if a := probe(t, r, q); a.Schema == "" {
				t.Errorf("abilities are %+v", a)
			}
			got, err := r.Complete(t.Context(), []ner.Query{q})
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.TrimSpace(got[0].Text); text != "" && text[0] != '[' {
				t.Errorf("the schema does not hold: %q", text)
			}
			q.Prompt.Schema = json.RawMessage(`"json"`)
			if got, err = r.Complete(t.Context(), []ner.Query{q}); err != nil {
				t.Fatal(err)
			}
			if text := strings.TrimSpace(got[0].Text); text != "" && text[0] != '{' {
				t.Errorf("not a JSON object: %q", text)
			}
		}
	})
	t.Run("prefix cache", func(t *testing.T) {
		r := open(t)
		before, ok := r.Cache(t.Context())
		if !ok {
			t.Fatal("no counters")
		}
		passage := strings.Repeat("Mira Okafor joined Tessel Labs in Port Varna . ", 24)
		var queries []ner.Query
		for _, kind := range []string{"person", "location", "date", "group", "event", "law", "song", "year"} {
			queries = append(queries, query("Text: "+passage+"What describes "+kind+" in the text?"))
		}
		if _, err := r.Complete(t.Context(), queries); err != nil {
			t.Fatal(err)
		}
		after, _ := r.Cache(t.Context())
		c := after.Sub(before)
		if share := float64(c.Cached) / float64(c.Tokens); share < 0.7 {
			t.Errorf("%.2f of %d prompt tokens came from the cache", share, c.Tokens)
		}
	})
	t.Run("wrong key", func(t *testing.T) {
		r, err := vllm.New(vllm.Config{Servers: []string{server.URL}, Model: server.Model, Key: "sk-wrong"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := r.Identify(t.Context()); !errors.Is(err, runners.ErrFatal) || strings.Contains(err.Error(), "sk-wrong") {
			t.Errorf("error is %v", err)
		}
	})
}

func probe(t *testing.T, r *vllm.Runner, example ner.Query) vllm.Abilities {
	t.Helper()
	a, err := r.Probe(t.Context(), &example.Prompt)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// checkVLLMFacts holds what the run records of the server against what is known of
// it.
func checkVLLMFacts(t *testing.T, result harness.Result) {
	t.Helper()
	for name, want := range map[string]string{"lists": "yes", "special_tokens": "tokens added to a prompt: 1, tokens of </s>: 1", "probe_differ": "0"} {
		if result.Facts[name] != want {
			t.Errorf("%s is %q, want %q", name, result.Facts[name], want)
		}
	}
	var sent, computed int
	fmt.Sscan(result.Facts["prompt_tokens"], &sent)
	fmt.Sscan(result.Facts["prompt_tokens_computed"], &computed)
	if sent == 0 || computed*2 > sent {
		t.Errorf("%d of %d prompt tokens were computed", computed, sent)
	}
}
