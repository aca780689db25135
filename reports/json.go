package reports

import (
	"encoding/json"
	"fmt"
	"io"
)

// tableJSON is a table in JSON. Other programs read it: members may be added, and
// keep their names and meanings.
type tableJSON struct {
	Rows     []string   `json:"rows"`
	Cols     []string   `json:"cols"`
	Cells    []cellJSON `json:"cells"`
	Warnings []string   `json:"warnings"`
	// Signatures by run and metric.
	Signatures map[string]map[string]string `json:"signatures"`
	Published  []PublishedSystem            `json:"published,omitempty"`
}

// cellJSON holds unrounded numbers; null is an undefined ratio or a missing number.
type cellJSON struct {
	Row    string      `json:"row"`
	Col    string      `json:"col"`
	Metric string      `json:"metric"`
	Value  *float64    `json:"value"`
	Counts *countsJSON `json:"counts"`
	CI     *[2]float64 `json:"ci"`
	Rank   *[2]int     `json:"rank,omitempty"`
	Used   int         `json:"used"`
	Total  int         `json:"total"`
	Note   string      `json:"note"`
	Seen   []string    `json:"seen,omitempty"`
	Runs   []string    `json:"runs"`

	PassagesScored int `json:"passages_scored"`
	Passages       int `json:"passages"`
	Failures       int `json:"failures"`
	Queries        int `json:"queries"`
}

type countsJSON struct {
	TP        float64  `json:"tp"`
	NPred     int      `json:"n_pred"`
	NGold     int      `json:"n_gold"`
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
	F1        *float64 `json:"f1"`
}

func writeJSON(w io.Writer, t *Table) error {
	rows, cols := t.Rows, t.Cols
	if t.RunOnly {
		rows, _ = part(rows, t.ran)
		cols, _ = part(cols, t.ran)
	}
	out := tableJSON{Rows: orEmpty(rows), Cols: orEmpty(cols), Cells: []cellJSON{}, Warnings: orEmpty(t.Warnings), Signatures: t.Signatures, Published: t.Published}
	for i := range t.Cells {
		if c := &t.Cells[i]; t.shown(c) {
			out.Cells = append(out.Cells, newCellJSON(c))
		}
	}
	if err := encodeJSON(w, out); err != nil {
		return fmt.Errorf("table: json: %w", err)
	}
	return nil
}

// encodeJSON writes one JSON value, indented, and a line end.
func encodeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func newCellJSON(c *Cell) cellJSON {
	out := cellJSON{
		Row: c.Row, Col: c.Col, Metric: c.Metric, Value: c.Value, CI: c.CI, Rank: c.Rank,
		Used: c.Used, Total: c.Total, Note: c.Note, Seen: c.Seen, Runs: orEmpty(c.Runs),
		PassagesScored: c.Complete, Passages: c.Passages, Failures: c.Failures, Queries: c.Queries,
	}
	if c.Counts != nil {
		tp, pred, gold := PrintedCounts(*c.Counts, c.doubled)
		out.Counts = &countsJSON{tp, pred, gold, c.Precision, c.Recall, c.Value}
	}
	return out
}

// orEmpty returns an empty list for nil, which JSON prints as [] instead of null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
