package fetch

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a network of one server. Its connections work on the clock of a test.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// slowly lets a client ask a server on the clock of the test: time passes at once when all
// wait, and not while any of them works, however busy the machine is.
func slowly(t *testing.T, h http.HandlerFunc, test func(t *testing.T, c *Client, dir string)) {
	c, dir := quick(t)
	synctest.Test(t, func(t *testing.T) {
		network := make(pipes)
		server := &http.Server{Handler: h}
		ended := make(chan error)
		go func() { ended <- server.Serve(network) }()
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			network <- there
			return here, nil
		}}
		c.HTTP = &http.Client{Transport: transport}
		test(t, c, dir)
		transport.CloseIdleConnections()
		close(network)
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		_ = server.Close()
	})
}

// A server that sends nothing, at once or in the middle, ends the transfer. What it
// has sent is kept.
func TestFetchStalls(t *testing.T) {
	for name, tc := range map[string]struct {
		sent int // bytes before the server stops; -1: no response
		part int64
	}{
		"no response": {-1, 0},
		"no content":  {0, 0},
		"in between":  {100_000, 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			slowly(t, func(w http.ResponseWriter, r *http.Request) {
				if n := requests.Add(1); tc.sent >= 0 && n == 1 {
					w.Header().Set("ETag", `"v"`)
					w.Header().Set("Content-Length", "300000")
					_, _ = w.Write(content(0)[:tc.sent])
					w.(http.Flusher).Flush()
				}
				<-r.Context().Done()
			}, func(t *testing.T, c *Client, _ string) {
				c.Tries, c.Stall = 2, time.Minute
				err := c.Fetch(t.Context(), File{URL: "http://host/", To: "x"})
				if !errors.Is(err, errStalled) || !strings.Contains(err.Error(), "the server sends nothing for 1m0s") {
					t.Errorf("error %v", err)
				}
				if got := partial(c); got != tc.part {
					t.Errorf("%d bytes are kept, want %d", got, tc.part)
				}
			})
		})
	}
}

// A slow server that sends something is not stalled.
func TestFetchIsSlow(t *testing.T) {
	const stall = time.Minute
	want := []byte("Mira left Essa.")
	slowly(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range want {
			_, _ = w.Write(want[i : i+1])
			w.(http.Flusher).Flush()
			time.Sleep(stall / 8) // all together twice the limit
		}
	}, func(t *testing.T, c *Client, dir string) {
		c.Tries, c.Stall = 1, stall
		if err := c.Fetch(t.Context(), File{URL: "http://host/", To: "x"}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "x")); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
	})
}
