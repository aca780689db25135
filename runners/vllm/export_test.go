package vllm

import (
	"net/http"
	"time"
)

// SetAbilities replaces a probe.
func (r *Runner) SetAbilities(a Abilities) { r.abilities = a }

// Agree replaces the description of the first server in an earlier session.
func (r *Runner) Agree(kind, version, root string, context int) {
	r.agreed.said = &said{kind, version, root, context}
	r.agreed.by = "the run"
}

// RestFor shortens the first pause of failed servers.
func (r *Runner) RestFor(first time.Duration) {
	for _, s := range r.pool.servers {
		s.firstRest = first
	}
}

// LookFor shortens the timeout of requests about servers themselves.
func (r *Runner) LookFor(patience time.Duration) {
	for _, s := range r.pool.servers {
		s.patience = patience
	}
}

// Sending calls f with every request before it is sent.
func (r *Runner) Sending(f func(*http.Request)) {
	for _, s := range r.pool.servers {
		s.client.Transport = sending{s.client.Transport, f}
	}
}

type sending struct {
	http.RoundTripper
	f func(*http.Request)
}

func (s sending) RoundTrip(r *http.Request) (*http.Response, error) {
	s.f(r)
	return s.RoundTripper.RoundTrip(r)
}
