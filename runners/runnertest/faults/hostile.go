package faults

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Attack is what a hostile server does with a request.
type Attack struct {
	Name string
	// Hangs: the reply never ends, so only a time limit ends the request.
	Hangs bool
	// Harmless: the reply is odd, and a client may accept it.
	Harmless bool
	reply    func(*exchange)
}

// exchange is one attacked request.
type exchange struct {
	conn   net.Conn
	server *Hostile
	good   *httptest.ResponseRecorder // what an honest server answers
	key    string                     // of the request
	random *rand.Rand
	err    error // of the first write that failed
}

// Attacks lists what a hostile server can do.
func Attacks() []Attack {
	never := func(e *exchange) { e.wait() }
	return []Attack{
		{Name: "never answers", Hangs: true, reply: never},
		{Name: "drips the header", Hangs: true, reply: func(e *exchange) { e.drip(e.whole()) }},
		{Name: "drips the body", Hangs: true, reply: func(e *exchange) { e.head(200, "Content-Length: 4096"); e.drip(strings.Repeat(" ", 4096)) }},
		{Name: "stops in the body", Hangs: true, reply: func(e *exchange) { e.head(200, "Content-Length: 4096"); e.write(`{"model": "`); e.wait() }},
		{Name: "stops between chunks", Hangs: true, reply: func(e *exchange) {
			e.head(200, "Transfer-Encoding: chunked")
			e.write("2\r\n{ \r\n")
			e.wait()
		}},
		{Name: "interim answers, slowly", Hangs: true, reply: func(e *exchange) {
			for e.err == nil && e.pause() {
				e.write("HTTP/1.1 102 Processing\r\n\r\n")
			}
		}},
		{Name: "closes at once", reply: func(*exchange) {}},
		{Name: "closes after the header", reply: func(e *exchange) { e.head(200, "Content-Length: 100") }},
		{Name: "closes within the header", reply: func(e *exchange) { e.write(e.whole()[:10+e.random.IntN(20)]) }},
		{Name: "an endless body", reply: func(e *exchange) { e.head(200); e.forever(strings.Repeat("endless ", 1<<12)) }},
		{Name: "an endless body of blanks", reply: func(e *exchange) { e.head(200); e.forever(strings.Repeat(" \n", 1<<14)) }},
		{Name: "an endless answer", reply: func(e *exchange) {
			e.head(200)
			e.write(`{"model":"tiny","done":true,"response":"`)
			e.forever(strings.Repeat("word ", 1<<12))
		}},
		{Name: "endless chunks", reply: func(e *exchange) {
			e.head(200, "Transfer-Encoding: chunked")
			e.forever("1000\r\n" + strings.Repeat("x", 1<<12) + "\r\n")
		}},
		{Name: "endless small chunks", reply: func(e *exchange) {
			e.head(200, "Transfer-Encoding: chunked")
			e.forever(strings.Repeat("1\r\nx\r\n", 1<<10))
		}},
		{Name: "an endless extension of a chunk", reply: func(e *exchange) {
			e.head(200, "Transfer-Encoding: chunked")
			e.write("1;")
			e.forever(strings.Repeat("x", 1<<12))
		}},
		{Name: "an endless trailer", Harmless: true, reply: func(e *exchange) {
			e.head(200, "Transfer-Encoding: chunked", "Trailer: X")
			body := e.good.Body.String()
			e.write(fmt.Sprintf("%x\r\n%s\r\n0\r\n", len(body), body))
			e.forever("X: " + strings.Repeat("x", 1<<12) + "\r\n")
		}},
		{Name: "endless headers", reply: func(e *exchange) {
			e.write("HTTP/1.1 200 OK\r\n")
			e.forever(strings.Repeat("X-Header: value\r\n", 1<<8))
		}},
		{Name: "an endless header", reply: func(e *exchange) {
			e.write("HTTP/1.1 200 OK\r\nX-Header: ")
			e.forever(strings.Repeat("x", 1<<12))
		}},
		{Name: "an endless status", reply: func(e *exchange) { e.write("HTTP/1.1 200 "); e.forever(strings.Repeat("x", 1<<12)) }},
		{Name: "interim answers for ever", reply: func(e *exchange) { e.forever(strings.Repeat("HTTP/1.1 102 Processing\r\nLink: <x>\r\n\r\n", 1<<6)) }},
		{Name: "a body that is too short", reply: func(e *exchange) { e.head(200, "Content-Length: 1000000"); e.write(e.good.Body.String()) }},
		{Name: "a body that is too long", reply: func(e *exchange) {
			e.head(200, fmt.Sprint("Content-Length: ", e.good.Body.Len()/2))
			e.write(e.good.Body.String())
		}},
		{Name: "two lengths", reply: func(e *exchange) {
			e.head(200, "Content-Length: 10", "Content-Length: 20")
			e.write(e.good.Body.String())
		}},
		{Name: "a negative length", reply: func(e *exchange) { e.head(200, "Content-Length: -1"); e.write(e.good.Body.String()) }},
		{Name: "a huge length", reply: func(e *exchange) { e.head(200, "Content-Length: 9223372036854775807"); e.write(e.good.Body.String()) }},
		{Name: "a length that overflows", reply: func(e *exchange) { e.head(200, "Content-Length: 99999999999999999999"); e.write(e.good.Body.String()) }},
		{Name: "a chunk without a size", reply: func(e *exchange) { e.head(200, "Transfer-Encoding: chunked"); e.write("\r\n{}\r\n0\r\n\r\n") }},
		{Name: "a chunk of another size", reply: func(e *exchange) { e.head(200, "Transfer-Encoding: chunked"); e.write("5\r\n{}\r\n0\r\n\r\n") }},
		{Name: "a chunk of a huge size", reply: func(e *exchange) {
			e.head(200, "Transfer-Encoding: chunked")
			e.write("fffffffffffffffff\r\n{}\r\n0\r\n\r\n")
		}},
		{Name: "a compressed bomb", reply: func(e *exchange) {
			e.head(200, "Content-Encoding: gzip", fmt.Sprint("Content-Length: ", len(bomb())))
			e.write(bomb())
		}},
		{Name: "a compressed bomb in chunks", reply: func(e *exchange) {
			e.head(200, "Content-Encoding: gzip", "Transfer-Encoding: gzip, chunked")
			e.write(fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(bomb()), bomb()))
		}},
		{Name: "another protocol", reply: func(e *exchange) { e.write("SSH-2.0-OpenSSH_9.6\r\n") }},
		{Name: "bytes at random", reply: func(e *exchange) {
			b := make([]byte, 1+e.random.IntN(1<<16))
			for i := range b {
				b[i] = byte(e.random.Uint32())
			}
			e.write(string(b))
		}},
		{Name: "switches protocols", reply: func(e *exchange) {
			e.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		}},
		{Name: "a redirect to another origin", reply: func(e *exchange) { e.head(307, "Location: "+e.server.Victim+"/v1/models", "Content-Length: 0") }},
		{Name: "a redirect to another scheme", reply: func(e *exchange) {
			e.head(307, "Location: "+[]string{"file:///etc/passwd", "ftp://example.org/", "javascript:x", "https://" + strings.TrimPrefix(e.server.Victim, "http://")}[e.random.IntN(4)], "Content-Length: 0")
		}},
		{Name: "redirects in a circle", reply: func(e *exchange) { e.head(307, "Location: "+e.server.URL+"/v1/models", "Content-Length: 0") }},
		{Name: "a redirect to nowhere", reply: func(e *exchange) { e.head(302, "Content-Length: 0") }},
		{Name: "a redirect to a long place", reply: func(e *exchange) { e.head(307, "Location: /"+strings.Repeat("x", 1<<18), "Content-Length: 0") }},
		{Name: "statuses in turn", reply: func(e *exchange) {
			codes := []int{204, 206, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 520, 599, 999}
			e.json(codes[e.random.IntN(len(codes))], `{"error":{"message":"no","code":"`+strings.Repeat("9", 1+e.random.IntN(1000))+`"}}`)
		}},
		{Name: "asks to wait for ever", reply: func(e *exchange) {
			wait := []string{"999999999999", "-1", "1e99", "Fri, 31 Dec 9999 23:59:59 GMT", strings.Repeat("9", 1000)}[e.random.IntN(5)]
			body := `{"error":"later"}`
			e.head(429+e.random.IntN(2)*74, "Retry-After: "+wait, fmt.Sprint("Content-Length: ", len(body)))
			e.write(body)
		}},
		{Name: "an error of many megabytes", reply: func(e *exchange) { e.json(400, `{"error":{"message":"`+strings.Repeat("no ", 4<<20)+`"}}`) }},
		{Name: "an error with the key", reply: func(e *exchange) { e.json(400, `{"error":{"message":"the key `+e.key+` is wrong\nreally"}}`) }},
		{Name: "no body", reply: func(e *exchange) { e.head(200, "Content-Length: 0") }},
		{Name: "a page", reply: func(e *exchange) { e.json(200, "<html><body>please sign in</body></html>") }},
		{Name: "half of the JSON", reply: func(e *exchange) { e.json(200, e.good.Body.String()[:e.good.Body.Len()/2]) }},
		{Name: "another type of JSON", reply: func(e *exchange) {
			e.json(200, []string{"null", "[]", "0", `"x"`, "true", "[[]]", "{}"}[e.random.IntN(7)])
		}},
		{Name: "members of other types", reply: func(e *exchange) {
			bad := []string{`7`, `"x"`, `[[1]]`, `{"a":{"b":[]}}`, `true`}[e.random.IntN(5)]
			e.json(200, fmt.Sprintf(`{"data":%[1]s,"models":%[1]s,"version":%[1]s,"choices":%[1]s,"response":%[1]s,"message":%[1]s,"done":%[1]s}`, bad))
		}},
		{Name: "nested JSON", reply: func(e *exchange) { e.json(200, strings.Repeat(`{"data":[`, 1<<18)) }},
		{Name: "a nested member", reply: func(e *exchange) { e.json(200, `{"x":`+strings.Repeat("[", 1<<18)+strings.Repeat("]", 1<<18)+"}") }},
		{Name: "duplicate members", Harmless: true, reply: func(e *exchange) {
			body := strings.TrimSpace(e.good.Body.String())
			e.json(200, "{"+strings.Repeat(strings.Trim(body, "{}")+",", 3)+`"model":"other",`+strings.TrimPrefix(body, "{"))
		}},
		{Name: "huge numbers", Harmless: true, reply: func(e *exchange) {
			number := []string{"1e999", "-1", "9223372036854775808", "1e-999", "-9223372036854775808", strings.Repeat("9", 10_000)}[e.random.IntN(6)]
			e.json(200, fmt.Sprintf(`{"model":"tiny","data":[{"id":"tiny","max_model_len":%[1]s}],"models":[{"name":"tiny:latest","model":"tiny:latest","size":%[1]s}],"version":"0","done":true,"response":"x",`+
				`"message":{"content":"x"},"prompt_eval_count":%[1]s,"eval_count":%[1]s,"total_duration":%[1]s,"choices":[{"index":%[1]s,"text":"x","message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":%[1]s,"completion_tokens":%[1]s}}`, number))
		}},
		{Name: "invalid UTF-8", Harmless: true, reply: func(e *exchange) { e.replace("\xff\xfe\xc0\xaf\xed\xa0\x80") }},
		{Name: "lone surrogates", Harmless: true, reply: func(e *exchange) { e.replace(`\ud800\udfff\udfff\ud800`) }},
		{Name: "control characters", Harmless: true, reply: func(e *exchange) { e.replace(`\u0000\u001b[2J\u009b\u202e\u0007\r\n`) }},
		{Name: "raw control characters", reply: func(e *exchange) { e.replace("\x00\x1b[2J\x07\r\n") }},
		{Name: "the key in the answer", Harmless: true, reply: func(e *exchange) { e.replace(e.key + " " + e.key) }},
		{Name: "an answer that is too long", reply: func(e *exchange) { e.replace(strings.Repeat("word ", 1<<22)) }},
		{Name: "answers for other requests", reply: func(e *exchange) {
			e.json(200, `{"model":"other","data":[{"id":"other"}],"models":[{"name":"other:latest","model":"other:latest"}],"choices":[{"index":7,"text":"[\"other\"]"},{"index":7,"text":"x"}]}`)
		}},
		{Name: "many answers", reply: func(e *exchange) {
			e.json(200, `{"model":"tiny","choices":[`+strings.Repeat(`{"index":0,"text":"[]","finish_reason":"stop"},`, 1<<16)+`{"index":1}]}`)
		}},
		{Name: "10^6 names", reply: func(e *exchange) { e.json(200, manyNames()) }},
		{Name: "a second answer", Harmless: true, reply: func(e *exchange) {
			e.write(e.whole() + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		}},
	}
}

// manyNames is a list of the names of a million models, for both kinds of servers.
var manyNames = sync.OnceValue(func() string {
	var b strings.Builder
	b.WriteString(`{"data":[`)
	for i := range 1_000_000 {
		fmt.Fprintf(&b, `{"id":"m%d"},`, i)
	}
	b.WriteString(`{"id":"x"}],"models":[{"name":"x"}`)
	b.WriteString(strings.Repeat(`,{"name":"x"}`, 1_000_000))
	b.WriteString(`]}`)
	return b.String()
})

// bomb is 64 MiB, compressed.
var bomb = sync.OnceValue(func() string { return bombOf(64 << 20) })

// bombOf is n bytes, compressed.
func bombOf(n int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	part := make([]byte, 1<<20)
	for range n / len(part) {
		_, _ = w.Write(part) // to memory
	}
	_ = w.Close()
	return b.String()
}

// Hostile is a server that attacks some requests, and answers others like the server
// behind it.
type Hostile struct {
	*httptest.Server
	// Victim is the address of another server, which must get no request.
	Victim string

	sent, met, reached atomic.Int64
	stolen             atomic.Bool
}

// mostSent is the number of bytes after which an endless reply ends. A client that reads
// so many has no limit.
const mostSent = 128 << 20

// NewHostile starts a hostile server in front of another one. It attacks the requests for
// the paths that attacked selects, and chooses sizes with the seed. It is closed when the
// test ends.
func NewHostile(t testing.TB, upstream http.Handler, a Attack, seed uint64, attacked func(path string) bool) *Hostile {
	h := &Hostile{}
	victim := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		h.reached.Add(1)
		if r.Header.Get("Authorization") != "" {
			h.stolen.Store(true)
		}
	}))
	t.Cleanup(victim.Close)
	h.Victim = victim.URL
	end := make(chan struct{})
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		good := httptest.NewRecorder()
		if !attacked(r.URL.Path) {
			upstream.ServeHTTP(w, r)
			return
		}
		n := h.met.Add(1)
		upstream.ServeHTTP(good, r)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		stop := make(chan struct{})
		defer close(stop)
		go func() { // the end of the test ends the reply
			select {
			case <-end:
				_ = conn.Close()
			case <-stop:
			}
		}()
		a.reply(&exchange{
			conn: conn, server: h, good: good, random: rand.New(rand.NewPCG(seed, uint64(n))),
			key: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "),
		})
	}))
	h.Config.ErrorLog = quiet
	h.Start()
	t.Cleanup(func() { close(end); h.Close() })
	return h
}

// Sent is the number of bytes of attacks that were written.
func (h *Hostile) Sent() int64 { return h.sent.Load() }

// Met is the number of attacked requests.
func (h *Hostile) Met() int64 { return h.met.Load() }

// Reached is the number of requests to the other server.
func (h *Hostile) Reached() int64 { return h.reached.Load() }

// Stolen reports whether a request to the other server had credentials.
func (h *Hostile) Stolen() bool { return h.stolen.Load() }

// Unlimited reports whether a client read all of an endless reply.
func (h *Hostile) Unlimited() bool { return h.Sent() >= mostSent }

func (e *exchange) write(s string) {
	if e.err != nil {
		return
	}
	var n int
	n, e.err = io.WriteString(e.conn, s)
	e.server.sent.Add(int64(n))
}

// head writes a status and headers.
func (e *exchange) head(code int, headers ...string) {
	e.write(fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nConnection: close\r\n%s\r\n\r\n", code, http.StatusText(code), strings.Join(headers, "\r\n")))
}

func (e *exchange) json(code int, body string) {
	e.head(code, fmt.Sprint("Content-Length: ", len(body)))
	e.write(body)
}

// whole is the honest response.
func (e *exchange) whole() string {
	return fmt.Sprintf("HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", e.good.Code, e.good.Body.Len(), e.good.Body)
}

// replace is the honest response with other texts in it, which are parts of JSON strings.
func (e *exchange) replace(text string) {
	var body any
	_ = json.Unmarshal(e.good.Body.Bytes(), &body) // the upstream writes JSON
	changed, _ := json.Marshal(mark(body))
	e.json(e.good.Code, strings.ReplaceAll(string(changed), marked, text))
}

const marked = "MARKED"

// mark replaces the texts of an answer and of a description.
func mark(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if _, ok := member.(string); ok && (name == "text" || name == "content" || name == "response" || name == "version" || name == "template" || name == "root") {
				v[name] = marked
			} else {
				v[name] = mark(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = mark(v[i])
		}
	}
	return v
}

// forever repeats a text, until the client ends the connection or has read too much.
func (e *exchange) forever(s string) {
	for e.err == nil && e.server.Sent() < mostSent {
		e.write(s)
	}
}

// drip writes one byte after the other, slowly.
func (e *exchange) drip(s string) {
	for i := 0; i < len(s) && e.err == nil && e.pause(); i++ {
		e.write(s[i : i+1])
	}
}

// pause waits a moment. It returns false if the client has ended the connection.
func (e *exchange) pause() bool {
	_ = e.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	_, err := e.conn.Read(make([]byte, 1))
	timeout, ok := err.(net.Error)
	return err == nil || ok && timeout.Timeout()
}

// wait waits until the client ends the connection.
func (e *exchange) wait() {
	_ = e.conn.SetReadDeadline(time.Time{})
	_, _ = io.Copy(io.Discard, e.conn)
}
