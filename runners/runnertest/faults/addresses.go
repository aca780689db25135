package faults

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// BadTLS starts a server with an invalid certificate. It returns the address of the
// server and a counter of its connections.
func BadTLS(t testing.TB) (url string, met *atomic.Int64) {
	met = new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = quiet
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			met.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, met
}

// NoNames removes the name servers of this process until the test ends. It returns an
// address with a host name that cannot be resolved, and a counter of the attempts.
func NoNames(t testing.TB) (url string, met *atomic.Int64) {
	met = new(atomic.Int64)
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		met.Add(1)
		return nil, errors.New("no name server")
	}}
	t.Cleanup(func() { net.DefaultResolver = before })
	return "http://faults.invalid", met
}
