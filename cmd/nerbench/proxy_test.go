package main

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// proxy is a bad network between processes: it passes TCP connections on, and can be told
// to hold all bytes, to be slow, to pass connections on in another order than they came
// in, and to cut them.
type proxy struct {
	listener net.Listener
	target   func() string // the address to pass connections on to, empty while there is none

	mu      sync.Mutex
	changed *sync.Cond
	network
	open map[net.Conn]bool
	// What has happened: pieces that were held by silence, pieces that were slow, and
	// connections that were passed on in another order.
	held, slowed, reversed int
}

// network is how a proxy passes bytes on.
type network struct {
	silent  bool          // no byte gets through, and nobody is told
	delay   time.Duration // of each kilobyte, in each direction
	reverse bool          // connections that come within half a second are passed on last first
}

// newProxy starts a proxy on a port of loopback. It ends with the test.
func newProxy(t testing.TB, target func() string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: target, open: map[net.Conn]bool{}}
	p.changed = sync.NewCond(&p.mu)
	t.Cleanup(func() {
		listener.Close()
		p.set(network{})
		p.cut()
	})
	go p.accept()
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// set changes the network, also for open connections.
func (p *proxy) set(n network) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.network = n
	p.changed.Broadcast()
}

// now is the network; while it is silent, it waits.
func (p *proxy) now() network {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent {
		p.held++
	}
	for p.silent {
		p.changed.Wait()
	}
	return p.network
}

// happened is what the network has done so far.
func (p *proxy) happened() (held, slowed, reversed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held, p.slowed, p.reversed
}

// cut closes all connections, and returns their number.
func (p *proxy) cut() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
		n++
	}
	clear(p.open)
	return n / 2
}

func (p *proxy) accept() {
	var waiting []net.Conn
	var mu sync.Mutex
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // the test has ended
		}
		mu.Lock()
		waiting = append(waiting, c)
		first := len(waiting) == 1
		mu.Unlock()
		if !first {
			continue
		}
		go func() {
			if p.now().reverse {
				time.Sleep(500 * time.Millisecond)
			}
			mu.Lock()
			came := waiting
			waiting = nil
			mu.Unlock()
			if slices.Reverse(came); len(came) > 1 {
				p.mu.Lock()
				p.reversed += len(came)
				p.mu.Unlock()
			}
			for _, c := range came {
				p.connect(c)
			}
		}()
	}
}

// connect passes a connection on.
func (p *proxy) connect(c net.Conn) {
	to, err := net.Dial("tcp", p.target())
	if err != nil {
		c.Close()
		return
	}
	p.mu.Lock()
	p.open[c], p.open[to] = true, true
	p.mu.Unlock()
	go p.pump(c, to)
	go p.pump(to, c)
}

func (p *proxy) pump(to, from net.Conn) {
	buffer := make([]byte, 1<<10)
	for {
		n, err := from.Read(buffer)
		if delay := p.now().delay; delay > 0 {
			time.Sleep(delay)
			p.mu.Lock()
			p.slowed++
			p.mu.Unlock()
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	to.Close()
	from.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, to)
	delete(p.open, from)
}
