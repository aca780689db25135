package exchange

import (
	"io"
	"strconv"

	"nerbench/reports"
)

// writeCSV prints one line for each run and metric. Ratios are fractions, unrounded; a
// value that does not exist is empty.
func writeCSV(w io.Writer, runs []*Run, _ Options) error {
	t := metricsTable()
	header := make([]string, len(t.columns))
	for i, c := range t.columns {
		header[i] = c.name
	}
	records := [][]string{header}
	for _, row := range metricsRows(t, runs) {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = cell(v)
		}
		records = append(records, line)
	}
	return reports.WriteCSV(w, records)
}

// cell prints a value of a table.
func cell(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return reports.Fraction(&v)
	}
	return ""
}
