package texts

import (
	"fmt"
	"strings"
	"time"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/reports"
)

// rate returns a number of queries per second; below 1, as seconds for each.
func rate(perSecond float64) string {
	if perSecond > 0 && perSecond < 1 {
		return fmt.Sprintf("%.1f s/query", 1/perSecond)
	}
	return fmt.Sprintf("%.0f queries/s", perSecond)
}

// Progress returns the state of a run after the number of passages.
func Progress(p *harness.Progress) string {
	parts := []string{rate(p.Rate)}
	if p.F1 != nil || p.Unreadable == nil { // else the answers are not scored
		label := "span F1 so far "
		if p.Scored {
			label = "span F1 "
		}
		parts = append(parts, label+reports.Percent(p.F1))
	}
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
		parts = append(parts, fmt.Sprintf("%s failed", ner.Count(p.Failures, "passage")))
	}
	return strings.Join(parts, ", ")
}
