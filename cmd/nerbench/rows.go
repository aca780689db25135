package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"nerbench/datasets"
	"nerbench/datasets/sample"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/runners"
)

// allRows returns the rows of the benchmark, and those of the user's own: in
// rows/ below the data folder, and in the folder that --rows names. A row of one's
// own may not have the id of another one.
func (env *environment) allRows() ([]*datasets.Row, error) {
	rows, err := datasets.Embedded()
	if err != nil {
		return nil, err
	}
	folders := []string{}
	if beside := filepath.Join(env.data, "rows"); isFolder(beside) && !sameFile(beside, env.rows) {
		folders = append(folders, beside)
	}
	if env.rows != "" {
		if _, err := os.Stat(env.rows); err != nil {
			return nil, usagef("--rows: %v", err)
		}
		folders = append(folders, env.rows)
	}
	for _, folder := range folders {
		own, err := datasets.Read(os.DirFS(folder))
		if err != nil {
			return nil, fmt.Errorf("rows in %s:\n%w", folder, err)
		}
		for _, r := range own {
			if other, err := datasets.Find(rows, r.ID); err == nil {
				return nil, fmt.Errorf("rows in %s: row %s: there is a row of that id (%s)", folder, r.ID, other.Title)
			}
		}
		rows = append(rows, own...)
	}
	return rows, nil
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// sameFile reports whether two names are those of one folder.
func sameFile(a, b string) bool {
	one, err1 := os.Stat(a)
	other, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}

// dataFS is the folder of native files.
func (env *environment) dataFS() fs.FS { return os.DirFS(env.data) }

// selectRows returns the rows that ids (several in one, separated by commas) or a
// suite or a domain name; all of them if nothing is named.
func (env *environment) selectRows(ids []string, suite, domain string) ([]*datasets.Row, error) {
	rows, err := env.allRows()
	if err != nil {
		return nil, err
	}
	selected := rows
	if suite != "" {
		s, err := datasets.FindSuite(suite)
		if err != nil {
			return nil, usagef("%v", err)
		}
		if selected, err = s.Select(rows); err != nil {
			return nil, err
		}
	}
	if len(ids) > 0 {
		selected = nil
		for _, list := range ids {
			for id := range strings.SplitSeq(list, ",") {
				r, err := datasets.Find(rows, strings.TrimSpace(id))
				if err != nil {
					return nil, usagef("%v", err)
				}
				selected = append(selected, r)
			}
		}
	}
	if domain == "" {
		return selected, nil
	}
	var kept []*datasets.Row
	for _, r := range selected {
		if r.Domain == domain {
			kept = append(kept, r)
		}
	}
	if kept == nil {
		return nil, usagef("domain %q: no row (domains: %s)", domain, strings.Join(datasets.Domains, ", "))
	}
	return kept, nil
}

// askedRows returns the rows that ids or a suite name, those of the embedded sample
// included: they can be asked about without any file.
func (env *environment) askedRows(ids []string, suite string) ([]*datasets.Row, error) {
	var rows []*datasets.Row
	for _, id := range splitList(ids) {
		if domain, ok := strings.CutPrefix(id, samplePrefix); ok {
			row, err := sampleRow(domain)
			if err != nil {
				return nil, usagef("row %q: unknown (the sample has %s)", id, samplePrefix+strings.Join(datasets.Domains, ", "+samplePrefix))
			}
			rows = append(rows, row)
			continue
		}
		found, err := env.selectRows([]string{id}, "", "")
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	if len(ids) > 0 {
		return rows, nil
	}
	return env.selectRows(nil, suite, "")
}

// findRow finds a row by its id, those of the embedded sample included.
func (env *environment) findRow(id string) (*datasets.Row, error) {
	if domain, ok := strings.CutPrefix(id, samplePrefix); ok {
		return sampleRow(domain)
	}
	rows, err := env.allRows()
	if err != nil {
		return nil, err
	}
	return datasets.Find(rows, id)
}

// documents streams a split of a row, from its native files or the embedded
// sample. Missing data is an error of exit code 4, with the way to get it.
func (env *environment) documents(ctx context.Context, row *datasets.Row, o loaders.Options) (iter.Seq2[*ner.Document, error], error) {
	if domain, ok := strings.CutPrefix(row.ID, samplePrefix); ok {
		return sampleDocuments(domain, o.Split)
	}
	if !loaders.Supported(row, o.Set) {
		if _, err := row.Set(o.Set); err != nil {
			return nil, usagef("%v", err)
		}
		return nil, adviseNoReader(row)
	}
	docs, _, err := loaders.Documents(ctx, env.dataFS(), row, o)
	if err != nil {
		return nil, env.adviseData(row, err)
	}
	return docs, nil
}

// adviseData adds what the user can do about data that is not there.
func (env *environment) adviseData(row *datasets.Row, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return dataError(&runners.Hint{Err: fmt.Errorf("%w (data folder %s)", err, env.data), Advice: env.howToGet(row)})
}

// samplePrefix begins the ids of the rows of the embedded sample.
const samplePrefix = "sample-"

// sampleRow describes the sample of a domain as a row.
func sampleRow(domain string) (*datasets.Row, error) {
	passages, err := sample.Read(domain, "train")
	if err != nil {
		return nil, err
	}
	row := &datasets.Row{ID: samplePrefix + domain, Title: "Sample " + domain, Domain: domain, Access: "open", Licence: "CC0-1.0"}
	seen := map[string]bool{}
	for _, p := range passages {
		for _, s := range p.Spans {
			if !seen[s.Type] {
				seen[s.Type] = true
				row.Labels = append(row.Labels, datasets.Label{Native: s.Type, Type: ner.EntityType(s.Type)})
			}
		}
	}
	return row, nil
}

func sampleDocuments(domain string, split ner.Split) (iter.Seq2[*ner.Document, error], error) {
	passages, err := sample.Read(domain, string(split))
	if err != nil {
		return nil, err
	}
	return func(yield func(*ner.Document, error) bool) {
		for i, p := range passages {
			d := &ner.Document{ID: fmt.Sprintf("%s%s/%s/%d", samplePrefix, domain, split, i), Text: p.Text}
			for _, t := range p.Tokens {
				d.Tokens = append(d.Tokens, ner.Range{Start: t[0], End: t[1]})
			}
			for _, s := range p.Spans {
				d.Spans = append(d.Spans, ner.Span{Start: s.Start, End: s.End, Type: ner.EntityType(s.Type)})
			}
			if !yield(d, nil) {
				return
			}
		}
	}, nil
}
