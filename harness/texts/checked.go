package texts

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"nerbench/harness"
	"nerbench/internal/terminal"
)

// WriteChecked prints whether a run of a model would work.
func WriteChecked(w io.Writer, v *harness.Checked) {
	digest := v.Digest
	if digest == "" {
		digest = "none"
	}
	fmt.Fprintf(w, "%s: %s, digest %s\n", terminal.Printable(v.Model), terminal.Printable(runsIn(v.Server)), digest)
	for _, line := range []struct{ name, value string }{{"computed by", v.Device}, {"special tokens", v.Special}, {"tokenisation", v.Tokens}} {
		if line.value != "" {
			fmt.Fprintf(w, "%s: %s\n", line.name, terminal.Printable(line.value))
		}
	}
	if v.Context > 0 {
		fmt.Fprintf(w, "context of a run: %d tokens\n", v.Context)
	}
	fmt.Fprintf(w, "sent %d queries twice: %s; %d answered differently the second time\n", v.Queries, checkedOutcomes(v), v.Differ)
	generated := "the number of generated tokens is unknown"
	if v.AnswerTokens != nil {
		generated = strconv.Itoa(*v.AnswerTokens) + " tokens were generated"
	}
	fmt.Fprintf(w, "limits: %d tokens per answer, %s for all queries; %s\n", v.MaxAnswerTokens, v.TimeLimit, generated)
	if v.Example != "" {
		fmt.Fprintf(w, "the first answer: %s\n", terminal.Printable(harness.ShownAnswer(v.Example)))
	}
	for _, r := range v.Remarks {
		fmt.Fprintf(w, "note: %s\n", terminal.Printable(r))
	}
	if v.OK {
		fmt.Fprintln(w, "the model works")
		return
	}
	fmt.Fprintf(w, "a run would fail: %s\n", terminal.Printable(strings.Join(v.Problems, "; ")))
}

// runsIn describes what runs a model, from the kind and version of its server.
func runsIn(server string) string {
	switch kind, version, _ := strings.Cut(server, " "); kind {
	case "in-process":
		return "in the process"
	case "llama.cpp":
		return "in the process, " + server
	case "exec":
		return strings.TrimSpace("program " + version)
	}
	return "server " + server
}

// checkedOutcomes lists the numbers of answers by outcome, and the number of those
// that are not judged.
func checkedOutcomes(v *harness.Checked) string {
	line := OutcomesLine(v.Outcomes)
	switch {
	case v.Cut > 0 && line != "":
		return fmt.Sprintf("%s, not judged %d", line, v.Cut)
	case v.Cut > 0:
		return fmt.Sprintf("not judged %d", v.Cut)
	case line == "":
		return "no answers"
	}
	return line
}
