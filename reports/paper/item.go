package paper

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"nerbench/internal/strict"
	"nerbench/reports"
)

// Item is a table or figure of the paper: its layout, as data.
type Item struct {
	// Name is the name of the file without .toml: table3, fig5a.
	Name string `toml:"-"`
	// Title is printed above the table, Note below it.
	Title string `toml:"title"`
	Note  string `toml:"note"`
	// Table is its name in [reports.PublishedValue].
	Table string `toml:"table"`
	// Lines is the kind of the lines: systems; datasets (systems are the columns
	// then); fixed, an example; or data, the statistics of the datasets, which the
	// caller computes.
	Lines string `toml:"lines"`
	// By is the kind of the columns of values: dataset (also if empty), or domain.
	By string `toml:"by"`
	// Label is the name of published systems: system (also if empty), or setting,
	// which adds the part of the setting behind its colon.
	Label string `toml:"label"`
	// Datasets are the columns, in order; empty: all datasets of the benchmark. Also
	// are groups of published values that are not datasets.
	Datasets []string `toml:"datasets"`
	Also     []string `toml:"also"`
	// Metrics are the metrics of own runs. Printed are the metrics of the published
	// values that belong to them, in the same order; empty: f1.
	Metrics []string `toml:"metrics"`
	Printed []string `toml:"printed"`
	// Average adds the mean over the datasets: the printed one, and the mean of own
	// runs.
	Average bool `toml:"average"`
	// Header and Fixed are the cells of an example (lines = "fixed"). Own is the form
	// of the table of own runs beside it.
	Header []string   `toml:"header"`
	Fixed  [][]string `toml:"fixed"`
	Own    string     `toml:"own"`
	// Chart is set for a figure.
	Chart bool `toml:"chart"`
	// Footnotes are the letters of the footnotes of docs/spec/metrics.md §14.2 that
	// apply.
	Footnotes []string `toml:"footnotes"`
}

//go:embed *.toml footnotes.txt
var files embed.FS

// Items reads the tables and figures, in the order of their names.
func Items() ([]Item, error) {
	names, err := fs.Glob(files, "*.toml")
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, name := range names {
		item := Item{Name: strings.TrimSuffix(name, ".toml")}
		if err := strict.ReadTOML(files, name, &item); err != nil {
			return nil, err
		}
		if item.Printed == nil {
			item.Printed = []string{"f1"}
		}
		items = append(items, item)
	}
	return items, nil
}

// Notes returns the footnotes of an item, and its note.
func (i Item) Notes() ([]string, error) {
	texts, err := footnotes()
	if err != nil {
		return nil, err
	}
	notes := lettered(i.Footnotes, texts)
	if i.Note != "" {
		notes = append(notes, i.Note)
	}
	return notes, nil
}

// Cited returns the datasets whose papers the item refers to: its columns. Examples have
// none.
func (i Item) Cited(benchmark []reports.DatasetInfo) []string {
	if i.Lines == "fixed" {
		return nil
	}
	var ids []string
	for _, d := range benchmarkOf(i, benchmark) {
		ids = append(ids, d.ID)
	}
	return ids
}

// lettered returns footnotes with their letters: "(a) …".
func lettered(letters []string, texts map[string]string) []string {
	var notes []string
	for _, letter := range letters {
		notes = append(notes, "("+letter+") "+texts[letter])
	}
	return notes
}

// footnotes reads the texts of docs/spec/metrics.md §14.2, by their letters.
func footnotes() (map[string]string, error) {
	text, err := fs.ReadFile(files, "footnotes.txt")
	if err != nil {
		return nil, err
	}
	notes := map[string]string{}
	for line := range strings.Lines(string(text)) {
		letter, note, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			return nil, fmt.Errorf("footnotes.txt: %q: want a letter and a text", line)
		}
		notes[letter] = note
	}
	return notes, nil
}

// Select returns the item of a name, or all items for the name "all".
func Select(name string) ([]Item, error) {
	items, err := Items()
	return slices.DeleteFunc(items, func(i Item) bool { return name != "all" && i.Name != name }), err
}
