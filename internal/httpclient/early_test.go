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
	"strings"
	"syscall"
	"testing"

	"nerbench/internal/httpclient"
)

// noticed waits until the program has noticed that a connection has something to read;
// ready is called when the wait has begun.
func noticed(conn net.Conn, ready func()) error {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	began := false
	return raw.Read(func(uintptr) bool {
		if began {
			return true
		}
		began = true
		ready()
		return false
	})
}

// TestResponseBeforeTheRequest: a server may refuse a connection as soon as it is made, and
// not close its side. The refusal, noticed before the request is sent, is its response.
func TestResponseBeforeTheRequest(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ready := make(chan struct{})
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		<-ready
		_, _ = io.WriteString(conn, "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy")
		_, _ = io.Copy(io.Discard, conn)
	}()
	direct, _ := dialling(1)
	direct.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn, noticed(conn, func() { close(ready) })
	}
	// The test ends by its time-out if the response goes unnoticed.
	if got, want := post(&http.Client{Transport: direct}, "POST", "http://"+listener.Addr().String()), (outcome{status: 503, body: "busy"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestHalfClosedConnectionsAreNotUsed: a server that closes only its side of an idle
// connection gets the next request, whole, over a new one.
func TestHalfClosedConnectionsAreNotUsed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	shut := make(chan struct{})
	go func() {
		for n := 1; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			request, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				return
			}
			text, _ := io.ReadAll(request.Body)
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
			if n == 1 {
				<-shut
				_ = conn.(*net.TCPConn).CloseWrite()
			}
		}
	}()
	direct, dials := dialling(1)
	var first net.Conn
	dial := direct.Dial
	direct.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if first == nil {
			first = conn
		}
		return conn, err
	}
	client := &http.Client{Transport: direct}
	for i := range 2 {
		if got, want := post(client, "POST", "http://"+listener.Addr().String()), (outcome{status: 200, body: prompt}); got != want {
			t.Errorf("request %d: got %+v, want %+v", i, got, want)
		}
		if i == 0 {
			if err := noticed(first, func() { close(shut) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := dials.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// closing is the body of a request that counts how often it is closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error {
	c.closed++
	return nil
}

// TestBodiesAreClosed: the body of a request is closed, also if the request was not written.
func TestBodiesAreClosed(t *testing.T) {
	address := rawServer(t, "HTTP/1.1 204 No Content\r\n\r\n")
	ended, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	cancel(why)
	for name, tc := range map[string]struct {
		ctx  context.Context
		dial error
		want error
	}{
		"sent": {ctx: t.Context()}, "ended": {ctx: ended, want: why}, "no connection": {ctx: t.Context(), dial: io.EOF, want: io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			direct := &httpclient.Direct{Idle: 1, Other: plainTransport(1), Dial: func(_ context.Context, network, address string) (net.Conn, error) {
				if tc.dial != nil {
					return nil, tc.dial
				}
				return net.Dial(network, address) // in spite of the context
			}}
			content := &closing{Reader: strings.NewReader(prompt)}
			request, err := http.NewRequestWithContext(tc.ctx, "POST", address, content)
			if err != nil {
				t.Fatal(err)
			}
			response, err := direct.RoundTrip(request)
			if !errors.Is(err, tc.want) || content.closed == 0 {
				t.Errorf("error %v, want %v; closed %d times", err, tc.want, content.closed)
			}
			if err == nil {
				response.Body.Close()
			}
		})
	}
}
