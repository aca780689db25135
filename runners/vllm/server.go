package vllm

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/runners"
)

// The pause of a server after a failure: the first one, and the longest. Each further
// failure in a row doubles it.
const (
	firstRest   = time.Second
	longestRest = 30 * time.Second
)

// server is one of the servers, with its state.
type server struct {
	name              string // its address
	base              *url.URL
	completions, chat string
	client            *http.Client
	dials             atomic.Int64 // number of connections

	firstRest time.Duration
	patience  time.Duration // timeout of requests about the server itself
	verifying chan struct{} // holds one element: a lock for verify

	mu       sync.Mutex
	said     *said         // description of the server; nil: unknown
	verified int64         // value of dials at the last verification
	asked    int           // prompts in progress
	warm     bool          // the server has answered
	pace     time.Duration // time per passage: a running mean
	moved    time.Time     // time of the last answer, or of the first query in progress
	failed   int           // failures in a row
	until    time.Time     // end of the pause
	gone     error         // the reason why the server is no longer used
}

func newServer(base *url.URL, connections int) *server {
	s := &server{
		name: base.String(), base: base, firstRest: firstRest, patience: patience, verifying: make(chan struct{}, 1),
		completions: base.JoinPath("v1/completions").String(),
		chat:        base.JoinPath("v1/chat/completions").String(),
	}
	s.client = runners.NewClient(connections, func() { s.dials.Add(1) })
	return s
}

// load estimates the time for n more prompts, in arbitrary units: the prompts in
// progress times the recent time of a request. If the last answer was long ago, that
// time counts. The time of a slow server decays, so that it gets queries again later.
func (s *server) load(now time.Time, n int) time.Duration {
	pace, since := s.pace, now.Sub(s.moved)
	if s.asked > 0 {
		pace = max(pace, since)
	} else {
		pace >>= min(uint(since/time.Second), 30)
	}
	return time.Duration(s.asked+n) * pace
}

// release records the result of an exchange.
func (s *server) release(asked, answered int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered > 0 {
		switch {
		case !s.warm: // the first passage includes the time of the connection and other set-up
			s.warm = true
		case s.pace == 0:
			s.pace = took
		default:
			s.pace += (took - s.pace) / 8
		}
		s.moved = time.Now()
	}
	s.asked -= asked
}

// hasAnswered reports whether the server has answered a passage, so that its key is valid.
func (s *server) hasAnswered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.warm
}

// answered resets the count of failures.
func (s *server) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.until = 0, time.Time{}
}

// rest pauses the server after a failure. It reports whether this is the first failure of
// the pause. If the server named a time, the pause lasts so long.
func (s *server) rest(now time.Time, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		return false // requests in progress fail together
	}
	wait := min(s.firstRest<<min(s.failed, 5), longestRest)
	if after, ok := asRetryAfter(err); ok {
		wait = max(wait, after)
	}
	s.failed++
	s.until = now.Add(wait)
	return s.failed == 1
}

// drop stops the use of the server. It reports whether the server was in use before.
func (s *server) drop(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		return false
	}
	s.gone = err
	return true
}

// clearly is the factor by which a load must be smaller to be preferred, because
// measurements vary.
const clearly = 1.3

// pool chooses among servers.
type pool struct {
	servers []*server
	turn    atomic.Uint64
}

// take returns the server for n prompts; nil: none is left. A paused server is used only
// if all servers are paused.
func (p *pool) take(now time.Time, n int, not []*server) *server {
	var best *server
	var bestLoad time.Duration
	var bestUntil time.Time
	first := int(p.turn.Add(1))
	for i := range p.servers {
		s := p.servers[(first+i)%len(p.servers)] // servers with equal loads take turns
		if slices.Contains(not, s) {
			continue
		}
		s.mu.Lock()
		gone, load, until := s.gone, s.load(now, n), s.until
		s.mu.Unlock()
		if gone != nil {
			continue
		}
		if !until.After(now) {
			until = time.Time{}
		}
		if best == nil || until.Before(bestUntil) || until.Equal(bestUntil) && clearly*float64(load) < float64(bestLoad) {
			best, bestLoad, bestUntil = s, load, until
		}
	}
	if best != nil {
		best.mu.Lock()
		if best.asked == 0 {
			best.moved = now // it had no queries before
		}
		best.asked += n
		best.mu.Unlock()
	}
	return best
}

// whyNone is the error if no server is left: the last failure, or the reasons why the
// servers are no longer used.
func (p *pool) whyNone(failure error) error {
	if failure != nil {
		return failure
	}
	for _, s := range p.servers {
		s.mu.Lock()
		gone := s.gone
		s.mu.Unlock()
		if gone != nil {
			failure = gone
		}
	}
	return failure
}

// alone runs do. If another goroutine is running it, alone waits first.
func (s *server) alone(ctx context.Context, do func() error) error {
	select {
	case s.verifying <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.verifying }()
	return do()
}
