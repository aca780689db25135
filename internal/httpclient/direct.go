package httpclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
)

// Direct sends requests to plain HTTP servers. The goroutine that makes a request writes
// it and reads the response itself. An [http.Transport] has two further goroutines for
// each connection, and passing a request between them is a third of its cost. Package
// net/http writes and parses the messages of both. A request that needs more, https, a
// proxy, or a host whose name is not ASCII, is sent by Other, and so are all requests on
// systems other than Unix.
//
// A response must be read or closed by one goroutine at a time.
type Direct struct {
	// Dial makes a connection.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Idle is the number of connections that are kept for each host.
	Idle int
	// Other sends the requests that Direct does not. Its proxy decides for all requests.
	Other *http.Transport

	mu   sync.Mutex
	idle map[string][]*connection // by host and port; the last one was used last
}

// mostIdle is how long a connection may be idle. After that, it is not used again.
const mostIdle = 90 * time.Second

// connection is one connection to a server.
type connection struct {
	net.Conn
	address string
	raw     syscall.RawConn // nil: none
	reader  *bufio.Reader
	writer  *bufio.Writer
	left    int64        // the number of bytes that may be read
	write   func() error // writes the request; nil: it was written
	written error        // the error of writing it
	since   time.Time    // when it became idle; zero: no request was sent yet
}

// errGone means that an idle connection is not open any more. The request was not written.
var errGone = errors.New("the server has closed the connection")

var errHeaders = fmt.Errorf("the headers of the response exceed %d bytes", MostHeader)

// Read reads from the connection, up to the limit. The first call writes the request.
func (c *connection) Read(p []byte) (n int, err error) {
	if c.left <= 0 {
		return 0, errHeaders
	}
	p = p[:min(int64(len(p)), c.left)]
	if write := c.write; write != nil {
		c.write = nil
		n, c.written, err = c.writeThenRead(write, p)
	} else {
		n, err = c.Conn.Read(p)
	}
	c.left -= int64(n)
	return n, err
}

// RoundTrip implements [http.RoundTripper].
func (d *Direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if !d.plain(r) {
		return d.Other.RoundTrip(r)
	}
	response, err := d.roundTrip(r)
	if err != nil && r.Body != nil {
		_ = r.Body.Close()
	}
	return response, err
}

// roundTrip sends a request over an idle connection that is still open, or a new one.
func (d *Direct) roundTrip(r *http.Request) (*http.Response, error) {
	address := net.JoinHostPort(r.URL.Hostname(), port(r.URL))
	for c := d.take(address); c != nil; c = d.take(address) {
		response, err := d.send(c, r)
		if err != errGone {
			return response, err
		}
	}
	conn, err := d.Dial(r.Context(), "tcp", address)
	if err != nil {
		return nil, ended(r.Context(), err)
	}
	c := &connection{Conn: conn, address: address, raw: rawConn(conn), writer: bufio.NewWriter(conn)}
	c.reader = bufio.NewReader(c)
	return d.send(c, r)
}

// send sends a request over a connection.
func (d *Direct) send(c *connection, r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	response, err := c.exchange(r)
	if err != nil {
		stop()
		_ = c.Close()
		return nil, ended(ctx, err)
	}
	body := &body{direct: d, connection: c, ctx: ctx, stop: stop, content: response.Body, keep: !response.Close && !r.Close}
	if response.Body == http.NoBody {
		body.end(io.EOF)
	} else {
		response.Body = body
	}
	return response, nil
}

// plain reports whether a request needs no more than a connection.
func (d *Direct) plain(r *http.Request) bool {
	if !canLook || strings.ContainsFunc(r.URL.Host, func(c rune) bool { return c > unicode.MaxASCII }) {
		return false
	}
	if r.URL.Scheme != "http" || r.URL.Host == "" || r.Header.Get("Upgrade") != "" || r.Header.Get("Expect") != "" {
		return false
	}
	if d.Other.Proxy == nil {
		return true
	}
	proxy, err := d.Other.Proxy(r)
	return proxy == nil && err == nil
}

// ended returns the reason why the context ended, if it did: the error is a consequence.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// take returns the connection that was used last; nil if none is idle.
func (d *Direct) take(address string) *connection {
	d.mu.Lock()
	defer d.mu.Unlock()
	idle := d.idle[address]
	if len(idle) == 0 {
		return nil
	}
	c := idle[len(idle)-1]
	if time.Since(c.since) > mostIdle {
		closeAll(idle) // the others were used before
		delete(d.idle, address)
		return nil
	}
	idle[len(idle)-1] = nil
	d.idle[address] = idle[:len(idle)-1]
	return c
}

func closeAll(connections []*connection) {
	for _, c := range connections {
		_ = c.Close()
	}
}

// put keeps a connection for further requests.
func (d *Direct) put(c *connection) {
	c.since = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.idle[c.address]) >= d.Idle {
		_ = c.Close()
		return
	}
	if d.idle == nil {
		d.idle = map[string][]*connection{}
	}
	d.idle[c.address] = append(d.idle[c.address], c)
}

// CloseIdleConnections closes all connections that no request uses.
func (d *Direct) CloseIdleConnections() {
	d.Other.CloseIdleConnections()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, idle := range d.idle {
		closeAll(idle)
	}
	d.idle = nil
}

// exchange writes a request, and reads the response up to its body.
func (c *connection) exchange(r *http.Request) (*http.Response, error) {
	c.left = MostHeader
	c.write = func() error {
		err := r.Write(c.writer) // closes the body of the request
		if err == nil {
			err = c.writer.Flush()
		}
		return err
	}
	// A server that refuses a request may respond before it has read it, and close the
	// connection: its response says more than the error.
	response, err := c.response(r)
	switch {
	case err != nil && c.written != nil:
		return nil, c.written
	case err != nil:
		return nil, err
	}
	response.Close = response.Close || c.written != nil || response.StatusCode == http.StatusSwitchingProtocols
	c.left = math.MaxInt64
	return response, nil
}

// response reads the response, without interim ones such as "103 Early Hints".
func (c *connection) response(r *http.Request) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(c.reader, r)
		if err != nil || response.StatusCode >= http.StatusOK || response.StatusCode == http.StatusSwitchingProtocols {
			return response, err
		}
	}
}

// body is the body of a response. At its end, the connection is used again.
type body struct {
	direct     *Direct
	connection *connection
	ctx        context.Context
	stop       func() bool // ends the watch of the context; false if the context has ended
	content    io.ReadCloser
	keep       bool
	err        error // the result of the last read, once the body has ended
}

var errClosed = errors.New("read of a closed response")

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.content.Read(p)
	if err != nil {
		b.end(err)
		err = b.err
	}
	return n, err
}

// Close ends the response. A connection with a rest of it is closed.
func (b *body) Close() error {
	if b.err == nil {
		b.end(errClosed)
	}
	return nil
}

// end returns the connection after the last read of the body.
func (b *body) end(err error) {
	whole := err == io.EOF
	if watched := b.stop(); whole && watched && b.keep && b.connection.reader.Buffered() == 0 {
		b.direct.put(b.connection)
	} else {
		_ = b.connection.Close()
	}
	if !whole && err != errClosed {
		err = ended(b.ctx, err)
	}
	b.err = err
}
