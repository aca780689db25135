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
	"nerbench/datasets/acquire"
	"nerbench/datasets/sample"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

// allRows returns the datasets of the benchmark, and those of the user's own: in
// datasets/ below the data folder, and in the folder that --datasets names. A dataset of one's
// own may not have the id of another one.
func (env *environment) allDatasets() ([]*datasets.Dataset, error) {
	ds, err := datasets.Embedded()
	if err != nil {
		return nil, err
	}
	folders := []string{}
	if beside := filepath.Join(env.data, "datasets"); isFolder(beside) && !sameFile(beside, env.datasets) {
		folders = append(folders, beside)
	}
	if env.datasets != "" {
		if _, err := os.Stat(env.datasets); err != nil {
			return nil, fault.Usagef("--datasets: %v", err)
		}
		folders = append(folders, env.datasets)
	}
	for _, folder := range folders {
		own, err := datasets.Read(os.DirFS(folder))
		if err != nil {
			return nil, fmt.Errorf("datasets in %s:\n%w", folder, err)
		}
		for _, r := range own {
			if other, err := datasets.Find(ds, r.ID); err == nil {
				return nil, fmt.Errorf("datasets in %s: dataset %s: there is a dataset of that id (%s)", folder, r.ID, other.Title)
			}
		}
		ds = append(ds, own...)
	}
	return ds, nil
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

// selectRows returns the datasets that ids (several in one, separated by commas) or a
// suite or a domain name; all of them if nothing is named.
func (env *environment) selectDatasets(ids []string, suite, domain string) ([]*datasets.Dataset, error) {
	ds, err := env.allDatasets()
	if err != nil {
		return nil, err
	}
	selected := ds
	if suite != "" {
		s, err := datasets.FindSuite(suite)
		if err != nil {
			return nil, fault.Usagef("%v", err)
		}
		if selected, err = s.Select(ds); err != nil {
			return nil, err
		}
	}
	if len(ids) > 0 {
		selected = nil
		for _, list := range ids {
			for id := range strings.SplitSeq(list, ",") {
				r, err := datasets.Find(ds, strings.TrimSpace(id))
				if err != nil {
					return nil, fault.Usagef("%v", err)
				}
				selected = append(selected, r)
			}
		}
	}
	if domain == "" {
		return selected, nil
	}
	var kept []*datasets.Dataset
	for _, r := range selected {
		if r.Domain == domain {
			kept = append(kept, r)
		}
	}
	if kept == nil {
		return nil, fault.Usagef("domain %q: no dataset (domains: %s)", domain, strings.Join(datasets.Domains, ", "))
	}
	return kept, nil
}

// askedRows returns the datasets that ids or a suite name, those of the embedded sample
// included: they can be asked about without any file.
func (env *environment) askedDatasets(ids []string, suite string) ([]*datasets.Dataset, error) {
	var ds []*datasets.Dataset
	for _, id := range splitList(ids) {
		if domain, ok := strings.CutPrefix(id, samplePrefix); ok {
			dataset, err := sampleDataset(domain)
			if err != nil {
				return nil, fault.Usagef("dataset %q: unknown (the sample has %s)", id, samplePrefix+strings.Join(datasets.Domains, ", "+samplePrefix))
			}
			ds = append(ds, dataset)
			continue
		}
		found, err := env.selectDatasets([]string{id}, "", "")
		if err != nil {
			return nil, err
		}
		ds = append(ds, found...)
	}
	if len(ids) > 0 {
		return ds, nil
	}
	return env.selectDatasets(nil, suite, "")
}

// findRow finds a dataset by its id, those of the embedded sample included.
func (env *environment) findDataset(id string) (*datasets.Dataset, error) {
	if domain, ok := strings.CutPrefix(id, samplePrefix); ok {
		return sampleDataset(domain)
	}
	ds, err := env.allDatasets()
	if err != nil {
		return nil, err
	}
	return datasets.Find(ds, id)
}

// documents streams a split of a dataset, from its native files or the embedded
// sample. Missing data is an error of exit code 4, with the way to get it.
func (env *environment) documents(ctx context.Context, dataset *datasets.Dataset, o loaders.Options) (iter.Seq2[*ner.Document, error], error) {
	if domain, ok := strings.CutPrefix(dataset.ID, samplePrefix); ok {
		return sampleDocuments(domain, o.Split)
	}
	if !loaders.Supported(dataset, o.Set) {
		if _, err := dataset.Set(o.Set); err != nil {
			return nil, fault.Usagef("%v", err)
		}
		return nil, acquire.Unsupported(dataset)
	}
	docs, _, err := loaders.Documents(ctx, env.dataFS(), dataset, o)
	if err != nil {
		return nil, env.adviseData(dataset, err)
	}
	return docs, nil
}

// adviseData adds what the user can do about data that is not there.
func (env *environment) adviseData(dataset *datasets.Dataset, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &fault.DataError{Err: &fault.Hint{Err: fmt.Errorf("%w (data folder %s)", err, env.data), Advice: env.howToGet(dataset)}}
}

// samplePrefix begins the ids of the datasets of the embedded sample.
const samplePrefix = "sample-"

// sampleRow describes the sample of a domain as a dataset.
func sampleDataset(domain string) (*datasets.Dataset, error) {
	passages, err := sample.Read(domain, "train")
	if err != nil {
		return nil, err
	}
	dataset := &datasets.Dataset{ID: samplePrefix + domain, Title: "Sample " + domain, Domain: domain, Access: "open", Licence: "CC0-1.0"}
	seen := map[string]bool{}
	for _, p := range passages {
		for _, s := range p.Spans {
			if !seen[s.Type] {
				seen[s.Type] = true
				dataset.Labels = append(dataset.Labels, datasets.Label{Native: s.Type, Type: ner.EntityType(s.Type)})
			}
		}
	}
	return dataset, nil
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
