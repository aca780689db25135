package texts

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"nerbench/harness"
)

// WriteFamilies prints a list of prompt families with their variants.
func WriteFamilies(to io.Writer, families []harness.FamilyLine) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, f := range families {
		fmt.Fprintf(w, "%s\t%s\t(%s, %s)\n", f.Name, f.Meaning, f.Layout, f.Shape)
		for _, v := range f.Variants {
			fmt.Fprintf(w, "  %s\t%s\n", v.Name, v.Meaning)
		}
		if len(f.DatasetLine) > 0 {
			fmt.Fprintf(w, "  +%s\tany of these with a dataset line\n", strings.Join(f.DatasetLine, ", +"))
		}
	}
	return w.Flush()
}
