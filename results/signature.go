package results

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nerbench/internal/signature"
	"nerbench/ner"
)

// Signature describes in one line how a score was computed, as in sacreBLEU: the
// metric with its options and counts, the passages, the versions of parsers and
// metrics, and every key of the run. It is sufficient to find the run again, and to
// check that its answers still have these counts. Its text has no address of a server,
// but the mark of [RunInfo.Shown].
type Signature struct {
	Metric             string
	Score              ner.Score // as counted: doubled for half-point metrics
	Passages, Complete int
	Reader, Version    string
	Keys               map[string]string
}

// Signature is the signature of a score of the run.
func (r RunInfo) Signature(metric string) Signature {
	m := r.Scores.Metrics[metric]
	return Signature{
		Metric: metric, Score: m.Total, Passages: r.Passages, Complete: r.Scores.Passages,
		Reader: m.Reader, Version: m.Version, Keys: r.Keys,
	}
}

// Signatures are the signatures of all scores of the run, by metric id.
func (r RunInfo) Signatures() map[string]string {
	out := map[string]string{}
	for id := range r.Scores.Metrics {
		out[id] = r.Signature(id).String()
	}
	return out
}

// Signed reports whether the run has the keys of a signature.
func (r RunInfo) Signed(s Signature) bool {
	run, signed := r.Shown(), shown(s.Keys)
	return !slices.ContainsFunc(ner.Keys, func(k ner.Key) bool { return run[k.Name] != signed[k.Name] })
}

// String returns the line, written by [signature.Line].
func (s Signature) String() string {
	var fields []signature.Field
	keys := shown(s.Keys)
	for _, k := range ner.Keys {
		if v := keys[k.Name]; v != "" {
			fields = append(fields, signature.Field{Name: k.Name, Value: v})
		}
	}
	return signature.Line(signature.Head{
		Metric: s.Metric, Counts: s.Score, Complete: s.Complete, Passages: s.Passages, Parsers: s.Reader, Metrics: s.Version,
	}, fields...)
}

// IsSignature reports whether a text was written by [Signature.String].
func IsSignature(text string) bool { return strings.HasPrefix(text, signature.Start) }

// ParseSignature parses the signature of a run's score. Unknown, repeated and
// missing fields are errors.
func ParseSignature(text string) (Signature, error) {
	s := Signature{Keys: map[string]string{}}
	seen := map[string]bool{}
	for field := range strings.SplitSeq(strings.TrimPrefix(text, signature.Start), "|") {
		name, raw, ok := strings.Cut(field, ":")
		value, err := url.PathUnescape(raw)
		if !ok || err != nil || seen[name] {
			return s, fmt.Errorf("signature: field %q: want name:value, each name once", field)
		}
		seen[name] = true
		if err := s.set(name, value); err != nil {
			return s, fmt.Errorf("signature: %w", err)
		}
	}
	for _, name := range []string{"metric", "counts", "passages", "readers", "metrics"} {
		if !seen[name] {
			return s, fmt.Errorf("signature: field %q is missing", name)
		}
	}
	return s, nil
}

// set parses one field.
func (s *Signature) set(name, value string) error {
	switch name {
	case "input":
		return errors.New("it was written by eval, which stores no answers: run eval on the files again")
	case "metric":
		s.Metric = value
	case "readers":
		s.Reader = value
	case "metrics":
		s.Version = value
	case "counts":
		return setNumbers(name, value, &s.Score.TP, &s.Score.NPred, &s.Score.NGold)
	case "passages":
		return setNumbers(name, value, &s.Complete, &s.Passages)
	default:
		if !ner.KnownKey(name) {
			return unknownKey(name)
		}
		s.Keys[name] = value
	}
	return nil
}

func unknownKey(name string) error {
	if name == "row" {
		return errors.New(`key "row": renamed to "dataset"`)
	}
	return ner.UnknownKey(name, ner.KeyNames())
}

func setNumbers(name, text string, into ...*int) error {
	parts := strings.Split(text, "/")
	if len(parts) != len(into) {
		return fmt.Errorf("%s:%s: want %d numbers", name, text, len(into))
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return fmt.Errorf("%s:%s: %q is not a count", name, text, p)
		}
		*into[i] = n
	}
	return nil
}
