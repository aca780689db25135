package main

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nerbench/internal/fault"
	line "nerbench/internal/signature"
	"nerbench/ner"
	"nerbench/results"
)

// signature says in one line how a score came about, as sacreBLEU does: the
// metric with its options and its counts, the passages, the versions of readers
// and metrics, and every key of the run. It is enough to find the run again and
// to say whether it still gives these counts.
type signature struct {
	metric             string
	score              ner.Score // as counted: doubled in metrics of half points
	passages, complete int
	reader, version    string
	keys               map[string]string
}

func newSignature(run results.RunInfo, metric string) signature {
	m := run.Scores.Metrics[metric]
	return signature{metric, m.Total, run.Passages, run.Scores.Passages, m.Reader, m.Version, run.Keys}
}

// String writes the signature.
func (s signature) String() string {
	var fields []line.Field
	for _, k := range ner.Keys {
		if v := s.keys[k.Name]; v != "" {
			fields = append(fields, line.Field{Name: k.Name, Value: v})
		}
	}
	return line.Line(line.Head{Metric: s.metric, Counts: s.score, Complete: s.complete, Passages: s.passages, Parsers: s.reader, Metrics: s.version}, fields...)
}

// isSignature reports whether an argument was written by [signature.String].
func isSignature(arg string) bool { return strings.HasPrefix(arg, "nerbench|") }

// parseSignature reads a signature. Unknown and repeated fields are errors.
func parseSignature(text string) (signature, error) {
	s := signature{keys: map[string]string{}}
	seen := map[string]bool{}
	for field := range strings.SplitSeq(strings.TrimPrefix(text, "nerbench|"), "|") {
		name, raw, ok := strings.Cut(field, ":")
		value, err := url.PathUnescape(raw)
		if !ok || err != nil || seen[name] {
			return s, fault.Usagef("signature: field %q: want name:value, each name once", field)
		}
		seen[name] = true
		switch name {
		case "input":
			return s, fault.Usagef("signature: it is of eval, which keeps nothing to score again: run eval on its files")
		case "metric":
			s.metric = value
		case "readers":
			s.reader = value
		case "metrics":
			s.version = value
		case "counts":
			err = readNumbers(value, &s.score.TP, &s.score.NPred, &s.score.NGold)
		case "passages":
			err = readNumbers(value, &s.complete, &s.passages)
		default:
			if !ner.KnownKey(name) {
				return s, fault.Usagef("signature: key %q: unknown (known: %s)", name, strings.Join(keyNames(), ", "))
			}
			s.keys[name] = value
		}
		if err != nil {
			return s, fault.Usagef("signature: %s:%s: %v", name, value, err)
		}
	}
	for _, name := range []string{"metric", "counts", "passages", "readers", "metrics"} {
		if !seen[name] {
			return s, fault.Usagef("signature: field %q is missing", name)
		}
	}
	return s, nil
}

func readNumbers(text string, into ...*int) error {
	parts := strings.Split(text, "/")
	if len(parts) != len(into) {
		return fmt.Errorf("want %d numbers", len(into))
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is no count", p)
		}
		*into[i] = n
	}
	return nil
}

// signatures are those of a run's scores by metrics, in order of id.
func signatures(run results.RunInfo, ids []string) map[string]string {
	out := map[string]string{}
	for id := range run.Scores.Metrics {
		if ids == nil || slices.Contains(ids, id) {
			out[id] = newSignature(run, id).String()
		}
	}
	return out
}
