package texts

import (
	"fmt"
	"strings"
	"time"

	"nerbench/harness"
	"nerbench/reports"
)

// Progress returns the state of a run after the number of passages.
func Progress(p *harness.Progress) string {
	parts := []string{fmt.Sprintf("%.0f queries/s", p.Rate), "span F1 so far " + reports.Percent(p.F1)}
	if p.Unreadable != nil {
		parts = append(parts, "unreadable "+reports.Percent(p.Unreadable)+"%")
	}
	if p.Slots > 0 {
		parts = append(parts, fmt.Sprintf("%d at once", p.Slots))
	}
	if p.ETA > 0 {
		parts = append(parts, (time.Duration(p.ETA)*time.Second).String()+" left")
	}
	if p.Failures > 0 {
		parts = append(parts, fmt.Sprintf("%d passages failed", p.Failures))
	}
	return strings.Join(parts, ", ")
}
