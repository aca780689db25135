package harness

import (
	"strconv"
	"time"

	"nerbench/internal/fault"
	"nerbench/results"
)

// dateVariable is the environment variable with the time that files show, in seconds
// since 1970, so that they can be built again byte for byte.
const dateVariable = "SOURCE_DATE_EPOCH"

// ShownDate is the time that pages about runs show: that of their newest answer, or of the
// environment variable SOURCE_DATE_EPOCH. It never is the time of writing, so that pages
// depend on the runs alone. It is zero without runs.
func (b *Bench) ShownDate(runs []results.RunInfo) (time.Time, error) {
	if b.Getenv != nil && b.Getenv(dateVariable) != "" {
		seconds, err := strconv.ParseInt(b.Getenv(dateVariable), 10, 64)
		if err != nil || seconds < 0 {
			return time.Time{}, fault.Usagef("%s=%s: want seconds since 1970", dateVariable, b.Getenv(dateVariable))
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	var newest time.Time
	for _, r := range runs {
		if r.Updated.After(newest) {
			newest = r.Updated
		}
	}
	return newest.UTC(), nil
}
