package harness

import (
	"fmt"

	"nerbench/harness/loop"
	"nerbench/results"
)

// Remarks are for the user, about the answers of a run: answers that are empty
// because the text is in the thinking, thinking that was asked for but is missing, and
// answers that do not end by themselves. They are never nil.
func Remarks(run results.RunInfo) []string {
	out := []string{}
	remark := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	counters, think := run.Scores.Counters, run.Keys["think"]
	_, answers := FailureShare(run.Scores.Outcomes)
	if n := counters[loop.BlankWithThinking]; n > 0 {
		advice := "ask with --set think=on, which also raises the limit of an answer"
		if thinks(think) {
			advice = "the thinking reached the token limit: ask with --set max_tokens=N, or think=low"
		}
		remark("%d blank answers have text in the thinking field (%s)", n, advice)
	}
	if thinks(think) && answers > 0 && counters[loop.WithThinking] == 0 {
		remark("think=%s, but no answer has thinking: the model does not think, or its template has another switch (--set think_switch=thinking)", think)
	}
	if n := counters[loop.AtTokenLimit]; answers > 0 && 2*n > answers {
		remark(`%d of %d answers end at the token limit: the model does not stop by itself (--set 'stop=["\n\n"]' ends an answer at an empty line, --set max_tokens=N raises the limit)`, n, answers)
	}
	return out
}
