package texts

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"nerbench/internal/terminal"
	"nerbench/ner"
	"nerbench/runners/fleet"
)

// WriteWorkers prints the workers of a fleet.
func WriteWorkers(w io.Writer, list *fleet.Workers) error {
	now := "no run at the moment"
	if list.Model != "" {
		now = fmt.Sprintf("%s on %s, %s in flight", terminal.Printable(list.Model), terminal.Printable(list.Dataset), ner.Count(list.InFlight, "passage"))
	}
	fmt.Fprintf(w, "coordinator %s: %s, %s\n", terminal.Printable(list.Coordinator), now, ner.Count(len(list.Workers), "worker"))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(list.Workers) > 0 {
		fmt.Fprint(tw, "node\tserver\tslots\tin work\tpassages\tper second\tfailures\tlast seen\n")
	}
	for _, m := range list.Workers {
		fmt.Fprintf(tw, "%s/%d\t%s\t%d\t%d\t%d\t%.1f\t%d\t%s ago", terminal.Printable(m.Node), m.Process, terminal.Printable(cmp.Or(m.Server, "-")), m.Slots, m.InWork,
			m.Done, m.Rate, m.Failed, time.Duration(m.Silent*float64(time.Second)).Round(time.Second))
		if m.Problem != "" {
			fmt.Fprintf(tw, "\t%s", terminal.Line(m.Problem))
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}
