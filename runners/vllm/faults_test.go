package vllm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest"
	"nerbench/runners/runnertest/faults"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

// witness records the answers of its runner and the prompts that are sent again.
type witness struct {
	runners.Runner
	mu       sync.Mutex
	answered map[string]bool
	again    []string
	sent     int
}

func (w *witness) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	got, err := w.Runner.Complete(ctx, queries)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range got {
		w.answered[queries[i].Prompt.Text] = true
	}
	return got, err
}

// sending records a request before it is sent, because a server may read a cancelled
// request late, when its prompts are already answered.
func (w *witness) sending(r *http.Request) {
	if r.GetBody == nil {
		return
	}
	body, err := r.GetBody()
	if err != nil {
		return
	}
	defer body.Close()
	var q vllmtest.Request
	_ = json.NewDecoder(body).Decode(&q) // on failure, the request has no prompts
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range q.Prompts() {
		if w.answered[p] {
			w.again = append(w.again, p)
		}
		w.sent++
	}
}

func passages(n int) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		for i := range n {
			if !yield(&ner.Document{ID: fmt.Sprint(i), Text: fmt.Sprintf("passage %d", i)}, nil) {
				return
			}
		}
	}
}

func threeTypes(d *ner.Document) ([]ner.Query, error) {
	var out []ner.Query
	for _, kind := range []ner.EntityType{"person", "place", "date"} {
		q := query(d.Text + " " + string(kind))
		q.Document, q.Types = d, []ner.EntityType{kind}
		out = append(out, q)
	}
	return out, nil
}

// TestThousandsOfFaults: with any faults, the result is the same as without faults, no
// answered query is sent again, and the faults are counted.
func TestThousandsOfFaults(t *testing.T) {
	const most, documents = 3_000, 5_000
	fake := vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = echo })
	w := &witness{answered: map[string]bool{}}
	proxy := faults.New(t, fake.Config.Handler, 7, func(p *faults.Proxy) {
		p.Rate, p.Most, p.Stall = 0.5, most+most/10, 400*time.Millisecond
	})
	servers := []string{proxy.URL} // only one: with others, it would get no queries once it has another model
	store := runnertest.NewMemory()
	failed := map[string]int64{}
	sessions, noticed := 0, 0
	for ; ; sessions++ {
		if sessions == 1000 {
			t.Fatalf("%d sessions, %d of %d passages", sessions, len(store.Complete), documents)
		}
		r, err := vllm.New(vllm.Config{Servers: servers, Model: "tiny", Decoding: runners.Decoding{Seed: 1}, Timeout: 300 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		r.RestFor(2 * time.Millisecond)
		r.SetAbilities(vllm.Abilities{Lists: true, TokenIDs: true})
		r.Sending(w.sending)
		w.Runner = r
		quick := runners.Policy{Attempts: 30, First: 20 * time.Millisecond, Longest: 200 * time.Millisecond, Patience: time.Second}
		r.Agree("vllm", "0.32.0", "/models/tiny", 2048) // as in the first session, or it would be another run
		asked, err := loop.Ask(t.Context(), loop.Plan{
			Documents: passages(documents), Done: store.Done, Queries: threeTypes, Identity: "model", Decoding: "greedy",
			Runner: runners.Retry(w, quick), Slots: runners.NewFixed(32), Recorder: store,
		})
		for name, n := range r.Failures() {
			failed[name] += n
		}
		r.Close()
		proxy.Restore()
		if err == nil && asked.Incomplete == 0 {
			break
		}
		if err != nil && strings.Contains(err.Error(), "/models/another") {
			noticed++
		}
		if err != nil && !errors.Is(err, runners.ErrFatal) && !errors.Is(err, runners.ErrTemporary) {
			t.Fatal(err)
		}
	}
	want := map[string]string{}
	for i := range documents {
		for k, kind := range []string{"person", "place", "date"} {
			want[fmt.Sprint(i, " ", k)] = echo(fmt.Sprintf("passage %d %s", i, kind))
		}
	}
	if got := store.Texts(); !maps.Equal(got, want) {
		wrong := 0
		for place, text := range want {
			if got[place] != text {
				if wrong++; wrong < 5 {
					t.Errorf("%s: got %q, want %q", place, got[place], text)
				}
			}
		}
		t.Errorf("%d of %d answers are wrong", wrong, len(want))
	}
	if w.sent < len(want) {
		t.Errorf("%d prompts were sent, want at least %d", w.sent, len(want))
	}
	if len(w.again) > 0 {
		t.Errorf("%d answered prompts were sent again, such as %q", len(w.again), w.again[0])
	}
	done := proxy.Done()
	if faults := proxy.Total() - done[faults.Order]; faults < most { // another order is not an error
		t.Errorf("%d faults: %v", faults, done)
	}
	for _, kind := range faults.Kinds {
		if done[kind] == 0 {
			t.Errorf("no fault of the kind %q", kind)
		}
	}
	if noticed == 0 {
		t.Error("no session ended with the error about another model")
	}
	for _, name := range []string{"failed_refused", "failed_late", "failed_misread", "failed_broken"} {
		if failed[name] == 0 {
			t.Errorf("no failure is counted as %s: %v", name, failed)
		}
	}
	t.Logf("%d sessions, %v, counted as %v", sessions+1, done, failed)
}

// TestDeadServers: the last good server answers all queries, although one server has an
// unknown host name, one an invalid certificate, and one no open port.
func TestDeadServers(t *testing.T) {
	const documents = 2000
	fake := vllmtest.New(t, func(f *vllmtest.Fake) { f.Answer = echo })
	noName, unnamed := faults.NoNames(t)
	noTrust, untrusted := faults.BadTLS(t)
	servers := []string{noName, noTrust, "http://127.0.0.1:9", fake.URL}
	r, err := vllm.New(vllm.Config{Servers: servers, Model: "tiny", Decoding: runners.Decoding{Seed: 1}, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.SetAbilities(vllm.Abilities{Lists: true, TokenIDs: true})
	r.Agree("vllm", "0.32.0", "/models/tiny", 2048)
	r.LookFor(200 * time.Millisecond)
	r.RestFor(2 * time.Millisecond)
	store := runnertest.NewMemory()
	policy := runners.Policy{Attempts: 10, First: 10 * time.Millisecond, Longest: 100 * time.Millisecond, Patience: 10 * time.Second}
	asked, err := loop.Ask(t.Context(), loop.Plan{
		Documents: passages(documents), Queries: threeTypes, Identity: "model", Decoding: "greedy",
		Runner: runners.Retry(r, policy), Slots: runners.NewFixed(4), Recorder: store,
	})
	if err != nil || asked.Incomplete > 0 || len(store.Complete) != documents {
		t.Errorf("%v: %+v", err, asked)
	}
	failed := r.Failures()
	t.Logf("counted as %v; %d attempts with an unknown name, %d with a bad certificate", failed, unnamed.Load(), untrusted.Load())
	if failed["failed_broken"] == 0 || unnamed.Load() == 0 || untrusted.Load() == 0 {
		t.Error("not every server failed")
	}
}
