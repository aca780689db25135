package main

import (
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/results"
)

// signature is [results.Signature].
type signature struct {
	metric             string
	score              ner.Score
	passages, complete int
	reader, version    string
	keys               map[string]string
}

func newSignature(run results.RunInfo, metric string) signature {
	return fromLibrary(run.Signature(metric))
}

func fromLibrary(s results.Signature) signature {
	return signature{s.Metric, s.Score, s.Passages, s.Complete, s.Reader, s.Version, s.Keys}
}

// head are the fields that every signature has.
func (s signature) head() []string {
	return strings.Split(results.Signature{
		Metric: s.metric, Score: s.score, Passages: s.passages, Complete: s.complete, Reader: s.reader, Version: s.version,
	}.String(), "|")
}

func escapeField(v string) string {
	return strings.TrimPrefix(results.SignatureField("", v), ":")
}

func isSignature(arg string) bool { return results.IsSignature(arg) }

func parseSignature(text string) (signature, error) {
	s, err := results.ParseSignature(text)
	if err != nil {
		return signature{}, fault.Usagef("%v", err)
	}
	return fromLibrary(s), nil
}

// signatures are those of a run's scores, in order of id.
func signatures(run results.RunInfo, _ []string) map[string]string { return run.Signatures() }
