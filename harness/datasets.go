package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
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

// AllDatasets returns the datasets of the benchmark, and those of the user's own:
// in the folder "datasets" below Data, and in the folder Datasets. The error joins
// those of invalid files; the list has all others.
func (b *Bench) AllDatasets() ([]*datasets.Dataset, error) {
	ds, faults, err := b.readDatasets()
	if err != nil {
		return nil, err
	}
	return ds, joined(faults)
}

// usableDatasets returns all datasets without those of invalid files. It notes the
// invalid files.
func (b *Bench) usableDatasets() ([]*datasets.Dataset, error) {
	ds, faults, err := b.readDatasets()
	b.noteSkipped("dataset file", faults)
	return ds, err
}

// noteSkipped notes the files of the user's own that are invalid.
func (b *Bench) noteSkipped(kind string, faults map[string]error) {
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		b.note("%s %s.toml: skipped: %v", kind, name, faults[name])
	}
}

// joined joins errors in the order of their names.
func joined(faults map[string]error) error {
	var all []error
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		all = append(all, faults[name])
	}
	return errors.Join(all...)
}

// datasetFolders are the folders with dataset files of the user's own.
func (b *Bench) datasetFolders() ([]string, error) {
	if old := filepath.Join(b.Data, "rows"); b.Data != "" && isFolder(old) {
		b.note("%s: not read: rename the folder to %s", old, filepath.Join(b.Data, "datasets"))
	}
	folders := []string{}
	if beside := filepath.Join(b.Data, "datasets"); b.Data != "" && isFolder(beside) && !sameFile(beside, b.Datasets) {
		folders = append(folders, beside)
	}
	if b.Datasets != "" {
		if err := checkFolder("datasets", b.Datasets); err != nil {
			return nil, err
		}
		folders = append(folders, b.Datasets)
	}
	return folders, nil
}

// readDatasets reads all datasets; faults are the errors of invalid files by id.
func (b *Bench) readDatasets() (ds []*datasets.Dataset, faults map[string]error, err error) {
	if ds, err = datasets.Embedded(); err != nil {
		return nil, nil, err
	}
	folders, err := b.datasetFolders()
	if err != nil {
		return nil, nil, err
	}
	faults = map[string]error{}
	for _, name := range folders {
		folder, err := datasets.ReadFolder(os.DirFS(name))
		if err != nil {
			return nil, nil, fmt.Errorf("datasets in %s: %w", name, err)
		}
		for id, err := range folder.Faults {
			faults[id] = fmt.Errorf("datasets in %s:\n%w", name, err)
		}
		for _, r := range folder.Items {
			if i := slices.IndexFunc(ds, func(d *datasets.Dataset) bool { return d.ID == r.ID }); i >= 0 {
				faults[r.ID] = fmt.Errorf("datasets in %s: dataset %s: a dataset of that id exists (%s)", name, r.ID, ds[i].Title)
				continue
			}
			ds = append(ds, r)
		}
	}
	return ds, faults, nil
}

// findAmong finds a dataset by its id. If its file is invalid, that error is returned.
func findAmong(ds []*datasets.Dataset, faults map[string]error, id string) (*datasets.Dataset, error) {
	dataset, err := datasets.Find(ds, id)
	if err != nil && faults[id] != nil {
		return nil, faults[id]
	}
	return dataset, err
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// sameFile reports whether two names refer to the same folder.
func sameFile(a, b string) bool {
	one, err1 := os.Stat(a)
	other, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}

// SelectDatasets returns the datasets with the ids (one string may hold several,
// separated by commas), or those of a suite, a domain, or both. Without any of
// these it returns all datasets. Ids beside a suite or a domain are a usage error.
func (b *Bench) SelectDatasets(ids []string, suite, domain string) ([]*datasets.Dataset, error) {
	if err := oneSelection(ids, suite, domain); err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		return b.namedDatasets(ids)
	}
	ds, err := b.usableDatasets()
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
		return nil, fault.Usagef("domain %q: no dataset (domains: %s)%s", domain, strings.Join(datasets.Domains, ", "), ner.DidYouMean(domain, datasets.Domains))
	}
	return kept, nil
}

// oneSelection refuses datasets that are named beside a suite or a domain: it is open
// whether both are wanted, or only the datasets that are in both.
func oneSelection(ids []string, suite, domain string) error {
	for _, other := range [][2]string{{"suite", suite}, {"domain", domain}} {
		if len(ids) > 0 && other[1] != "" {
			return fault.Usagef("datasets %s and %s %s: want one of them", strings.Join(ids, ","), other[0], other[1])
		}
	}
	return nil
}

// namedDatasets finds datasets by lists of ids.
func (b *Bench) namedDatasets(lists []string) ([]*datasets.Dataset, error) {
	all, faults, err := b.readDatasets()
	if err != nil {
		return nil, err
	}
	var named []*datasets.Dataset
	for _, list := range lists {
		for id := range strings.SplitSeq(list, ",") {
			id = strings.TrimSpace(id)
			if domain, ok := strings.CutPrefix(id, SamplePrefix); ok && slices.Contains(datasets.Domains, domain) {
				why := fault.Usagef("dataset %q: part of the embedded sample, which has no files and no reference", id)
				return nil, &fault.Hint{Err: why, Advice: "it is always ready: nerbench run -d " + id}
			}
			dataset, err := findAmong(all, faults, id)
			switch {
			case err != nil && faults[id] != nil:
				return nil, err
			case err != nil:
				return nil, fault.Usagef("%v", err)
			}
			named = append(named, dataset)
		}
	}
	return named, nil
}

// AskedDatasets returns the datasets with the ids, or those of a suite. The ids may
// include the embedded sample, which needs no files.
func (b *Bench) AskedDatasets(ids []string, suite string) ([]*datasets.Dataset, error) {
	if err := oneSelection(ids, suite, ""); err != nil {
		return nil, err
	}
	var ds []*datasets.Dataset
	for _, id := range splitIDs(ids) {
		if domain, ok := strings.CutPrefix(id, SamplePrefix); ok {
			dataset, err := SampleDataset(domain)
			if err != nil {
				return nil, fault.Usagef("dataset %q: unknown (the sample has %s)%s", id, SamplePrefix+strings.Join(datasets.Domains, ", "+SamplePrefix), ner.DidYouMean(domain, datasets.Domains))
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

func (b *Bench) findDataset(id string) (*datasets.Dataset, error) {
	if domain, ok := strings.CutPrefix(id, SamplePrefix); ok {
		return SampleDataset(domain)
	}
	if dataset, err := b.readDataset(id); dataset != nil || err != nil {
		return dataset, err
	}
	ds, faults, err := b.readDatasets()
	if err != nil {
		return nil, err
	}
	return findAmong(ds, faults, id)
}

// readDataset reads the file of a dataset alone, which has the name of its id; nil: there
// is none, or it is invalid.
func (b *Bench) readDataset(id string) (*datasets.Dataset, error) {
	folders, err := b.datasetFolders()
	if err != nil {
		return nil, err
	}
	ds, err := datasets.Embedded()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(ds, func(d *datasets.Dataset) bool { return d.ID == id }); i >= 0 {
		return ds[i], nil
	}
	for _, name := range folders {
		if dataset, err := datasets.ReadFile(os.DirFS(name), id+".toml"); err == nil {
			return dataset, nil
		}
	}
	return nil, nil
}

// Documents streams a split of a dataset, from its native files or the embedded
// sample. Missing data is a [DataError] with advice on how to get it.
func (b *Bench) Documents(ctx context.Context, dataset *datasets.Dataset, o loaders.Options) (iter.Seq2[*ner.Document, error], error) {
	docs, _, err := b.documents(ctx, dataset, o)
	return docs, err
}

// documents is [Bench.Documents] with a tally, which is complete when all documents have
// been read. That of the embedded sample stays empty.
func (b *Bench) documents(ctx context.Context, dataset *datasets.Dataset, o loaders.Options) (iter.Seq2[*ner.Document, error], *loaders.Tally, error) {
	if domain, ok := strings.CutPrefix(dataset.ID, SamplePrefix); ok {
		docs, err := sampleDocuments(domain, o.Split)
		return docs, &loaders.Tally{}, err
	}
	if !loaders.Supported(dataset, o.Set) {
		if _, err := dataset.Set(o.Set); err != nil {
			return nil, nil, fault.Usagef("%v", err)
		}
		return nil, nil, acquire.Unsupported(dataset)
	}
	docs, tally, err := loaders.Documents(ctx, b.dataFS(), dataset, o)
	if err != nil {
		return nil, nil, b.adviseData(dataset, err)
	}
	return docs, tally, nil
}

// checkFolder returns a usage error if a folder of the user's own, the value of a flag,
// does not exist.
func checkFolder(flag, folder string) error {
	_, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.Usagef("--%s %s: no such folder", flag, folder)
	case err != nil:
		return fault.Usagef("--%s: %v", flag, err)
	}
	return nil
}

// adviseData adds advice to an error about missing data.
func (b *Bench) adviseData(dataset *datasets.Dataset, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	missing := fmt.Errorf("%w (data folder %s)", err, b.Data)
	if b.Data == "" {
		missing = fmt.Errorf("%w (no data folder is set)", err)
	}
	if b.HowToGet == nil {
		return &fault.DataError{Err: missing}
	}
	return &fault.DataError{Err: &fault.Hint{Err: missing, Advice: b.HowToGet(dataset)}}
}

// SamplePrefix is the prefix of the ids of the embedded sample.
const SamplePrefix = "sample-"

// SampleDataset returns the embedded sample of a domain as a dataset.
func SampleDataset(domain string) (*datasets.Dataset, error) {
	passages, err := sample.Read(domain, "train")
	if err != nil {
		return nil, err
	}
	dataset := &datasets.Dataset{ID: SamplePrefix + domain, Title: "Sample " + domain, Domain: domain, Access: "open", Licence: "CC0-1.0", Text: datasets.PublishText}
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

// splitIDs splits lists at commas, and returns each id once.
func splitIDs(lists []string) []string {
	var ids []string
	for id := range strings.SplitSeq(strings.Join(lists, ","), ",") {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Unfinished lists the folders of interrupted fetches and imports in the data folder.
func (b *Bench) Unfinished() (fetches, imports []string) { return acquire.Unfinished(b.dataFS()) }

// State reports whether a dataset can be used, as [acquire.State] does.
func (b *Bench) State(ctx context.Context, dataset *datasets.Dataset) string {
	if strings.HasPrefix(dataset.ID, SamplePrefix) {
		return acquire.Ready
	}
	return acquire.State(ctx, b.dataFS(), dataset)
}
