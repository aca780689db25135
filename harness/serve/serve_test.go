package serve

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nerbench/harness"
	"nerbench/internal/fault"
)

// fake is a source in memory.
type fake struct {
	mu      sync.Mutex
	version string
	opened  int
	closed  int
	running int // calls
	fault   error
	slow    chan struct{} // sites are made when it is closed; nil: at once
}

type fakeFiles struct {
	of   *fake
	page string
}

func (f *fake) Version(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.version, f.fault
}

func (f *fake) Open(ctx context.Context) (Files, error) {
	f.mu.Lock()
	f.opened++
	slow := f.slow
	f.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return &fakeFiles{f, "<!doctype html>" + strings.Repeat("page of "+f.version+" ", 200)}, nil
}

func (f *fake) Running(context.Context) ([]harness.Running, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running++
	return []harness.Running{{Run: "0123", Model: "m", Dataset: "d", Passages: f.running, Total: 1000}}, nil
}

func (f *fakeFiles) File(path string) ([]byte, error) {
	switch path {
	case "index.html", "live.html":
		return []byte(f.page), nil
	case "assets/x.0123456789ab.js":
		return []byte("small"), nil
	}
	return nil, fs.ErrNotExist
}

func (f *fakeFiles) Close() error {
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	f.of.closed++
	return nil
}

// served starts a server, and ends it with the test.
func served(t *testing.T, f *fake, o Options) (url string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	listening, ended := make(chan string, 1), make(chan error, 1)
	o.Listening = func(u string) { listening <- u }
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	go func() { ended <- Serve(ctx, f, o) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = stop() })
	select {
	case url = <-listening:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	return url, stop
}

// get sends a request and returns the response with its body as it was sent.
func get(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestResponses(t *testing.T) {
	f := &fake{version: "v1"}
	url, stop := served(t, f, Options{})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	for _, tc := range []struct {
		name, method, path string
		header             []string
		code               int
		want               []string // parts of headers
	}{
		{"index", "GET", "/", nil, 200, []string{"text/html; charset=utf-8", `"v1"`, "private, no-cache", "frame-ancestors 'none'", "nosniff", "no-referrer", "default-src 'none'; script-src 'self'"}},
		{"by name", "GET", "/index.html", nil, 200, nil},
		{"head", "HEAD", "/", nil, 200, []string{"Content-Length"}},
		{"hashed", "GET", "/assets/x.0123456789ab.js", nil, 200, []string{"immutable", "text/javascript"}},
		{"live", "GET", "/live.html", nil, 200, []string{"connect-src 'self'"}},
		{"missing", "GET", "/nosuch", nil, 404, []string{"no-store", "nosniff"}},
		{"outside", "GET", "/../../etc/passwd", nil, 404, nil},
		{"escaped", "GET", "/%2e%2e/%2e%2e/etc/passwd", nil, 404, nil},
		{"post", "POST", "/", nil, 405, []string{"GET, HEAD", "frame-ancestors 'none'"}},
		{"put of events", "PUT", "/events", nil, 405, nil},
		{"known version", "GET", "/", []string{"If-None-Match", `W/"v0", "v1"`}, 304, []string{`"v1"`}},
		{"other version", "GET", "/", []string{"If-None-Match", `"v0"`}, 200, nil},
		{"localhost", "GET", "/", []string{"Host", "localhost:" + port}, 200, nil},
		{"upper case", "GET", "/", []string{"Host", "LocalHost:" + port}, 200, nil},
		{"other host", "GET", "/", []string{"Host", "evil.example:" + port}, 421, []string{"nosniff"}},
		{"other port", "GET", "/", []string{"Host", "127.0.0.1:1"}, 421, nil},
		{"no port", "GET", "/", []string{"Host", "127.0.0.1"}, 421, nil},
		{"prefix of a host", "GET", "/events", []string{"Host", "127.0.0.1:" + port + ".evil.example"}, 421, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			response, body := get(t, tc.method, url+tc.path, tc.header...)
			if response.StatusCode != tc.code {
				t.Errorf("status %d, want %d: %.200s", response.StatusCode, tc.code, body)
			}
			var headers bytes.Buffer
			_ = response.Header.Write(&headers)
			for _, part := range tc.want {
				if !strings.Contains(headers.String(), part) {
					t.Errorf("no %q in\n%s", part, headers.String())
				}
			}
			if tc.method == "HEAD" && body != "" || tc.code == 304 && body != "" {
				t.Errorf("a body of %d bytes", len(body))
			}
		})
	}
	response, _ := get(t, "GET", url+"/")
	if strings.Contains(response.Header.Get("Content-Security-Policy"), "connect-src") {
		t.Error("every page may connect")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if f.opened != 1 || f.closed != 1 {
		t.Errorf("%d sites were opened, %d closed", f.opened, f.closed)
	}
}

func TestGzip(t *testing.T) {
	url, _ := served(t, &fake{version: "v1"}, Options{})
	_, plain := get(t, "GET", url+"/")
	response, packed := get(t, "GET", url+"/", "Accept-Encoding", "br, gzip")
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil || string(text) != plain || len(packed) >= len(plain) || response.Header.Get("ETag") == `"v1"` {
		t.Errorf("%d bytes packed, %d plain, tag %s, %v", len(packed), len(plain), response.Header.Get("ETag"), err)
	}
	for _, accept := range []string{"br", "gzip;q=0", ""} {
		if response, body := get(t, "GET", url+"/", "Accept-Encoding", accept); body != plain || response.Header.Get("Content-Encoding") != "" {
			t.Errorf("%q: the response is encoded", accept)
		}
	}
}

// TestNewVersion checks that a new version is served, not at once, and that the site before
// it is closed when nobody reads it.
func TestNewVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{version: "v1"}
		p := &pages{ctx: t.Context(), source: f, first: time.Minute, next: time.Minute}
		acquire := func(want string) *snapshot {
			t.Helper()
			s, err := p.acquire(t.Context())
			if err != nil || s.version != want {
				t.Fatalf("version %+v, %v, want %s", s, err, want)
			}
			return s
		}
		first := acquire("v1")
		f.version = "v2"
		readers := []*snapshot{first}
		for range 5 { // the last is just before another site may be made
			readers = append(readers, acquire("v1"))
			time.Sleep(minRebuild/5 - time.Millisecond)
		}
		if f.opened != 1 {
			t.Errorf("%d sites were made", f.opened)
		}
		time.Sleep(lookAgain + 5*time.Millisecond)
		second := acquire("v2")
		if f.closed != 0 {
			t.Error("a site that is read was closed")
		}
		for _, s := range readers {
			p.release(s)
		}
		if f.closed != 1 {
			t.Error("the site before is not closed")
		}
		// A store that cannot be read is an error, and no old page; within a second nobody looks.
		f.fault = errors.New("broken")
		p.release(acquire("v2"))
		time.Sleep(lookAgain + time.Millisecond)
		if _, err := p.acquire(t.Context()); err == nil {
			t.Error("no error")
		}
		p.release(second)
		if err := p.close(); err != nil || f.closed != 2 {
			t.Errorf("%d closed, %v", f.closed, err)
		}
	})
}

// TestComputing checks that a site that takes long is made in the background, once,
// whoever waits for it: without a site, a page says so; else the one before is shown.
func TestComputing(t *testing.T) {
	f := &fake{version: "v1", slow: make(chan struct{})}
	p := &pages{ctx: t.Context(), source: f, first: time.Millisecond, next: time.Millisecond}
	server := httptest.NewServer(p)
	defer server.Close()
	for range 3 {
		response, body := get(t, "GET", server.URL+"/")
		if response.StatusCode != 503 || response.Header.Get("Retry-After") != "5" || !strings.Contains(body, "are being computed") || !strings.Contains(body, `http-equiv="refresh"`) {
			t.Fatalf("status %d: %s", response.StatusCode, body)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	p.first = time.Minute
	if _, err := p.acquire(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that is gone: %v", err)
	}
	close(f.slow)
	first, err := p.acquire(t.Context())
	if err != nil || first.version != "v1" || f.opened != 1 {
		t.Fatalf("%v, %d sites were made", err, f.opened)
	}
	f.mu.Lock()
	f.version, f.slow = "v2", make(chan struct{})
	f.mu.Unlock()
	p.looked, p.rebuild = time.Time{}, time.Time{}
	again, err := p.acquire(t.Context())
	if err != nil || again != first {
		t.Errorf("while v2 is made: %v", err)
	}
	close(f.slow)
	p.next = time.Minute
	second, err := p.acquire(t.Context())
	if err != nil || second.version != "v2" || f.opened != 2 {
		t.Errorf("%v, %d sites were made", err, f.opened)
	}
	for _, s := range []*snapshot{first, again, second} {
		p.release(s)
	}
	if err := p.close(); err != nil || f.closed != 2 {
		t.Errorf("%d closed, %v", f.closed, err)
	}
}

// TestEndWhileComputing checks that a server ends while the first site is made.
func TestEndWhileComputing(t *testing.T) {
	f := &fake{version: "v1", slow: make(chan struct{})}
	_, stop := served(t, f, Options{})
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestToken(t *testing.T) {
	const token = "0123456789abcdef+/ é"
	url, _ := served(t, &fake{version: "v1"}, Options{Token: token})
	if response, _ := get(t, "GET", url+"/"); response.StatusCode != 401 || response.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without a token: %d", response.StatusCode)
	}
	for _, wrong := range []string{"", "x", token + "x", token[:15]} {
		if response, _ := get(t, "GET", url+"/", "Authorization", "Bearer "+wrong); response.StatusCode != 401 {
			t.Errorf("token %q: %d", wrong, response.StatusCode)
		}
	}
	if response, _ := get(t, "GET", url+"/", "Authorization", "Bearer "+token); response.StatusCode != 200 {
		t.Errorf("with the token: %d", response.StatusCode)
	}
	response, _ := get(t, "GET", url+"//live.html?token=0123456789abcdef%2B%2F+%C3%A9")
	if response.StatusCode != 303 || response.Header.Get("Location") != "/live.html" {
		t.Fatalf("with the token in the address: %d, %s", response.StatusCode, response.Header.Get("Location"))
	}
	cookies := response.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("cookies %v", cookies)
	}
	if response, _ := get(t, "GET", url+"/events", "Cookie", cookies[0].Name+"=wrong"); response.StatusCode != 401 {
		t.Errorf("with a wrong cookie: %d", response.StatusCode)
	}
	if response, _ := get(t, "GET", url+"/", "Cookie", cookies[0].Name+"="+cookies[0].Value); response.StatusCode != 200 {
		t.Errorf("with the cookie: %d", response.StatusCode)
	}
}

func TestOptions(t *testing.T) {
	for _, tc := range []struct {
		o  Options
		ok bool
	}{
		{Options{Addr: "127.0.0.1:0"}, true}, {Options{Addr: "localhost:80"}, true}, {Options{Addr: "[::1]:0"}, true},
		{Options{Addr: "0.0.0.0:0"}, false}, {Options{Addr: ":8080"}, false}, {Options{Addr: "192.0.2.1:80"}, false}, {Options{Addr: "8080"}, false},
		{Options{Addr: ":8080", Token: "short"}, false}, {Options{Addr: ":8080", Token: "0123456789abcdef"}, true},
	} {
		err := tc.o.Check()
		if (err == nil) != tc.ok || err != nil && !errors.As(err, new(*fault.UsageError)) {
			t.Errorf("%+v: %v", tc.o, err)
		}
	}
	a := newAccess("[::]:8080", Options{Addr: ":8080", Token: "0123456789abcdef"})
	for _, host := range []string{"127.0.0.1:8080", "[::1]:8080", "localhost:8080"} {
		if !strings.Contains(strings.Join(a.hosts, " "), host) {
			t.Errorf("%s is not answered: %q", host, a.hosts)
		}
	}
}

// TestEvents checks that a listener gets states, that the store is not read without one, and
// that the end of the server ends it.
func TestEvents(t *testing.T) {
	f := &fake{version: "v1"}
	url, stop := served(t, f, Options{})
	if response, _ := get(t, "HEAD", url+"/events"); response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %d %v", response.StatusCode, response.Header)
	}
	f.mu.Lock()
	if f.running != 0 {
		t.Error("the store is read, and nobody listens")
	}
	f.mu.Unlock()
	response, err := http.Get(url + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if want := `"run":"0123"`; !strings.Contains(data, want) {
				t.Errorf("the state is %s", data)
			}
			break
		}
	}
	if err := stop(); err != nil {
		t.Errorf("the server ends with %v", err)
	}
	for lines.Scan() {
		_ = lines.Text()
	}
}

// TestPaceOfEvents checks that listeners get states at most twice a second, the newest one
// if they are slow, and the last one at once if they come later.
func TestPaceOfEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		e := newEvents(f)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go e.run(ctx)
		time.Sleep(time.Minute)
		if f.running != 0 {
			t.Error("the store is read, and nobody listens")
		}
		listener := e.listen()
		began := time.Now()
		want := func(c chan []byte, passages int, after time.Duration) {
			t.Helper()
			state := <-c
			if text, took := fmt.Sprintf(`"passages":%d,"total":1000`, passages), time.Since(began); !strings.Contains(string(state), text) || took != after {
				t.Errorf("after %s came %s, want %s after %s", took, state, text, after)
			}
		}
		want(listener, 1, 0)
		want(listener, 2, eventPause)
		want(listener, 3, 2*eventPause)
		time.Sleep(3*eventPause + eventPause/2)
		want(listener, 6, 5*eventPause+eventPause/2)
		late := e.listen()
		want(late, 6, 5*eventPause+eventPause/2)
		want(listener, 7, 6*eventPause)
		e.leave(listener)
		e.leave(late)
		time.Sleep(time.Minute)
		if f.running != 7 {
			t.Errorf("the store is read %d times, and nobody listens", f.running-7)
		}
	})
}

func TestManyListeners(t *testing.T) {
	e := newEvents(&fake{})
	for range mostStream {
		if e.listen() == nil {
			t.Fatal("too few listeners")
		}
	}
	if e.listen() != nil {
		t.Error("too many listeners")
	}
}
