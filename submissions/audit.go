package submissions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"nerbench/bundles"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/ner"
)

// The shares from which [Audit] marks a finding as suspicious.
const (
	// SuspiciousCopy: of the passages with an entity, those with exactly the same entities
	// as another submission.
	SuspiciousCopy = 0.95
	// SuspiciousGold: of the gold that others contradict, the part that the submission has.
	// In a public audit honest submissions had 0 to 13 %, and one that was copied from the
	// gold 79 to 87 %.
	SuspiciousGold = 0.5
)

// fewest is the least number of passages or gold entities for a suspicion.
const fewest = 20

// AuditReport is the outcome of [Audit] for one bundle.
type AuditReport struct {
	File string     `json:"file"`
	Runs []AuditRun `json:"runs"`
	// Left are bundles that were not compared, with the reasons.
	Left []string `json:"left"`
}

// AuditRun is the outcome for one run.
type AuditRun struct {
	ID      string `json:"id"`
	Dataset string `json:"dataset"`
	// Copies compares the run with each other submission on the same passages.
	Copies []Copy `json:"copies"`
	// Gold is about gold that others contradict; nil if fewer than two others have a run on
	// the same passages.
	Gold *ContestedGold `json:"gold"`
	// Unchecked is why the run was not audited; empty: it was.
	Unchecked string `json:"unchecked,omitempty"`
}

// Copy compares two submissions passage by passage.
type Copy struct {
	File  string `json:"file"`
	Model string `json:"model"`
	// Equal of Passages have the same entities. Passages are those for which at least one of
	// both predicts an entity.
	Equal    int `json:"equal"`
	Passages int `json:"passages"`
	// Suspicious: most are equal ([SuspiciousCopy]).
	Suspicious bool `json:"suspicious"`
}

// ContestedGold counts hits on gold entities that are probably wrong: most others and a
// second parser, the tagger that is trained on the train split, do not predict them.
type ContestedGold struct {
	Others int `json:"others"` // submissions
	// SecondParser says whether the tagger could be asked; without the train split, only
	// the others contradict.
	SecondParser bool `json:"second_parser"`
	// Hits of Contested gold entities are predicted by the submission.
	Hits       int  `json:"hits"`
	Contested  int  `json:"contested"`
	Suspicious bool `json:"suspicious"` // see [SuspiciousGold]
}

// Audit compares a bundle with other bundles, which are files or folders of them. It
// needs the data. What it finds is no error: a person has to judge it. A run whose data
// is missing makes the error a [fault.DataError].
func Audit(ctx context.Context, b *harness.Bench, path string, against []string) (AuditReport, error) {
	out := AuditReport{File: path, Runs: []AuditRun{}, Left: []string{}}
	own, err := bundles.Open(ctx, path)
	if err != nil {
		return out, err
	}
	defer own.Close()
	others, left, err := openOthers(ctx, own, against)
	if err != nil {
		return out, err
	}
	defer func() {
		for _, o := range others {
			o.Close()
		}
	}()
	out.Left = left
	unchecked := 0
	for i := range own.Manifest.Runs {
		run := &own.Manifest.Runs[i]
		audited, err := auditRun(ctx, b, own, run, others)
		switch {
		case errors.As(err, new(*fault.DataError)):
			audited.Unchecked = err.Error()
			unchecked++
		case err != nil:
			return out, fmt.Errorf("bundle: %s: audit of run %s on %s: %w", path, run.ID, run.Dataset(), err)
		}
		out.Runs = append(out.Runs, audited)
	}
	if unchecked > 0 {
		return out, &fault.DataError{Err: fmt.Errorf("bundle: %s: %d of %d runs were not audited", path, unchecked, len(out.Runs))}
	}
	return out, nil
}

// other is an open bundle to compare with.
type other struct {
	*bundles.Bundle
	file string
}

// openOthers opens the bundles of files and folders, but for the audited one. A bundle
// that cannot be read is left out.
func openOthers(ctx context.Context, own *bundles.Bundle, against []string) (others []other, left []string, err error) {
	var files []string
	for _, name := range against {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, nil, fault.Usagef("bundle verify: --against: %v", err)
		case !info.IsDir():
			files = append(files, name)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".nbz" {
				files = append(files, path)
			}
			return err
		})
		switch {
		case err != nil:
			return nil, nil, err
		case len(files) == before:
			return nil, nil, &fault.Hint{Err: fault.Usagef("bundle verify: --against %s: the folder has no bundle (*.nbz)", name), Advice: "nerbench board export --all writes the runs of a repository as bundles"}
		}
	}
	left = []string{}
	digests := []string{own.Digest}
	for _, file := range files {
		o, err := bundles.Open(ctx, file)
		switch {
		case err != nil:
			left = append(left, err.Error())
		case slices.Contains(digests, o.Digest): // the bundle itself, or one that is there twice
			o.Close()
		default:
			digests, others = append(digests, o.Digest), append(others, other{o, file})
		}
	}
	return others, left, ctx.Err()
}

// predictions are the entities of all passages of a run.
type predictions []entities

// entities are the distinct spans of a passage, in order, and the numbers of mentions
// without a position, by type.
type entities struct {
	spans     []ner.Span
	unaligned map[ner.EntityType]int
}

// auditRun audits one run.
func auditRun(ctx context.Context, b *harness.Bench, own *bundles.Bundle, run *bundles.Run, others []other) (AuditRun, error) {
	out := AuditRun{ID: run.ID, Dataset: run.Dataset(), Copies: []Copy{}}
	dataset, err := b.FindDataset(run.Dataset())
	if err != nil {
		return out, &fault.DataError{Err: err}
	}
	mine, gold, err := predicted(ctx, b, dataset, own, run)
	if err != nil {
		return out, err
	}
	var compared []predictions
	for _, o := range others {
		r := o.Run(run.Dataset())
		if r == nil || !SamePassages(run.Keys, r.Keys) {
			continue
		}
		theirs, _, err := predicted(ctx, b, dataset, o.Bundle, r)
		if err != nil {
			return out, fmt.Errorf("%s: %w", o.file, err)
		}
		compared = append(compared, theirs)
		out.Copies = append(out.Copies, compareCopies(o, mine, theirs))
	}
	if len(compared) < 2 {
		return out, nil
	}
	second, err := secondParser(ctx, b, dataset, run)
	if err != nil {
		return out, err
	}
	out.Gold = contest(mine, compared, second, gold)
	return out, nil
}

// SamePassages reports whether the keys of two runs have the same passages and gold.
func SamePassages(a, b map[string]string) bool {
	return !slices.ContainsFunc(ner.KeyNames(ner.InPart(ner.DataPart)), func(name string) bool { return a[name] != b[name] })
}

// predicted reads the entities of a run, and the gold.
func predicted(ctx context.Context, b *harness.Bench, dataset *datasets.Dataset, opened *bundles.Bundle, run *bundles.Run) (predictions, [][]ner.Span, error) {
	plan, _, _, err := b.PlanOfRun(ctx, dataset, infoOf(run))
	if err != nil {
		return nil, nil, err
	}
	parser, err := loop.NewPassageParser(plan.Parsing)
	if err != nil {
		return nil, nil, err
	}
	types := append(dataset.Types(), ner.Unknown)
	var list predictions
	var gold [][]ner.Span
	for d, line := range joinLines(plan.Documents, opened.Passages(run)) {
		if err := errors.Join(line.err, ctx.Err()); err != nil {
			return nil, nil, err
		}
		p, err := spansOf(d, line.passage, parser, types)
		if err != nil {
			return nil, nil, fmt.Errorf("passage %d: %w", line.passage.Index, err)
		}
		list = append(list, entitiesOf(p.Pred, p.Unaligned))
		gold = append(gold, distinct(d.Spans))
	}
	return list, gold, nil
}

func entitiesOf(pred []ner.Span, unaligned []ner.Mention) entities {
	e := entities{distinct(pred), map[ner.EntityType]int{}}
	for _, m := range unaligned {
		e.unaligned[m.Type]++
	}
	return e
}

func distinct(spans []ner.Span) []ner.Span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, ner.Span.Compare)
	return slices.Compact(spans)
}

func compareCopies(o other, mine, theirs predictions) Copy {
	c := Copy{File: o.file, Model: o.Manifest.Model.Name}
	for i := range min(len(mine), len(theirs)) {
		a, b := mine[i], theirs[i]
		if len(a.spans)+len(a.unaligned)+len(b.spans)+len(b.unaligned) == 0 {
			continue
		}
		c.Passages++
		if slices.Equal(a.spans, b.spans) && maps.Equal(a.unaligned, b.unaligned) {
			c.Equal++
		}
	}
	c.Suspicious = c.Passages >= fewest && float64(c.Equal) > SuspiciousCopy*float64(c.Passages)
	return c
}

// contest counts the gold that most others and the second parser do not have. second is
// nil if it could not be asked.
func contest(mine predictions, others []predictions, second predictions, gold [][]ner.Span) *ContestedGold {
	out := &ContestedGold{Others: len(others), SecondParser: second != nil}
	for i, spans := range gold {
		for _, s := range spans {
			without := 0
			for _, o := range others {
				if !has(o, i, s) {
					without++
				}
			}
			if 2*without <= len(others) || has(second, i, s) {
				continue
			}
			out.Contested++
			if has(mine, i, s) {
				out.Hits++
			}
		}
	}
	out.Suspicious = out.Contested >= fewest && float64(out.Hits) > SuspiciousGold*float64(out.Contested)
	return out
}

func has(p predictions, i int, s ner.Span) bool {
	if i >= len(p) {
		return false
	}
	_, found := slices.BinarySearchFunc(p[i].spans, s, ner.Span.Compare)
	return found
}

// secondParser are the entities that the tagger finds in the passages of a run; nil if
// its train split is missing.
func secondParser(ctx context.Context, b *harness.Bench, dataset *datasets.Dataset, run *bundles.Run) (predictions, error) {
	plan, err := settable(only(run.Keys, ner.KeyNames(ner.InPart(ner.DataPart))))
	if err != nil {
		return nil, err
	}
	plan.Model = "tagger"
	prepared, err := (&harness.Preparer{Bench: b}).Prepare(ctx, harness.Request{Plan: plan}, dataset)
	if err != nil {
		return nil, err
	}
	model, err := prepared.Open(ctx)
	if errors.As(err, new(*fault.DataError)) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer model.Close()
	answered, err := ask(ctx, prepared, model, func(int) bool { return true })
	if err != nil {
		return nil, err
	}
	parser, err := loop.NewPassageParser(loop.ParseOptions{Form: "spans"})
	if err != nil {
		return nil, err
	}
	docs, err := prepared.Documents(ctx)
	if err != nil {
		return nil, err
	}
	list := predictions{}
	for d, err := range docs {
		if err != nil {
			return nil, err
		}
		parsed, err := parser.Passage(d, answered[len(list)].Answers)
		if err != nil {
			return nil, err
		}
		list = append(list, entitiesOf(parsed.Passage.Pred, nil))
	}
	return list, nil
}

// only are some of the keys.
func only(keys map[string]string, names []string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		if keys[name] != "" {
			out[name] = keys[name]
		}
	}
	return out
}
