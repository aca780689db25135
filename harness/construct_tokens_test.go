package harness

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/distill"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/vllm/vllmtest"
)

// manyTexts writes a corpus of n texts, of which each is a few passages.
func manyTexts(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		text := strings.Repeat(fmt.Sprintf("The ship %d lay in the harbour of Varna. Nobody was on board that day, and the salt was gone. ", i), 1+i%9)
		fmt.Fprintf(&b, "{\"id\": \"t%d\", \"text\": %q}\n", i, text)
	}
	file := filepath.Join(t.TempDir(), "texts.jsonl")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// countedRequest asks a server for the tokens of many texts.
func countedRequest(t *testing.T, model, corpus string) ConstructRequest {
	r := constructRequest(t, "unused")
	r.Paths, r.Tokens, r.Chunk, r.Sample, r.Ask.Plan.Model = []string{corpus}, "server", 64, 1000, model
	return r
}

// TestServerTokensAreFew: a passage takes few requests, several texts are counted at once, and
// their order does not matter.
func TestServerTokensAreFew(t *testing.T) {
	corpus := manyTexts(t, 200)
	var made [][]byte
	for _, connections := range []int{1, 0} {
		var counts, now, most atomic.Int64
		fake := ollamatest.New(t, func(f *ollamatest.Fake) {
			f.Intercept = func(_ http.ResponseWriter, r *ollamatest.Request) bool {
				if n, _ := r.Options["num_predict"].(float64); n == 1 {
					counts.Add(1)
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(time.Millisecond)
					now.Add(-1)
				}
				return false
			}
			f.Tokens = func(prompt string) int { return 7 + (len(prompt)+3)/4 }
			f.Answer = func(string) string { return `[("Varna", "city")]` }
		})
		b := &Bench{Getenv: func(name string) string { return map[string]string{"OLLAMA_HOST": fake.URL}[name] }}
		r := countedRequest(t, "ollama/tiny", corpus)
		r.Ask.Connections = connections
		out, err := b.Construct(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d counts for %d passages, up to %d at once", counts.Load(), out.Passages, most.Load())
		if limit := int64(2 * out.Passages); counts.Load() > limit {
			t.Errorf("%d counts for %d passages", counts.Load(), out.Passages)
		}
		if connections == 0 && most.Load() < 2 {
			t.Error("one text is counted at a time")
		}
		passages, err := os.ReadFile(filepath.Join(r.Dir, distill.PassagesFile))
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, passages)
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("the passages depend on the number of texts at once")
	}
}

// TestServerTokensByAPI: a server with an API for its tokenizer generates nothing for a count.
func TestServerTokensByAPI(t *testing.T) {
	corpus := manyTexts(t, 50)
	fake := vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = func(string) string { return `[("Varna", "city")]` } })
	b := &Bench{}
	r := countedRequest(t, "vllm/tiny", corpus)
	r.Ask.Servers = []string{fake.URL}
	out, err := b.Construct(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if asked, counted := fake.Asked(), fake.Counted(); asked > out.Passages+10 || counted > 2*out.Passages+10 {
		t.Errorf("%d answers and %d counts for %d passages", asked, counted, out.Passages)
	}
	passages, err := distill.ReadPassages(t.Context(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range passages {
		if tokens := vllmtest.TokensOf(p.Text) - 1; tokens > r.Chunk {
			t.Errorf("a passage has %d tokens", tokens)
		}
	}
}

// TestServerTokensFail: an error of the server ends the command, and leaves no passages.
func TestServerTokensFail(t *testing.T) {
	var counts atomic.Int64
	fake := vllmtest.New(t, func(f *vllmtest.Fake) {
		f.Intercept = func(w http.ResponseWriter, path string, q *vllmtest.Request) bool {
			if path != "/tokenize" || counts.Add(1) < 40 {
				return false
			}
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	})
	b := &Bench{}
	r := countedRequest(t, "vllm/tiny", manyTexts(t, 200))
	r.Ask.Servers = []string{fake.URL}
	if _, err := b.Construct(t.Context(), r); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, distill.CorpusFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", distill.CorpusFile, err)
	}
}
