package harness

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"nerbench/distill"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners"
	"nerbench/runners/open"
)

// answersPath is the store of the answers.
func (c *construction) answersPath() string { return filepath.Join(c.Dir, distill.AnswersFile) }

// complete reports whether all passages that are asked about have an answer, so that the
// teacher is not needed, and the number of all passages with an answer.
func (c *construction) complete(ctx context.Context) (answered int, complete bool, err error) {
	if c.corpus.Teacher.Run == "" || !c.asksAlike() {
		return 0, false, nil
	}
	store, err := results.OpenReadOnly(ctx, c.answersPath())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, results.ErrOlder) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer store.Close()
	done, err := store.Done(ctx, c.corpus.Teacher.Run)
	if errors.Is(err, results.ErrNoRun) {
		return 0, false, nil
	}
	answered, _ = countPart(done, ner.Shard{}.Has)
	already, wanted := countPart(done, c.has)
	if err != nil || already < wanted || len(done) != c.corpus.Passages.Passages {
		return answered, false, err
	}
	if ended, err := store.Ended(ctx, c.corpus.Teacher.Run); err != nil || ended {
		return answered, true, err
	}
	return answered, true, c.endRun(ctx)
}

// endRun ends the run of a process that was killed when it had all answers. Its store has
// a log until then, so that merge refuses it.
func (c *construction) endRun(ctx context.Context) error {
	store, err := results.Open(ctx, c.answersPath(), results.Existing)
	if err != nil {
		return err
	}
	run := ner.Run{Keys: c.corpus.Teacher.Keys}
	if err = store.Begin(ctx, run, c.corpus.Passages.Passages); err == nil {
		err = store.End(ctx, run.ID())
	}
	return errors.Join(err, store.Close())
}

// asksAlike reports whether the teacher would be asked as it was. If not, the teacher is
// opened, and its keys name the difference.
func (c *construction) asksAlike() bool {
	was, d := c.corpus.Teacher.Keys, decodingOf(c.Ask.Plan)
	keys := c.keys()
	for _, name := range []string{"data", "family_hash", "variant", "shots", "max_tokens", "stop"} {
		if was[name] != keys[name] {
			return false
		}
	}
	for name, value := range map[string]string{
		"temperature": strconv.FormatFloat(d.Temperature, 'g', -1, 64), "sampling_seed": strconv.Itoa(d.Seed),
		"think": cmp.Or(c.Ask.Plan.Think, "off"), "context": c.Ask.Plan.Keys()["context"],
	} {
		if was[name] != value && was[name] != "" && value != "" { // a model in the process has no such key
			return false
		}
	}
	return true
}

// ask asks the teacher about the passages without an answer.
func (c *construction) ask(ctx context.Context, out *Constructed) error {
	m, err := c.openTeacher(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	run := ner.Run{Keys: mergeKeys(m.RunKeys(), c.keys())}
	if err := run.Check(); err != nil {
		return err
	}
	if err := c.name(m, run); err != nil {
		return err
	}
	store, err := results.Open(ctx, c.answersPath(), results.Create)
	if err != nil {
		return err
	}
	if err := c.askAll(ctx, store, m, run, out); err != nil {
		return errors.Join(err, store.Close())
	}
	return store.Close()
}

// openTeacher opens the teacher with room for the longest passage.
func (c *construction) openTeacher(ctx context.Context) (*open.Model, error) {
	spec := c.bench.spec(c.Ask, c.card, constructing)
	longest := slices.MaxFunc(c.passages, func(a, b distill.Passage) int { return cmp.Compare(len(a.Text), len(b.Text)) })
	q := c.query(document(&longest))
	spec.Longest, spec.LongestAnswer, spec.Example = q.Prompt.Size(), q.Prompt.MaxTokens, q.Prompt
	spec.NeedsTemplate = true
	m, err := open.Open(ctx, spec)
	if errors.Is(err, runners.ErrNoTemplate) {
		return nil, &fault.Hint{Err: err, Advice: "a base model is a teacher with examples: --demonstration FILE (docs/distill.md)"}
	}
	return m, err
}

// query is the query about a passage.
func (c *construction) query(d *ner.Document) ner.Query {
	return c.asking.Query(d, cmp.Or(c.Ask.Plan.MaxTokens, distill.MaxTokens), c.Ask.Plan.Stop)
}

// keys are the keys of the run that do not depend on the teacher.
func (c *construction) keys() map[string]string {
	p := ner.Plan{Dataset: constructing, Data: c.corpus.Passages.SHA256[:16], Variant: c.variant, Stop: c.Ask.Plan.Stop}
	if n := c.Ask.Plan.MaxTokens; n != distill.MaxTokens {
		p.MaxTokens = n
	}
	return mergeKeys(p.Keys(), c.asking.Keys())
}

// name records the teacher of the folder. Another one than before is an error: its answers
// would be mixed with those of the first.
func (c *construction) name(m *open.Model, run ner.Run) error {
	t := &c.corpus.Teacher
	if t.Run == run.ID() {
		return nil
	}
	keys := maps.Clone(run.Keys)
	maps.DeleteFunc(keys, func(_, value string) bool { return value == "" })
	if t.Run != "" {
		var list []distill.Difference
		for _, name := range ner.KeyNames() {
			if keys[name] != t.Keys[name] {
				list = append(list, distill.Difference{Name: name + " of the teacher", Folder: t.Keys[name], Wanted: keys[name]})
			}
		}
		return c.differs(list)
	}
	c.corpus.Teacher = distill.Teacher{
		Model: m.Identity.Model, Digest: m.Identity.Digest, Server: m.Identity.Server,
		Variant: c.variant, Demonstrations: c.asking.Demonstrations(), Run: run.ID(), Keys: keys,
	}
	return c.corpus.Write(c.Dir)
}

// askAll sends the queries without an answer, and counts what they cost.
func (c *construction) askAll(ctx context.Context, store *results.Store, m *open.Model, run ner.Run, out *Constructed) error {
	if err := store.Begin(ctx, run, len(c.passages)); err != nil {
		return err
	}
	if err := store.AddFacts(ctx, run.ID(), modelFacts(m), nil); err != nil {
		return err
	}
	q := c.questions()
	if c.Plan {
		if err := c.probe(ctx, store, run.ID(), &q); err != nil {
			return err
		}
	}
	before, _, err := store.Cost(ctx, run.ID())
	if err != nil {
		return err
	}
	began := time.Now()
	asked, progress, err := c.bench.ask(ctx, store, run, m, q)
	progress.end()
	out.Asked, out.Failed = asked.Queries, asked.Incomplete
	took := time.Since(began)
	if asked.Queries > 0 {
		err = errors.Join(err, c.bench.keepCounts(ctx, store, run.ID(), m, nil))
	}
	if err != nil || !c.Plan {
		return err
	}
	after, _, err := store.Cost(ctx, run.ID())
	if err != nil {
		return err
	}
	done, err := store.Done(ctx, run.ID())
	out.Plan = c.estimate(done, before, after, took)
	return err
}

// questions are what the teacher is asked.
func (c *construction) questions() questions {
	return questions{
		name: constructing, has: c.has, of: c.part(),
		documents: func(context.Context) (iter.Seq2[*ner.Document, error], error) {
			return func(yield func(*ner.Document, error) bool) {
				for i := range c.passages {
					if !yield(document(&c.passages[i]), nil) {
						return
					}
				}
			}, nil
		},
		queries: func(d *ner.Document) ([]ner.Query, error) { return []ner.Query{c.query(d)}, nil },
		judge:   func(results.RunInfo) (judge, error) { return c.judge, nil },
	}
}

// judge counts the answers that cannot be parsed.
func (c *construction) judge(f loop.Finished) (counts ner.Score, completions, unreadable int) {
	for i := range f.Passage.Answers {
		completions++
		_, dropped := c.Filters.Apply(distill.Passage{Text: f.Document.Text}, asAnswer(f.Passage.Answers[i].Completion))
		if len(dropped) > 0 && dropped[0].Why == distill.Unparseable {
			unreadable++
		}
	}
	return counts, completions, unreadable
}
