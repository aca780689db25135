package filetest

import (
	"cmp"
	"fmt"
	"strings"
)

// Dataset describes an invented dataset. Its files are in the folder ID of the data.
type Dataset struct {
	ID    string
	Title string // default: ID
	// Folder is that of the data; default: ID.
	Folder string
	// Text is the rule for showing its text: "publish" or "never"; default: publish.
	Text string
	// Labels are pairs of a native label and its type.
	Labels [][2]string
	Splits []string
}

// Columns is the file of a dataset whose splits are files SPLIT.txt of two columns with
// IOB2 tags.
func (d Dataset) Columns() string {
	return d.file("conll", "sentence", "txt", `label_source = "raw"
`, `
[conll]
separator = "space"
token_column = 0
tag_column = 1
columns = 2
scheme = "iob2"
`)
}

// Documents is the file of a dataset whose splits are files SPLIT.jsonl of documents.
func (d Dataset) Documents() string {
	return d.file("documents", "note", "jsonl", `offsets = "code points"
`, "")
}

func (d Dataset) file(family, unit, ending, keys, table string) string {
	var labels []string
	for _, l := range d.Labels {
		labels = append(labels, fmt.Sprintf("{ native = %q, type = %q }", l[0], l[1]))
	}
	folder := cmp.Or(d.Folder, d.ID)
	var b strings.Builder
	fmt.Fprintf(&b, `id = %q
title = %q
dataset = %q
domain = "general"
data_dir = %q
families = [%q]
overlap = "flat"
access = "open"
licence = "CC0-1.0"
text = %q
%slabels = [%s]

[citation]
key = %q
text = "invented"

[[source]]
kind = "url"
where = "https://example.org/%s"
%s
[[set]]
name = %q
family = %q
primary = true
unit = %q
`, d.ID, cmp.Or(d.Title, d.ID), folder, folder, family, cmp.Or(d.Text, "publish"), keys, strings.Join(labels, ", "), d.ID, folder, table, family, family, unit)
	for _, split := range d.Splits {
		fmt.Fprintf(&b, "\n[[set.split]]\nname = %q\nfiles = [{ path = %q }]\n", split, split+"."+ending)
	}
	return b.String()
}
