package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"nerbench/datasets"
	"nerbench/distill"
	"nerbench/distill/ngrams"
	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

// sample chooses passages of the corpus, and writes them with their origin.
func (c *construction) sample(ctx context.Context) error {
	c.corpus = c.wanted
	c.corpus.Teacher = distill.Teacher{} // known when it is opened
	sampler := &distill.Sampler{Size: c.Sample, Seed: c.Seed, Corpus: "corpus", Cutter: distill.Cutter{Most: c.Chunk}}
	var err error
	if sampler.Tests, c.corpus.Tests, err = c.bench.testSets(ctx, c.Decontaminate); err != nil {
		return err
	}
	report, err := c.cut(ctx, sampler)
	if err != nil {
		return err
	}
	for _, f := range report.Faults {
		c.bench.note("corpus: left out: %v", f)
	}
	if report.Faulty > len(report.Faults) {
		c.bench.note("corpus: %d texts that cannot be read were left out", report.Faulty)
	}
	if c.passages, err = sampler.Passages(); err != nil {
		return err
	}
	if len(c.passages) == 0 {
		return fmt.Errorf("corpus: no passage is left: %s, %d of them blank, %d with words of a test set", ner.Count(sampler.Removed.Parts, "part"), sampler.Removed.Blank, sampler.Removed.Contaminated)
	}
	if len(c.passages) < c.Sample {
		c.bench.note("the corpus has %s, fewer than the sample of %d: all are taken", ner.Count(len(c.passages), "passage"), c.Sample)
	}
	c.corpus.SetFiles(&report)
	c.corpus.Removed, c.corpus.Passages.Passages = sampler.Removed, len(c.passages)
	file := filepath.Join(c.Dir, distill.PassagesFile)
	if err := distill.WriteRecords(file, c.passages); err != nil {
		return err
	}
	if c.corpus.Passages.SHA256, err = checksum.Files(ctx, file); err != nil {
		return err
	}
	return c.corpus.Write(c.Dir) // last: a folder without it has no passages
}

// testSets are the test sets of the datasets of a suite, or with these ids, as far as
// their files are there; nil: off.
func (b *Bench) testSets(ctx context.Context, name string) (*ngrams.Set, []distill.TestSet, error) {
	if name == "off" {
		return nil, nil, nil
	}
	var ids []string
	suite, fetch := name, "--suite "+name
	_, noSuite := datasets.FindSuite(name)
	if noSuite != nil {
		ids, suite, fetch = []string{name}, "", name
	}
	list, err := b.AskedDatasets(ids, suite)
	if errors.As(err, new(*fault.UsageError)) && noSuite != nil {
		return nil, nil, fault.Usagef("--decontaminate %s: want off, a suite or a dataset: %v; %v", name, noSuite, err)
	}
	if err != nil {
		return nil, nil, err
	}
	set, missing := ngrams.New(), 0
	var found []distill.TestSet
	for _, d := range list {
		data, err := b.addTests(ctx, set, d)
		switch {
		case errors.As(err, new(*DataError)):
			missing++
		case err != nil:
			return nil, nil, err
		default:
			found = append(found, distill.TestSet{Dataset: d.ID, Data: data})
		}
	}
	if len(found) == 0 {
		err := &DataError{Err: fmt.Errorf("--decontaminate %s: no files of its %s are there: their test sets are unknown", name, ner.Count(len(list), "dataset"))}
		return nil, nil, &fault.Hint{Err: err, Advice: "get the files (nerbench datasets fetch " + fetch + "), or use --decontaminate off: passages may then contain test sentences"}
	}
	if missing > 0 {
		b.note("passages are compared with the test sets of %d of %d datasets: the files of the others are not there", len(found), len(list))
	}
	return set, found, nil
}

// addTests adds the test split of a dataset to a set, and returns its fingerprint.
func (b *Bench) addTests(ctx context.Context, set *ngrams.Set, d *datasets.Dataset) (data string, err error) {
	docs, err := b.Documents(ctx, d, loaders.Options{Split: ner.Test})
	if err != nil {
		return "", err
	}
	fingerprint := loaders.NewFingerprint()
	for doc, err := range docs {
		if err != nil {
			return "", err
		}
		set.Add(doc.Text)
		fingerprint.Add(doc)
	}
	return fingerprint.DataKey(), nil
}
