package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
)

// The limits of connections.
const (
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	idleTime   = 2 * time.Minute
	writeTime  = 5 * time.Minute  // of a page: it may have to be made first
	eventTime  = 10 * time.Second // of one event
	endTime    = 5 * time.Second  // for requests at the end
	headerSize = 16 << 10
)

// Options are the choices of a server.
type Options struct {
	// Addr is the address to listen on, such as 127.0.0.1:8080. Port 0: any free one.
	Addr string
	// Token is asked for in every request; empty: none, and Addr must be of this machine.
	Token string
	// Listening is called once with the address of the pages. May be nil.
	Listening func(url string)
	// Note is called with messages for the user. May be nil.
	Note func(message string)
}

// minToken is the smallest length of a token.
const minToken = 16

// Check returns an error if the options would let others read without a token.
func (o Options) Check() error {
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return fault.Usagef("serve: --addr %s: want HOST:PORT", o.Addr)
	}
	if o.Token != "" && len(o.Token) < minToken {
		return fault.Usagef("serve: the token is shorter than %d characters", minToken)
	}
	if o.Token == "" && !loopback(host) {
		return fault.Usagef("serve: --addr %s: other machines can reach it: it needs --token-file", o.Addr)
	}
	return nil
}

// loopback reports whether a host can only be reached from this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Serve answers requests until the context ends, which is no error.
func Serve(ctx context.Context, source Source, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	events := newEvents(source)
	sending := parallel.Go(func() error { events.run(ctx); return nil })
	pages := &pages{ctx: ctx, source: source, note: o.Note, first: waitFirst, next: waitNext}
	pages.look() // the first site takes longest
	a := newAccess(listener.Addr().String(), o)
	server := &http.Server{
		Handler:           a.guard(newMux(pages, events)),
		ReadHeaderTimeout: headerTime, ReadTimeout: readTime, IdleTimeout: idleTime, MaxHeaderBytes: headerSize,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    quietLog(),
	}
	ended := parallel.Go(func() error { return server.Serve(listener) })
	if o.Listening != nil {
		o.Listening("http://" + a.shown)
	}
	var served error
	select {
	case served = <-ended:
		stop()
	case <-ctx.Done():
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
		if err = server.Shutdown(last); err != nil {
			err = server.Close()
		}
		cancel()
		served = <-ended
	}
	if errors.Is(served, http.ErrServerClosed) {
		served = nil
	}
	err = errors.Join(err, served, <-sending)
	if err != nil {
		err = fmt.Errorf("serve: %w", err)
	}
	stop() // the making of a site ends
	return errors.Join(err, pages.close())
}
