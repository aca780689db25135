package texts

import (
	"fmt"
	"io"
	"strings"

	"nerbench/distill/check"
	"nerbench/distill/export"
	"nerbench/internal/terminal"
)

// WriteExport prints what an export has written, and how to go on. It does nothing without
// a result.
func WriteExport(w io.Writer, r *export.Result) error {
	if r == nil {
		return nil
	}
	fmt.Fprintf(w, "wrote %d records for training and %d for evaluation into %s: %s\n", r.Train, r.Dev, terminal.Printable(r.Dir), strings.Join(r.Files, ", "))
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", terminal.Printable(n))
	}
	_, err := fmt.Fprintf(w, "next: cd %s && %s\n", terminal.Printable(r.Dir), r.Start)
	return err
}

// WriteStudent prints how a student differs from its training data, and returns the error
// about one that differs. It does nothing without a result.
func WriteStudent(w io.Writer, r *check.Result) error {
	if r == nil {
		return nil
	}
	fmt.Fprintf(w, "compared %d of %d conversations, %d prompts\n", r.Conversations, r.All, r.Prompts)
	const columns = "%-14s %-8s %s\n"
	for _, p := range r.Points {
		fmt.Fprintf(w, columns, p.Name, p.State, terminal.Printable(p.Note))
		if d := p.Difference; d != nil {
			unit, of := "byte", "the whole conversation"
			if p.Name == "tokens" {
				unit = "token"
			}
			if d.Question != "" {
				of = fmt.Sprintf("the prompt about %q", d.Question)
			}
			fmt.Fprintf(w, columns, "", "", fmt.Sprintf("first at %s %d of %s, conversation %s:", unit, d.At, of, terminal.Printable(d.Conversation)))
			fmt.Fprintf(w, columns, "", "", fmt.Sprintf("student %q", d.Student))
			fmt.Fprintf(w, columns, "", "", fmt.Sprintf("prompt  %q", d.Prompt))
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", terminal.Printable(n))
	}
	if r.Card != "" {
		fmt.Fprintf(w, "model card: %s\n", terminal.Printable(r.Card))
	}
	return r.Err()
}
