package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/distill"
	"nerbench/distill/corpus"
	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// constructing is the dataset and the prompt family of the runs of [Bench.Construct].
const constructing = "distill"

// IsConstructing reports whether the runs of a dataset are those of [Bench.Construct]: they
// have no gold, and no scores.
func IsConstructing(dataset string) bool { return dataset == constructing }

// ConstructRequest describes training data to construct (docs/spec/prompts.md §6).
type ConstructRequest struct {
	Paths     []string // files and folders of the corpus
	Dir       string   // folder of the data
	Field, ID string   // of JSON Lines and Parquet, see [corpus.Options]

	Sample, Seed int
	Chunk        int    // the largest number of tokens of a passage
	Tokens       string // how they are counted: words, server, or gguf:FILE
	// Decontaminate is a suite, or datasets: passages with words of their test sets are left
	// out. off: none is.
	Decontaminate string

	// Ask is the teacher: its model and servers. Its plan may have the keys of [TeacherKey]:
	// the variant is one of [distill.Variants], the limit that of the passages of the sample
	// to ask about. Its part is a part of the passages, too.
	Ask            Request
	Demonstrations string // file for a base model; empty: the teacher is asked as a chat
	// Plan: only a few passages are asked about, to estimate what all cost.
	Plan    bool
	Price   Price // of the teacher; zero: that of its card
	Filters distill.Filters
}

// TeacherKey selects the keys that the plan of a teacher can have.
func TeacherKey(k ner.Key) bool {
	return slices.Contains([]string{"variant", "limit", "max_tokens", "stop"}, k.Name) || k.Part == ner.DecodingPart
}

// construction is the work of [Bench.Construct].
type construction struct {
	ConstructRequest
	bench    *Bench
	variant  string
	card     *cards.Card
	asking   *distill.Asking
	wanted   distill.Corpus    // the settings
	corpus   distill.Corpus    // of the folder
	passages []distill.Passage // nil: not read yet
}

// Construct makes the folder of constructed data, or continues it: it chooses passages of
// the corpus, asks the teacher about those without an answer, and filters the answers. A
// folder that was made with other settings is an error. The result is nil if the answers
// were not filtered; otherwise an error is a [PartialError].
func (b *Bench) Construct(ctx context.Context, r ConstructRequest) (*Constructed, error) {
	c, err := b.newConstruction(r)
	if err != nil {
		return nil, err
	}
	if err := c.choose(ctx); err != nil {
		return nil, err
	}
	out := c.result()
	answered, complete, err := c.complete(ctx)
	if err != nil {
		return nil, err
	}
	if complete && c.derived(ctx, answered) {
		out.take(&c.corpus)
		return out, out.partial()
	}
	if c.passages == nil {
		if c.passages, err = distill.ReadPassages(ctx, c.Dir); err != nil {
			return nil, err
		}
	}
	if !complete {
		if err := c.ask(ctx, out); err != nil {
			return nil, err
		}
	}
	if err := c.filter(ctx, out); err != nil {
		return nil, err
	}
	return out, out.partial()
}

// newConstruction checks a request.
func (b *Bench) newConstruction(r ConstructRequest) (*construction, error) {
	c := &construction{ConstructRequest: r, bench: b}
	switch {
	case len(r.Paths) == 0:
		return nil, fault.Usagef("distill construct: no corpus: want files or folders")
	case r.Dir == "":
		return nil, fault.Usagef("distill construct: want --out DIR, the folder of the data")
	case r.Ask.Plan.Model == "":
		return nil, fault.Usagef("distill construct: no teacher: want -m MODEL: %s", open.Forms())
	case r.Sample < 1 || r.Chunk < 1:
		return nil, fault.Usagef("distill construct: want a sample and chunks from 1")
	}
	c.variant = cmp.Or(r.Ask.Plan.Variant, distill.Variants[0])
	var err error
	if c.asking, err = distill.NewAsking(c.variant); err != nil {
		return nil, err
	}
	if r.Demonstrations != "" {
		if err := c.asking.Demonstrate(r.Demonstrations); err != nil {
			return nil, err
		}
	}
	if err := checkTokens(r.Tokens); err != nil {
		return nil, err
	}
	c.Ask.Plan.Family, c.Ask.Datasets = constructing, []*datasets.Dataset{{ID: constructing}}
	if c.card, err = b.complete(&c.Ask); err != nil {
		return nil, err
	}
	if model := c.Ask.Plan.Model; open.DefaultFamily(model) == "spans" && !open.HasCommand(model) {
		return nil, fault.Usagef("distill construct: model %s reads no prompts: want another teacher", model)
	}
	c.wanted = distill.Corpus{
		Corpus:   distill.CorpusFiles{Field: cmp.Or(r.Field, "text"), ID: r.ID},
		Passages: distill.Sample{Tokens: tokensName(r.Tokens), Chunk: r.Chunk, Size: r.Sample, Seed: r.Seed, Decontaminate: r.Decontaminate},
		Teacher:  distill.Teacher{Variant: c.variant, Demonstrations: c.asking.Demonstrations()},
		Filters:  r.Filters,
	}
	return c, nil
}

// choose checks the passages of the folder; if there are none, it chooses them from the
// corpus.
func (c *construction) choose(ctx context.Context) error {
	var err error
	c.corpus, err = distill.ReadCorpus(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := c.checkFolder(); err != nil {
			return err
		}
		return c.sample(ctx)
	}
	if err != nil {
		return err
	}
	if err := c.checkSettings(ctx); err != nil {
		return err
	}
	file := filepath.Join(c.Dir, distill.PassagesFile)
	sum, err := checksum.Files(ctx, file)
	if err != nil {
		return fmt.Errorf("distill: %w", err)
	}
	if sum != c.corpus.Passages.SHA256 {
		return fmt.Errorf("distill: %s: its checksum is not that of %s: it was changed", file, distill.CorpusFile)
	}
	return nil
}

// checkFolder refuses a folder with files of something else.
func (c *construction) checkFolder() error {
	entries, err := os.ReadDir(c.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("distill: %w", err)
	}
	own := []string{distill.PassagesFile, distill.AnswersFile, distill.KeptFile, distill.DroppedFile, distill.CorpusFile}
	for _, e := range entries {
		if !slices.ContainsFunc(own, func(name string) bool { return strings.HasPrefix(e.Name(), name) }) {
			err := fmt.Errorf("distill: %s: it has %s, and no %s: not a folder of constructed data", c.Dir, e.Name(), distill.CorpusFile)
			return &fault.Hint{Err: err, Advice: "name another folder with --out"}
		}
	}
	return nil
}

// summedBytes is the largest size of a corpus whose checksums are compared when its folder
// is continued. Of a larger one, names and sizes are.
const summedBytes = 256 << 20

// checkSettings names all settings of the folder that differ from those of the request.
func (c *construction) checkSettings(ctx context.Context) error {
	differences := c.corpus.Differences(&c.wanted)
	if at := c.corpus.Teacher.Model; at != "" && !open.IsStored(at, open.StoredNames(c.Ask.Plan.Model)) {
		differences = append(differences, distill.Difference{Name: "--model", Folder: at, Wanted: c.Ask.Plan.Model})
	}
	files, err := corpus.List(ctx, c.Paths, c.corpus.Corpus.Bytes <= summedBytes)
	if err != nil {
		return err
	}
	differences = append(differences, c.corpus.FileDifferences(files)...)
	return c.differs(differences)
}

// differs is the error about a folder that was made with other settings; nil if there is
// no difference.
func (c *construction) differs(list []distill.Difference) error {
	if len(list) == 0 {
		return nil
	}
	var lines []string
	for _, d := range list {
		lines = append(lines, d.String())
	}
	err := fmt.Errorf("distill: %s: it was made with other settings: %s", c.Dir, strings.Join(lines, "; "))
	return &fault.Hint{Err: err, Advice: "name another folder with --out, or repeat the command that made this one (" + filepath.Join(c.Dir, distill.CorpusFile) + ")"}
}

// has reports whether a passage is asked about.
func (c *construction) has(index int) bool {
	return c.Ask.Part.Has(index) && (c.Ask.Plan.Limit == 0 || index < c.Ask.Plan.Limit)
}

// part describes the passages that are asked about; empty: all.
func (c *construction) part() string {
	text := ""
	if !c.Ask.Part.Whole() {
		text = " of part " + c.Ask.Part.String()
	}
	if c.Ask.Plan.Limit > 0 && c.Ask.Plan.Limit < c.corpus.Passages.Passages {
		text += fmt.Sprintf(" of the first %d", c.Ask.Plan.Limit)
	}
	return text
}

// document is a passage as the loop knows it.
func document(p *distill.Passage) *ner.Document { return &ner.Document{ID: p.ID, Text: p.Text} }
