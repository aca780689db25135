package vllm

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"nerbench/runners"
)

// CacheCounters are counters of the prefix caches of all servers since their start, for
// the requests of all clients.
type CacheCounters struct {
	Tokens int64 // tokens of prompts
	Cached int64 // tokens that were found in the cache
}

// Sub returns the difference from before.
func (c CacheCounters) Sub(before CacheCounters) CacheCounters {
	return CacheCounters{c.Tokens - before.Tokens, c.Cached - before.Cached}
}

// Cache reads the counters. ok is false if a server does not report them.
func (r *Runner) Cache(ctx context.Context) (sum CacheCounters, ok bool) {
	for _, s := range r.pool.servers {
		var c CacheCounters
		found := false
		err := r.exchange(ctx, s, min(patience, r.config.Timeout), runners.LargestDescription, http.MethodGet, s.base.JoinPath("metrics").String(), nil, func(b []byte) error {
			c, found = readCounters(b)
			return nil
		})
		if err != nil || !found {
			return CacheCounters{}, false
		}
		sum.Tokens += c.Tokens
		sum.Cached += c.Cached
	}
	return sum, true
}

// The names of the counters, in several versions of the server.
var (
	tokenCounters  = []string{"vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries"}
	cachedCounters = []string{"vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits"}
)

// readCounters reads the text of /metrics (in the Prometheus format), and adds up the
// engines of a server.
func readCounters(text []byte) (c CacheCounters, found bool) {
	for line := range bytes.Lines(text) {
		name, value, ok := counter(string(line))
		if !ok {
			continue
		}
		for i := range tokenCounters {
			switch name {
			case tokenCounters[i]:
				c.Tokens, found = c.Tokens+value, true
			case cachedCounters[i]:
				c.Cached += value
			}
		}
	}
	return c, found
}

// counter parses a line such as `name{label="x"} 9.0`.
func counter(line string) (name string, value int64, ok bool) {
	if strings.HasPrefix(line, "#") {
		return "", 0, false
	}
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, "{ ")
	if end < 0 {
		return "", 0, false
	}
	rest := line[end:]
	if i := strings.LastIndexByte(rest, '}'); i >= 0 {
		rest = rest[i+1:]
	}
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ") // a timestamp may follow
	v, err := strconv.ParseFloat(number, 64)
	return line[:end], int64(v), err == nil
}

// Failures counts retried failures, by the names of ner.Facts.
func (r *Runner) Failures() map[string]int64 { return r.failures.Counts() }
