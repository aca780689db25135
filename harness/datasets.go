package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/datasets/acquire"
	"nerbench/datasets/sample"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

// AllDatasets returns the datasets of the benchmark, and those of the user's own: in
// datasets/ below the data folder, and in the folder that --datasets names. A dataset of one's
// own may not have the id of another one.
func (b *Bench) AllDatasets() ([]*datasets.Dataset, error) {
	ds, err := datasets.Embedded()
	if err != nil {
		return nil, err
	}
	folders := []string{}
	if beside := filepath.Join(b.Data, "datasets"); isFolder(beside) && !sameFile(beside, b.Datasets) {
		folders = append(folders, beside)
	}
	if b.Datasets != "" {
		if _, err := os.Stat(b.Datasets); err != nil {
			return nil, fault.Usagef("--datasets: %v", err)
		}
		folders = append(folders, b.Datasets)
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

// SelectDatasets returns the datasets that ids (several in one, separated by commas) or a
// suite or a domain name; all of them if nothing is named.
func (b *Bench) SelectDatasets(ids []string, suite, domain string) ([]*datasets.Dataset, error) {
	ds, err := b.AllDatasets()
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

// AskedDatasets returns the datasets that ids or a suite name, those of the embedded sample
// included: they can be asked about without any file.
func (b *Bench) AskedDatasets(ids []string, suite string) ([]*datasets.Dataset, error) {
	var ds []*datasets.Dataset
	for _, id := range splitIDs(ids) {
		if domain, ok := strings.CutPrefix(id, SamplePrefix); ok {
			dataset, err := SampleDataset(domain)
			if err != nil {
				return nil, fault.Usagef("dataset %q: unknown (the sample has %s)", id, SamplePrefix+strings.Join(datasets.Domains, ", "+SamplePrefix))
			}
			ds = append(ds, dataset)
			continue
		}
		found, err := b.SelectDatasets([]string{id}, "", "")
		if err != nil {
			return nil, err
		}
		ds = append(ds, found...)
	}
	if len(ids) > 0 {
		return ds, nil
	}
	return b.SelectDatasets(nil, suite, "")
}

// FindDataset finds a dataset by its id, those of the embedded sample included.
func (b *Bench) FindDataset(id string) (*datasets.Dataset, error) {
	if domain, ok := strings.CutPrefix(id, SamplePrefix); ok {
		return SampleDataset(domain)
	}
	ds, err := b.AllDatasets()
	if err != nil {
		return nil, err
	}
	return datasets.Find(ds, id)
}

// Documents streams a split of a dataset, from its native files or the embedded
// sample. Missing data is an error of exit code 4, with the way to get it.
func (b *Bench) Documents(ctx context.Context, dataset *datasets.Dataset, o loaders.Options) (iter.Seq2[*ner.Document, error], error) {
	if domain, ok := strings.CutPrefix(dataset.ID, SamplePrefix); ok {
		return sampleDocuments(domain, o.Split)
	}
	if !loaders.Supported(dataset, o.Set) {
		if _, err := dataset.Set(o.Set); err != nil {
			return nil, fault.Usagef("%v", err)
		}
		return nil, acquire.Unsupported(dataset)
	}
	docs, _, err := loaders.Documents(ctx, b.dataFS(), dataset, o)
	if err != nil {
		return nil, b.adviseData(dataset, err)
	}
	return docs, nil
}

// adviseData adds what the user can do about data that is not there.
func (b *Bench) adviseData(dataset *datasets.Dataset, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	missing := fmt.Errorf("%w (data folder %s)", err, b.Data)
	if b.HowToGet == nil {
		return &fault.DataError{Err: missing}
	}
	return &fault.DataError{Err: &fault.Hint{Err: missing, Advice: b.HowToGet(dataset)}}
}

// SamplePrefix begins the ids of the datasets of the embedded sample.
const SamplePrefix = "sample-"

// SampleDataset describes the sample of a domain as a dataset.
func SampleDataset(domain string) (*datasets.Dataset, error) {
	passages, err := sample.Read(domain, "train")
	if err != nil {
		return nil, err
	}
	dataset := &datasets.Dataset{ID: SamplePrefix + domain, Title: "Sample " + domain, Domain: domain, Access: "open", Licence: "CC0-1.0"}
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
			d := &ner.Document{ID: fmt.Sprintf("%s%s/%s/%d", SamplePrefix, domain, split, i), Text: p.Text}
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

// splitIDs splits lists with commas, each id once.
func splitIDs(lists []string) []string {
	var ids []string
	for id := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// State reports whether a dataset can be used, as [acquire.State] does.
func (b *Bench) State(ctx context.Context, dataset *datasets.Dataset) string {
	return acquire.State(ctx, b.dataFS(), dataset)
}
