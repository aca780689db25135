package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nerbench/reports"
)

// writeAll writes the result into a folder: the table in every form, and the chart.
func (r *sweepResult) writeAll(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	grids, figure := r.grids(), r.figure()
	write := map[string]func(io.Writer) error{
		"json": func(w io.Writer) error {
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(r)
		},
		"svg": figure.WriteSVG,
		"html": func(w io.Writer) error {
			parts := []reports.FigurePart{{Figure: &figure, Table: grids[0]}}
			for _, g := range grids[1:] {
				parts = append(parts, reports.FigurePart{Table: g})
			}
			return reports.WriteFigurePage(w, r.Title, parts)
		},
	}
	for format, ending := range map[string]string{"text": "txt", "md": "md", "csv": "csv", "latex": "tex"} {
		write[ending] = func(w io.Writer) error { return writeGrids(w, grids, format) }
	}
	for _, ending := range sortedKeys(write) {
		if err := writeFile(filepath.Join(dir, r.Sweep+"."+ending), write[ending]); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file whole, or leaves what is there.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// writeGrids writes tables below each other.
func writeGrids(w io.Writer, grids []reports.Grid, format string) error {
	for i, g := range grids {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := g.Write(w, format); err != nil {
			return err
		}
	}
	return nil
}

// figure draws the points: lines where the values of the last key have an order,
// else bars; a series for each metric, and for each value of the other keys.
func (r *sweepResult) figure() reports.Figure {
	f := reports.Figure{Title: r.Title, Lines: true}
	if r.Warning != "" {
		f.Notes = []string{r.Warning}
	}
	shown := r.shownValues()
	metrics := map[string]bool{}
	for _, l := range r.Lines {
		metrics[metricName(l.Metric)] = true
	}
	split := isGrid(shown)
	for i, l := range r.Lines {
		category, series := strings.Join(shown[i], " "), []string{}
		if split {
			last := len(shown[i]) - 1
			category, series = shown[i][last], slices.Clone(shown[i][:last])
		}
		if len(metrics) > 1 {
			series = append(series, metricName(l.Metric))
		}
		if _, err := strconv.ParseFloat(category, 64); err != nil {
			f.Lines = false
		}
		putLine(&f, strings.Join(series, " "), category, l)
	}
	f.Lines = f.Lines && len(f.Categories) > 2
	return f
}

// isGrid reports whether every value of the last key meets every combination of
// the others.
func isGrid(shown [][]string) bool {
	if len(shown) == 0 || len(shown[0]) < 2 {
		return false
	}
	last := len(shown[0]) - 1
	outer, inner, both := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, values := range shown {
		outer[strings.Join(values[:last], " ")], inner[values[last]], both[strings.Join(values, " ")] = true, true, true
	}
	return len(inner) > 1 && len(outer) > 1 && len(both) == len(outer)*len(inner)
}

// putLine puts a line of the table into a figure.
func putLine(f *reports.Figure, series, category string, l sweepLine) {
	s := slices.IndexFunc(f.Series, func(s reports.Series) bool { return s.Name == series })
	if s < 0 {
		s = len(f.Series)
		f.Series = append(f.Series, reports.Series{Name: series})
	}
	c := slices.Index(f.Categories, category)
	if c < 0 {
		c = len(f.Categories)
		f.Categories = append(f.Categories, category)
	}
	of := &f.Series[s]
	for len(of.Values) <= c {
		of.Values, of.CI = append(of.Values, nil), append(of.CI, nil)
	}
	if l.Mean != nil {
		value := 100 * *l.Mean
		of.Values[c] = &value
	}
	if l.CI != nil {
		of.CI[c] = &[2]float64{100 * l.CI[0], 100 * l.CI[1]}
	}
}

// metricName is a metric's id without its options.
func metricName(id string) string {
	name, _, _ := strings.Cut(id, "[")
	return name
}
