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

// The rest of a server that failed: the first one, and the longest; each failure in
// a dataset doubles it.
const (
	firstRest   = time.Second
	longestRest = 30 * time.Second
)

// server is one of the servers, with what is known of it.
type server struct {
	name              string // its address
	base              *url.URL
	completions, chat string
	client            *http.Client
	dials             atomic.Int64 // connections that were made

	firstRest time.Duration
	patience  time.Duration // of questions about itself
	verifying chan struct{} // holds one: who verifies

	mu       sync.Mutex
	said     *said         // of itself; nil: it was not asked yet
	verified int64         // dials when it was last seen to serve the model
	asked    int           // prompts under way
	warm     bool          // it has answered
	pace     time.Duration // of a passage: a running mean
	moved    time.Time     // when it last answered, or began to be asked
	failed   int           // failures in a row
	until    time.Time     // it rests until then
	gone     error         // why it is not asked any more
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

// load says how long n more prompts would take, in no unit: what is under way by
// how long a request took lately. One that has not answered for long is as slow as
// that; one that was slow is forgiven with time, else it would never be asked again.
func (s *server) load(now time.Time, n int) time.Duration {
	pace, since := s.pace, now.Sub(s.moved)
	if s.asked > 0 {
		pace = max(pace, since)
	} else {
		pace >>= min(uint(since/time.Second), 30)
	}
	return time.Duration(s.asked+n) * pace
}

// release takes note of how an exchange went.
func (s *server) release(asked, answered int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered > 0 {
		switch {
		case !s.warm: // the first passage waits for a connection, and what else is to be made
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

// answered ends a row of failures.
func (s *server) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed, s.until = 0, time.Time{}
}

// rest keeps the server from being asked for a while, and reports whether this is
// news. A server that names a time rests so long.
func (s *server) rest(now time.Time, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.until) {
		return false // what was under way together fails together
	}
	wait := min(s.firstRest<<min(s.failed, 5), longestRest)
	if after, ok := asRetryAfter(err); ok {
		wait = max(wait, after)
	}
	s.failed++
	s.until = now.Add(wait)
	return s.failed == 1
}

// drop keeps the server from being asked for ever, and reports whether this is
// news.
func (s *server) drop(err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone != nil {
		return false
	}
	s.gone = err
	return true
}

// clearly is how many times smaller a load must be to be preferred: what is measured
// scatters.
const clearly = 1.3

// pool chooses among servers.
type pool struct {
	servers []*server
	turn    atomic.Uint64
}

// take returns the server that n prompts go to, nil if none is left. Those that
// rest are taken only where all do.
func (p *pool) take(now time.Time, n int, not []*server) *server {
	var best *server
	var bestLoad time.Duration
	var bestUntil time.Time
	first := int(p.turn.Add(1))
	for i := range p.servers {
		s := p.servers[(first+i)%len(p.servers)] // equals take turns
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
			best.moved = now // nothing was to be answered before
		}
		best.asked += n
		best.mu.Unlock()
	}
	return best
}

// whyNone is why no server was left to take: the last failure, or why they are
// gone.
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

// alone runs do unless another goroutine does so, and then waits for it.
func (s *server) alone(ctx context.Context, do func() error) error {
	select {
	case s.verifying <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.verifying }()
	return do()
}
