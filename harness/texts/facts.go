package texts

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"nerbench/internal/terminal"
	"nerbench/ner"
)

// writeFacts prints the metadata of a run.
func writeFacts(w io.Writer, facts map[string]string) error {
	if len(facts) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range ner.Facts {
		v, ok := facts[f.Name]
		if !ok {
			continue
		}
		if f.Name == "prompt_tokens_computed" {
			v += ShareOf(v, facts["prompt_tokens"])
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", f.Name, terminal.Printable(v), f.Meaning)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// ShareOf returns a share such as " (12.3 %)", or "" if it is not defined.
func ShareOf(part, whole string) string {
	p, errPart := strconv.ParseFloat(part, 64)
	all, errWhole := strconv.ParseFloat(whole, 64)
	if errPart != nil || errWhole != nil || all == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.1f %%)", 100*p/all)
}
