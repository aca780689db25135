//go:build unix

package httpclient_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/internal/httpclient"
)

// dialling is a Direct that counts its connections.
func dialling(idle int) (*httpclient.Direct, *atomic.Int64) {
	dials := &atomic.Int64{}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return &httpclient.Direct{Dial: dial, Idle: idle, Other: plainTransport(idle)}, dials
}

func plainTransport(idle int) *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: idle, DisableCompression: true, MaxResponseHeaderBytes: httpclient.MostHeader}
}

// rawServer writes replies, byte for byte: each connection gets them in turn, one for each
// request. An empty reply, and the last one, close the connection.
func rawServer(t *testing.T, replies ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				reader := bufio.NewReader(conn)
				for _, reply := range replies {
					request, err := http.ReadRequest(reader)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, request.Body)
					if _, err := io.WriteString(conn, reply); err != nil || reply == "" {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// outcome is what a client makes of a response.
type outcome struct {
	status  int
	body    string
	trailer string
	failed  bool
}

func post(client *http.Client, method, address string) outcome {
	request, err := http.NewRequest(method, address, strings.NewReader(prompt))
	if err != nil {
		return outcome{failed: true}
	}
	response, err := client.Do(request)
	if err != nil {
		return outcome{failed: true}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return outcome{response.StatusCode, string(text), response.Trailer.Get("T"), err != nil}
}

// TestDirectIsATransport: Direct makes of every response what a transport makes of it.
func TestDirectIsATransport(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
	for name, tc := range map[string]struct {
		method, reply string
		want          outcome
	}{
		"length":          {"POST", ok, outcome{200, "done", "", false}},
		"chunked":         {"POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n2\r\ndo\r\n2\r\nne\r\n0\r\nT: x\r\n\r\n", outcome{200, "done", "x", false}},
		"until the end":   {"POST", "HTTP/1.0 200 OK\r\n\r\ndone", outcome{200, "done", "", false}},
		"no body":         {"POST", "HTTP/1.1 204 No Content\r\n\r\n", outcome{status: 204}},
		"empty body":      {"POST", "HTTP/1.1 500 Fault\r\nContent-Length: 0\r\n\r\n", outcome{status: 500}},
		"HEAD":            {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", outcome{status: 200}},
		"interim":         {"POST", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok, outcome{200, "done", "", false}},
		"endless interim": {"POST", strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n", 2000) + ok, outcome{failed: true}},
		"nothing":         {"POST", "", outcome{failed: true}},
		"cut headers":     {"POST", "HTTP/1.1 200 OK\r\nContent-Le", outcome{failed: true}},
		"cut body":        {"POST", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ndone", outcome{200, "done", "", true}},
		"cut chunk":       {"POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndone", outcome{200, "done", "", true}},
		"not HTTP":        {"POST", "SSH-2.0-OpenSSH\r\n", outcome{failed: true}},
		"large headers":   {"POST", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", httpclient.MostHeader) + "\r\n\r\n", outcome{failed: true}},
		"redirect":        {"POST", "HTTP/1.1 302 Found\r\nLocation: http://other.invalid/\r\n\r\n", outcome{failed: true}},
	} {
		t.Run(name, func(t *testing.T) {
			address := rawServer(t, tc.reply)
			direct, _ := dialling(1)
			for kind, transport := range map[string]http.RoundTripper{"transport": plainTransport(1), "direct": direct} {
				client := httpclient.SameOrigin(&http.Client{Transport: transport})
				for range 2 {
					client.CloseIdleConnections() // neither may see in time that the server closed it
					if got := post(client, tc.method, address); got != tc.want {
						t.Errorf("%s: got %+v, want %+v", kind, got, tc.want)
					}
				}
				client.CloseIdleConnections()
			}
		})
	}
}

// TestConnectionsAreReused: a connection is used again if its response was read to the end
// and neither side closes it.
func TestConnectionsAreReused(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n\r\n"
	for name, tc := range map[string]struct {
		replies []string
		want    int64 // connections of four requests
	}{
		"kept":                 {[]string{ok, chunked, ok, "HTTP/1.1 204 No Content\r\n\r\n"}, 1},
		"closed by the header": {[]string{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ndone", ok}, 4},
		"too much":             {[]string{ok + "x", ok}, 4},
		"another protocol":     {[]string{"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", ok}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			direct, dials := dialling(2)
			address := rawServer(t, tc.replies...)
			for range 4 {
				if got := post(&http.Client{Transport: direct}, "POST", address); got.failed {
					t.Errorf("got %+v", got)
				}
			}
			if n := dials.Load(); n != tc.want {
				t.Errorf("%d connections, want %d", n, tc.want)
			}
		})
	}
}

// TestClosedConnectionsAreNotUsed: a server that closed an idle connection gets the next
// request over a new one.
func TestClosedConnectionsAreNotUsed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "done") }))
	defer server.Close()
	direct, dials := dialling(2)
	client := &http.Client{Transport: direct}
	for i := range 3 {
		if got := post(client, "POST", server.URL); got.body != "done" || got.failed {
			t.Errorf("request %d: %+v", i, got)
		}
		server.CloseClientConnections()
	}
	if n := dials.Load(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// TestBrokenRequestsFail: a server that closes a used connection instead of a response
// gets the request once. The failure must be counted, so it is not hidden.
func TestBrokenRequestsFail(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if asked.Add(1)%2 == 0 {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, "done")
	}))
	defer server.Close()
	direct, dials := dialling(2)
	client := &http.Client{Transport: direct}
	for i := range 4 {
		if got := post(client, "POST", server.URL); got.failed != (i%2 == 1) {
			t.Errorf("request %d: %+v", i, got)
		}
	}
	if asked.Load() != 4 || dials.Load() != 2 {
		t.Errorf("%d requests over %d connections, want 4 over 2", asked.Load(), dials.Load())
	}
}

// TestIdleConnections: no more are kept than wanted, and none after the client is closed.
func TestIdleConnections(t *testing.T) {
	var open atomic.Int64
	gate := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-gate
		fmt.Fprint(w, "done")
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	await := func(want int64) {
		for open.Load() != want { // the test ends by its time-out if it never comes
			time.Sleep(time.Millisecond)
		}
	}
	direct, _ := dialling(2)
	client := &http.Client{Transport: direct}
	var requests sync.WaitGroup
	for range 5 {
		requests.Go(func() {
			if got := post(client, "POST", server.URL); got.body != "done" {
				t.Errorf("got %+v", got)
			}
		})
	}
	await(5)
	close(gate)
	requests.Wait()
	await(2)
	client.CloseIdleConnections()
	await(0)
	if got := post(client, "POST", server.URL); got.body != "done" {
		t.Errorf("after the client was closed: %+v", got)
	}
}

// TestContextEndsTheRequest: the error is that of the context, and the server sees that
// the connection was closed, before the headers and in the body.
func TestContextEndsTheRequest(t *testing.T) {
	for _, part := range []string{"headers", "body"} {
		t.Run(part, func(t *testing.T) {
			gone, began := make(chan struct{}), make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if part == "body" {
					fmt.Fprint(w, "do")
					_ = http.NewResponseController(w).Flush()
				}
				close(began)
				<-r.Context().Done()
				close(gone)
			}))
			defer server.Close()
			direct, _ := dialling(2)
			why := errors.New("interrupted")
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() { <-began; cancel(why) }()
			request, err := http.NewRequestWithContext(ctx, "POST", server.URL, strings.NewReader(prompt))
			if err != nil {
				t.Fatal(err)
			}
			response, err := direct.RoundTrip(request)
			if part == "body" && err == nil {
				_, err = io.ReadAll(response.Body)
				response.Body.Close()
			}
			if !errors.Is(err, why) {
				t.Errorf("the error is %v, want %v", err, why)
			}
			<-gone // the test ends by its time-out if the connection stays open
		})
	}
}

// TestClosedBody: a response that is closed before its end closes the connection.
func TestClosedBody(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "do")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	defer server.Close()
	direct, _ := dialling(2)
	response, err := (&http.Client{Transport: direct}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	<-gone
	if _, err := response.Body.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("reading a closed response gives %v", err)
	}
}

// TestEarlyRefusal: a server that responds and closes the connection without reading a
// large request has said why.
func TestEarlyRefusal(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
	}()
	direct, _ := dialling(2)
	response, err := (&http.Client{Transport: direct}).Post("http://"+listener.Addr().String(), "text/plain", strings.NewReader(strings.Repeat("x", 1<<22)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); response.StatusCode != 413 || string(text) != "no" || err != nil {
		t.Errorf("status %d, %q, %v", response.StatusCode, text, err)
	}
}

// TestOtherRequests: https, requests through a proxy, and hosts with names that are not
// ASCII, go the other way.
func TestOtherRequests(t *testing.T) {
	secure := newSite(t, true)
	proxy := newSite(t, false)
	direct, dials := dialling(2)
	direct.Other = secure.Client().Transport.(*http.Transport)
	direct.Other.Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Host == "proxied.invalid" {
			return url.Parse(proxy.URL)
		}
		return nil, nil
	}
	client := &http.Client{Transport: direct}
	for _, address := range []string{secure.URL, "http://proxied.invalid/"} {
		if got := post(client, "POST", address); got.body != "done" {
			t.Errorf("%s: %+v", address, got)
		}
	}
	if len(proxy.got) != 1 || dials.Load() != 0 {
		t.Errorf("the proxy got %q; %d connections were direct", proxy.got, dials.Load())
	}
	if got := post(client, "POST", "http://nobody.invalid/"); !got.failed || dials.Load() != 1 {
		t.Errorf("a host that does not exist: %+v", got)
	}
	encoded := ""
	direct.Other.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		encoded = address
		return nil, errors.New("no such host")
	}
	if got := post(client, "POST", "http://bücher.invalid/"); !got.failed || dials.Load() != 1 || encoded != "xn--bcher-kva.invalid:80" {
		t.Errorf("a name that is not ASCII: %+v, %q", got, encoded)
	}
}

// TestManyAtOnce: concurrent requests get their own responses.
func TestManyAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		_, _ = w.Write(text)
	}))
	defer server.Close()
	direct, dials := dialling(8)
	client := &http.Client{Transport: direct}
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := range 50 {
				want := strings.Repeat(fmt.Sprintf("%d-%d ", w, i), 1+i*40)
				response, err := client.Post(server.URL, "text/plain", strings.NewReader(want))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || string(got) != want {
					t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
				}
			}
		})
	}
	workers.Wait()
	if n := dials.Load(); n > 8 {
		t.Errorf("%d connections", n)
	}
}
