package vllm

import (
	"net/http"
	"time"
)

// SetAbilities takes the place of a probe.
func (r *Runner) SetAbilities(a Abilities) { r.abilities = a }

// Agree takes the place of what the first server said in an earlier session.
func (r *Runner) Agree(kind, version, root string, context int) {
	r.agreed.said = &said{kind, version, root, context}
	r.agreed.by = "the run"
}

// RestFor makes servers that fail rest for a shorter time at first.
func (r *Runner) RestFor(first time.Duration) {
	for _, s := range r.pool.servers {
		s.firstRest = first
	}
}

// LookFor makes questions about servers themselves give up sooner.
func (r *Runner) LookFor(patience time.Duration) {
	for _, s := range r.pool.servers {
		s.patience = patience
	}
}

// Sending calls f with every request before it is sent.
func (r *Runner) Sending(f func(*http.Request)) {
	for _, s := range r.pool.servers {
		s.client.Transport = sending{s.client.Transport.(*http.Transport), f}
	}
}

type sending struct {
	*http.Transport
	f func(*http.Request)
}

func (s sending) RoundTrip(r *http.Request) (*http.Response, error) {
	s.f(r)
	return s.Transport.RoundTrip(r)
}
