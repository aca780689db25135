package harness

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"

	"nerbench/datasets"
	"nerbench/distill"
	"nerbench/distill/corpus"
	"nerbench/distill/ngrams"
	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/runners/open"
)

// sample chooses passages of the corpus, and writes them with their origin.
func (c *construction) sample(ctx context.Context) error {
	c.corpus = c.wanted
	c.corpus.Teacher = distill.Teacher{} // known when it is opened
	count, end, err := c.counter(ctx)
	if err != nil {
		return err
	}
	defer end()
	sampler := &distill.Sampler{Size: c.Sample, Seed: c.Seed, Corpus: "corpus", Cutter: distill.Cutter{Most: c.Chunk, Count: count}}
	if sampler.Tests, c.corpus.Tests, err = c.bench.testSets(ctx, c.Decontaminate); err != nil {
		return err
	}
	report, err := corpus.Read(ctx, c.Paths, corpus.Options{Field: c.Field, ID: c.ID}, func(t corpus.Text) error { return sampler.Add(t.ID, t.Text, t.Source, t.Place) })
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

const ggufTokens = "gguf:"

// checkTokens checks the name of a tokenizer.
func checkTokens(name string) error {
	file, gguf := strings.CutPrefix(name, ggufTokens)
	if name == "words" || name == "server" || gguf && file != "" {
		return nil
	}
	return fault.Usagef("--tokens %s: want words, server, or gguf:FILE", name)
}

// tokensName is the name of a tokenizer without the folders of its file.
func tokensName(name string) string {
	if file, gguf := strings.CutPrefix(name, ggufTokens); gguf {
		return ggufTokens + filepath.Base(file)
	}
	return name
}

// counter opens the tokenizer; nil: words are counted.
func (c *construction) counter(ctx context.Context) (count distill.Counter, end func(), err error) {
	file, gguf := strings.CutPrefix(c.Tokens, ggufTokens)
	if c.Tokens == "server" {
		file, gguf = strings.CutPrefix(c.Ask.Plan.Model, "gguf/") // in the process: the tokenizer of its file
	}
	switch {
	case gguf:
		return c.fileCounter(ctx, file)
	case c.Tokens == "server":
		return c.serverCounter(ctx)
	}
	return nil, func() {}, nil
}

// fileCounter counts by the tokenizer of a model file.
func (c *construction) fileCounter(ctx context.Context, file string) (distill.Counter, func(), error) {
	count, digest, end, err := c.bench.fileCounter(ctx, file, c.Ask.Local.Library)
	c.corpus.Passages.Tokenizer = digest
	return count, end, err
}

// fileCounter counts by the tokenizer of a model file, which has a digest. end closes it.
func (b *Bench) fileCounter(ctx context.Context, file, library string) (count distill.Counter, digest string, end func(), err error) {
	v, err := open.OpenVocabulary(file, library, b.Getenv)
	if err != nil {
		return nil, "", nil, err
	}
	added, err := v.Count(&ner.Prompt{Text: ""}) // the beginning of a text
	if err == nil {
		digest, err = open.FileDigest(ctx, "gguf/"+file)
	}
	if err != nil {
		v.Close()
		return nil, "", nil, err
	}
	return func(text string) (int, error) {
		n, err := v.Count(&ner.Prompt{Text: text})
		return n - added, err
	}, digest, v.Close, nil
}

// wordBytes is the number of bytes for which a token of a passage has room in the context,
// if a server counts them.
const wordBytes = 16

// serverCounter counts by the tokenizer of the teacher's server: each count is a query with
// an answer of one token.
func (c *construction) serverCounter(ctx context.Context) (distill.Counter, func(), error) {
	spec := c.bench.spec(c.Ask, c.card, constructing)
	query := func(text string) []ner.Query {
		p := ner.Prompt{Text: text, MaxTokens: 1}
		if c.Demonstrations == "" {
			p = ner.Prompt{Messages: []ner.Message{{Role: "user", Content: text}}, MaxTokens: 1}
		}
		return []ner.Query{{Document: &ner.Document{Text: text}, Prompt: p}}
	}
	spec.Longest, spec.LongestAnswer, spec.Example = c.Chunk*wordBytes, 1, query("x")[0].Prompt
	m, err := open.Open(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	var asked atomic.Int64
	ask := func(text string) (int, error) {
		asked.Add(1)
		got, err := m.Runner.Complete(ctx, query(text))
		switch {
		case err != nil:
			return 0, err
		case got[0].Finish == ner.FinishTooLong:
			return c.Chunk + 1<<20, nil
		case got[0].PromptTokens == 0:
			return 0, fault.Usagef("--tokens server: the server of %s does not report the number of tokens: want words, or gguf:FILE", c.Ask.Plan.Model)
		}
		return got[0].PromptTokens, nil
	}
	one, err := ask("x") // with what the template adds
	if err != nil {
		m.Close()
		return nil, nil, err
	}
	c.corpus.Passages.Tokenizer = m.Identity.Model
	end := func() {
		m.Close()
		if c.Plan {
			c.bench.note("--tokens server: tokens were counted by %s to the teacher, one for each count, which the plan does not include", ner.Count(int(asked.Load()), "query"))
		}
	}
	return func(text string) (int, error) {
		n, err := ask(text)
		return n - one + 1, err
	}, end, nil
}
