package vllm

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
)

// CacheCounters are counts of the prefix caches of all servers since they were
// started, of everyone's requests.
type CacheCounters struct {
	Tokens int64 // of prompts
	Cached int64 // of them that did not need computing
}

// Sub is what was counted since before.
func (c CacheCounters) Sub(before CacheCounters) CacheCounters {
	return CacheCounters{c.Tokens - before.Tokens, c.Cached - before.Cached}
}

// Cache reads the counters; ok is false where a server does not tell them.
func (r *Runner) Cache(ctx context.Context) (sum CacheCounters, ok bool) {
	for _, s := range r.pool.servers {
		var c CacheCounters
		found := false
		err := r.exchange(ctx, s, min(patience, r.config.Timeout), http.MethodGet, s.base.JoinPath("metrics").String(), nil, func(b []byte) error {
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

// The names of the counters, by servers of several ages.
var (
	tokenCounters  = []string{"vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries"}
	cachedCounters = []string{"vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits"}
)

// readCounters reads the text of /metrics (the format of Prometheus), and adds up
// the engines of a server.
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

// counter reads a line such as `name{label="x"} 9.0`.
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
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ") // a time may follow
	v, err := strconv.ParseFloat(number, 64)
	return line[:end], int64(v), err == nil
}

// Failures are counts of what went wrong and was asked again, by the names of
// ner.Facts.
func (r *Runner) Failures() map[string]int64 { return r.failures.Counts() }
