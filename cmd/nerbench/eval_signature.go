package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/metrics"
)

// evalSignatures say of each metric that eval printed, in one line, how its score
// came about: as the signature of a run does, but with the kind of input and the
// flags that say how it was read in place of the keys of a run.
func evalSignatures(e *evaluation) map[string]string {
	out := map[string]string{}
	for _, m := range e.metrics {
		s := signature{metric: m.id, score: m.tally.Total(), passages: e.passages + e.missing, complete: e.passages, reader: answers.Version, version: metrics.Version}
		out[m.id] = strings.Join(append(s.head(), e.origin...), "|")
	}
	return out
}

// evalOrigin are the fields of a signature that say what was read, and how.
func evalOrigin(c *cli.Context, e *evaluation) []string {
	var fields []string
	add := func(name string, value any) { fields = append(fields, name+":"+escapeField(fmt.Sprint(value))) }
	for _, in := range evalInputs {
		if !c.IsSet(in.flags[0]) {
			continue
		}
		add("input", map[string]string{"gold": "documents", "pairs": "pairs", "tags": "tags"}[in.flags[0]])
		for _, flag := range in.flags[1:] {
			if value, effective := e.extra[flag]; effective {
				add(flag, value)
			} else if flag == "family" && e.family != "" {
				add(flag, e.family)
			} else if c.IsSet(flag) && flag != "pred" {
				add(flag, c.Value(flag))
			}
		}
	}
	return fields
}
