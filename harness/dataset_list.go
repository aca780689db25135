package harness

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// DatasetLine is a dataset in a list, with the state of its data.
type DatasetLine struct {
	Dataset string          `json:"row"`
	Title   string          `json:"title"`
	Domain  string          `json:"domain"`
	State   string          `json:"state"`
	Types   int             `json:"types"`
	Table6  datasets.Table6 `json:"table6"`
	Access  string          `json:"access"`
	Licence string          `json:"licence"`
	// Recorded are the documents of each split that a dataset without counts in Table 6
	// has in its lock.
	Recorded map[ner.Split]int `json:"-"`
}

// ListDatasets lists the datasets of a suite, a domain, or both; without them all
// datasets. bad joins the errors of invalid files; the list has all others.
func (b *Bench) ListDatasets(ctx context.Context, suite, domain string) (lines []DatasetLine, bad, err error) {
	_, bad = b.AllDatasets() // bad files are errors here, not notes
	quiet := *b
	quiet.Notify = nil
	ds, err := quiet.SelectDatasets(nil, suite, domain)
	if err != nil {
		return nil, nil, err
	}
	lines = []DatasetLine{}
	for _, d := range ds {
		l := DatasetLine{d.ID, d.Title, d.Domain, b.State(ctx, d), len(d.Types()), d.Table6, d.Access, d.Licence, nil}
		if l.Table6 == (datasets.Table6{}) {
			l.Recorded = recordedDocuments(d)
		}
		lines = append(lines, l)
	}
	return lines, bad, nil
}

// recordedDocuments are the documents of each split that a dataset has in its lock.
func recordedDocuments(d *datasets.Dataset) map[ner.Split]int {
	recorded := map[ner.Split]int{}
	if set, err := d.Set(""); err == nil {
		for _, split := range ner.Splits {
			if p, err := set.Part(split); err == nil && p.Lock != nil {
				recorded[split] = p.Lock.Documents
			}
		}
	}
	return recorded
}

// WriteDocuments writes the first documents in the format "conll", else as JSON Lines;
// limit 0: all documents.
func WriteDocuments(w io.Writer, docs iter.Seq2[*ner.Document, error], format string, limit int) error {
	write := loaders.WriteDocument
	if format == "conll" {
		write = loaders.WriteConll
	}
	out := bufio.NewWriter(w)
	n := 0
	for d, err := range docs {
		if err != nil {
			return errors.Join(out.Flush(), err)
		}
		if limit > 0 && n >= limit {
			break
		}
		n++
		if err := write(out, d); err != nil {
			return errors.Join(out.Flush(), err)
		}
	}
	return out.Flush()
}
