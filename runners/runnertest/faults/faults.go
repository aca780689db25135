// Package faults is a proxy between a runner and a vLLM-like server. It simulates the
// faults of networks, proxies and overloaded servers: it breaks connections; truncates,
// slows down, reorders and corrupts answers; refuses requests; and restarts the server
// with another model.
package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Kind is a kind of fault.
type Kind string

// The kinds. Faults of DNS and TLS need an address of their own: see [NoNames] and
// [BadTLS].
const (
	ResetBefore Kind = "reset before the query"
	ResetAfter  Kind = "reset instead of the answer"
	HalfBody    Kind = "half a body"
	SlowBody    Kind = "slow body"
	Garbage     Kind = "garbage"
	ContentType Kind = "wrong content type"
	Order       Kind = "wrong index order" // not an error: the answer is complete
	Duplicate   Kind = "duplicate choices"
	Missing     Kind = "missing choices"
	ErrorInside Kind = "200 with an error inside"
	TooMany     Kind = "429"
	TooManyWait Kind = "429 with Retry-After"
	Storm       Kind = "500 storm"
	OtherModel  Kind = "restart with another model"
)

// Kinds lists the kinds of faults of a proxy.
var Kinds = []Kind{
	ResetBefore, ResetAfter, HalfBody, SlowBody, Garbage, ContentType, Order, Duplicate, Missing, ErrorInside, TooMany, TooManyWait, Storm, OtherModel,
}

// Proxy passes queries on and adds faults. Only New may set its fields.
type Proxy struct {
	*httptest.Server
	// Rate is the share of queries with a fault. For requests about the server itself,
	// the share is a tenth of it.
	Rate float64
	// Most is the largest number of faults; 0: there is no limit.
	Most int
	// Stall is the pause in a slow body.
	Stall time.Duration
	// Kinds are the kinds of faults; nil: all.
	Kinds []Kind

	upstream http.Handler
	mu       sync.Mutex
	random   *rand.Rand
	done     map[Kind]int
	total    int
	storm    int  // number of further requests to refuse
	other    bool // the server has another model
	life     int  // number of restarts
	began    time.Time
}

// New starts a proxy in front of a server. seed determines its faults; set changes its
// fields first. The proxy is closed when the test ends.
func New(t testing.TB, upstream http.Handler, seed uint64, set ...func(*Proxy)) *Proxy {
	p := &Proxy{
		Rate: 0.3, Stall: time.Second, Kinds: Kinds, upstream: upstream,
		random: rand.New(rand.NewPCG(seed, seed)), done: map[Kind]int{},
	}
	for _, change := range set {
		change(p)
	}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.Config.ErrorLog = quiet
	p.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		p.mu.Lock()
		defer p.mu.Unlock()
		life := p.life
		if time.Since(p.began) < startTime {
			life = noLife // the connection was made while the server was down
		}
		return context.WithValue(ctx, lifeKey{}, life)
	}
	p.Start()
	t.Cleanup(p.Close)
	return p
}

// Done counts the faults by kind.
func (p *Proxy) Done() map[Kind]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[Kind]int{}
	for kind, n := range p.done {
		out[kind] = n
	}
	return out
}

// Total is the number of faults.
func (p *Proxy) Total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	if !p.alive(r) {
		reset(w)
		return
	}
	question := strings.HasSuffix(r.URL.Path, "/completions")
	kind, other := p.draw(question)
	switch kind {
	case ResetBefore:
		reset(w)
		return
	case TooMany, TooManyWait, Storm:
		refuse(w, kind)
		return
	case OtherModel:
		reset(w) // the server restarts: requests in progress are lost
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	p.upstream.ServeHTTP(answer, r)
	if !p.alive(r) {
		reset(w)
		return
	}
	content := answer.Body.Bytes()
	if other {
		content = another(content)
	}
	p.reply(w, r, kind, answer.Code, content)
}

// Restore brings the first model back, as an operator would who noticed the other one.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.other {
		p.other = false
		p.restart()
	}
}

// startTime is the time of a restart, in which connections are refused. noLife marks
// these connections.
const (
	startTime = 100 * time.Millisecond
	noLife    = -1
)

func (p *Proxy) restart() {
	p.life++
	p.began = time.Now()
}

// lifeKey is the context key for the life of the server that accepted a connection.
type lifeKey struct{}

// alive reports whether the process that accepted a connection still runs. When a
// process ends, all its connections end.
func (p *Proxy) alive(r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.Context().Value(lifeKey{}) == p.life
}

// draw chooses the fault of a request, and the model that answers.
func (p *Proxy) draw(question bool) (kind Kind, other bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.storm > 0 {
		p.storm--
		return p.note(Storm), false
	}
	other = p.other
	rate := p.Rate
	if !question {
		rate /= 10
	}
	if p.Most > 0 && p.total >= p.Most || p.random.Float64() >= rate {
		return "", other
	}
	kind = p.Kinds[p.random.IntN(len(p.Kinds))]
	switch kind {
	case Storm:
		p.storm = p.random.IntN(8)
	case OtherModel:
		if other || !question || p.random.IntN(20) > 0 { // rare, because it ends a run
			return "", other
		}
		p.other = true
		p.restart()
	case Order, Duplicate, Missing:
		if !question {
			return "", other
		}
	}
	return p.note(kind), other
}

func (p *Proxy) note(kind Kind) Kind {
	p.done[kind]++
	p.total++
	return kind
}

// reply passes an answer on, changed by a fault.
func (p *Proxy) reply(w http.ResponseWriter, r *http.Request, kind Kind, code int, body []byte) {
	whole := len(body)
	switch kind {
	case ResetAfter:
		reset(w)
		return
	case HalfBody, SlowBody:
		w.Header().Set("Content-Length", fmt.Sprint(whole))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write(body[:whole/2])
		if kind == SlowBody {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(p.Stall):
				_, _ = w.Write(body[whole/2:])
				return
			case <-r.Context().Done():
			}
		}
		reset(w)
		return
	case Garbage:
		body = []byte("\x00\xff{\"choices\": [")
	case ContentType:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>Please wait</body></html>"))
		return
	case ErrorInside:
		body = []byte(`{"error":{"message":"the engine is overloaded","type":"ServiceUnavailable"}}`)
		code = http.StatusOK
	case Order, Duplicate, Missing:
		body = rearrange(body, kind)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client may be gone
}

// reset breaks the connection, like a machine that loses power.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the answer has begun
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func refuse(w http.ResponseWriter, kind Kind) {
	code := http.StatusTooManyRequests
	switch kind {
	case TooManyWait:
		w.Header().Set("Retry-After", "0")
	case Storm:
		code = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The words of a prompt that is too long, with the status of a server that is busy.
	_, _ = fmt.Fprintf(w, `{"error":{"message":"%s: context deadline exceeded, maximum context length is no limit","code":%d}}`, kind, code)
}

// rearrange changes the choices of an answer if it has several.
func rearrange(body []byte, kind Kind) []byte {
	var members map[string]json.RawMessage
	var choices []json.RawMessage
	if json.Unmarshal(body, &members) != nil || json.Unmarshal(members["choices"], &choices) != nil || len(choices) == 0 {
		return body
	}
	last := len(choices) - 1
	switch kind {
	case Order:
		choices[0], choices[last] = choices[last], choices[0]
	case Duplicate:
		choices = append(choices[:last:last], choices[0], choices[0])
	case Missing:
		choices = choices[:last]
	}
	members["choices"], _ = json.Marshal(choices) // cannot fail: they were decoded from JSON
	out, _ := json.Marshal(members)
	return out
}

// another changes an answer to one of another model with the same name.
func another(body []byte) []byte {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return body
	}
	change := func(list string, each func(map[string]any)) {
		var items []map[string]any
		if json.Unmarshal(members[list], &items) != nil {
			return
		}
		for _, item := range items {
			each(item)
		}
		members[list], _ = json.Marshal(items)
	}
	change("data", func(m map[string]any) { m["root"] = "/models/another" })
	change("choices", func(m map[string]any) { m["text"] = "an answer of another model" })
	out, _ := json.Marshal(members)
	return out
}
