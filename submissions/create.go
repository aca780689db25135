package submissions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"nerbench/answers"
	"nerbench/bundles"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// Request describes a bundle to make.
type Request struct {
	Runs []string // ids or their beginnings
	// Where selects further runs, as [harness.SelectRuns]; nil: none.
	Where map[string][]string
	About About
	Tool  string       // version of the program
	Key   *bundles.Key // nil: the bundle is not signed
	// Out is the file of the bundle; empty: named after the model, in the working folder.
	Out string
}

// Created describes a bundle that was made.
type Created struct {
	File     string            `json:"file"`
	Signer   *bundles.Signer   `json:"signer"` // nil: not signed
	Manifest *bundles.Manifest `json:"manifest"`
}

// Create writes the runs of one model as a bundle. The runs must be complete and scored
// by this version. The same runs give the same bytes. An existing file is replaced only
// if it is a bundle.
func Create(ctx context.Context, b *harness.Bench, r Request) (Created, error) {
	var made Created
	store, err := b.ReadStore(ctx)
	if err != nil {
		return made, err
	}
	defer store.Close()
	runs, err := chooseRuns(ctx, store, r)
	if err != nil {
		return made, fmt.Errorf("bundle: %w", err)
	}
	m, err := newManifest(b, r, runs)
	if err != nil {
		return made, fmt.Errorf("bundle: %w", err)
	}
	out := cmp.Or(r.Out, FileName(m.Model.Name))
	if err := CheckReplaced(ctx, out); err != nil {
		return made, err
	}
	w, err := bundles.NewWriter()
	if err != nil {
		return made, fmt.Errorf("bundle: %w", err)
	}
	defer w.Close()
	for _, run := range runs {
		if err := addRun(ctx, b, store, w, m, run); err != nil {
			return made, fmt.Errorf("bundle: run %s: %w", run.ID, err)
		}
	}
	if err := unchanged(ctx, store, runs); err != nil {
		return made, fmt.Errorf("bundle: %w", err)
	}
	made = Created{File: out, Manifest: m}
	var sign func([]byte) ([]byte, error)
	if r.Key != nil {
		made.Signer = r.Key.Signer()
		sign = func(sums []byte) ([]byte, error) { return r.Key.Sign(sums, bundles.Namespace) }
	}
	if err := atomicfile.Write(out, func(to io.Writer) error { return w.WriteTo(to, m, sign) }); err != nil {
		return made, fmt.Errorf("bundle: %w", err)
	}
	return made, nil
}

// FileName is the name of the bundle of a model: [a-z0-9.-] and the ending.
func FileName(model string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(model) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			b.WriteRune(r)
		} else if !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String(), "-.")
	return cmp.Or(name[:min(len(name), 100)], "model") + ".nbz"
}

// CheckReplaced refuses to replace a file that is no bundle.
func CheckReplaced(ctx context.Context, path string) error {
	old, err := bundles.Open(ctx, path)
	switch {
	case err == nil:
		return old.Close()
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return &fault.Hint{Err: fmt.Errorf("bundle: %s: exists and is not a bundle", path), Advice: "the file was not touched; name another one with --out"}
}

// chooseRuns finds the runs, ordered by dataset. All must be complete and scored.
func chooseRuns(ctx context.Context, store *results.Store, r Request) (runs []results.RunInfo, err error) {
	if r.Where != nil {
		if runs, err = harness.SelectRuns(ctx, store, r.Where); err != nil {
			return nil, err
		}
	}
	for _, name := range r.Runs {
		run, err := store.Find(ctx, name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(runs, func(r results.RunInfo) bool { return r.ID == run.ID }) {
			runs = append(runs, run)
		}
	}
	for _, run := range runs {
		if err := checkRun(run); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(runs, func(a, b results.RunInfo) int { return cmp.Compare(a.Keys["dataset"], b.Keys["dataset"]) })
	for i := 1; i < len(runs); i++ {
		a, b := runs[i-1], runs[i]
		if a.Keys["dataset"] == b.Keys["dataset"] {
			return nil, &fault.Hint{
				Err:    fault.Usagef("runs %s and %s are both on %s: a bundle has one run for each dataset", a.ID, b.ID, a.Keys["dataset"]),
				Advice: "name the runs, or select one of them with --where: they differ in " + strings.Join(differing(a, b), ", "),
			}
		}
		for _, key := range []string{"model", "digest"} {
			trained := key == "digest" && a.Keys["training"] != "" // for each run
			if a.Keys[key] != b.Keys[key] && !trained {
				return nil, fault.Usagef("runs %s and %s are of different models: %s is %q and %q", a.ID, b.ID, key, a.Keys[key], b.Keys[key])
			}
		}
	}
	return runs, nil
}

// checkRun reports why a run cannot be part of a bundle.
func checkRun(run results.RunInfo) error {
	if run.State == results.Asking {
		return fmt.Errorf("run %s: %w", run.ID, run.Asker)
	}
	if run.Complete < run.Passages || run.Passages == 0 {
		advice := "finish it: nerbench run with the same flags"
		if ner.Imported(run.Keys) {
			advice = "import a file with predictions for all passages"
		}
		return &fault.Hint{Err: fmt.Errorf("run %s: %d of %d passages are complete", run.ID, run.Complete, run.Passages), Advice: advice}
	}
	if run.Scores.Passages == run.Complete && len(run.Scores.Metrics) > 0 {
		old := false
		for id, s := range run.Scores.Metrics {
			_, _, err := metrics.ParseID(id)
			old = old || err != nil || s.Reader != answers.Version || s.Version != metrics.Version
		}
		if !old {
			return nil
		}
	}
	return &fault.Hint{Err: fmt.Errorf("run %s: has no scores of this version", run.ID), Advice: "nerbench score " + run.ID}
}

// unchanged demands that no other process changed the runs while they were read.
func unchanged(ctx context.Context, store *results.Store, runs []results.RunInfo) error {
	for _, before := range runs {
		now, err := store.Find(ctx, before.ID)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(now, before) {
			return fmt.Errorf("run %s: another process changed it while it was read: try again", before.ID)
		}
	}
	return nil
}

// differing lists the keys in which two runs differ, in order.
func differing(a, b results.RunInfo) []string {
	var list []string
	for _, key := range ner.KeyNames() {
		if ner.KeyValue(a.Keys, key) != ner.KeyValue(b.Keys, key) {
			list = append(list, key)
		}
	}
	return list
}

// newManifest describes the runs, without their answers.
func newManifest(b *harness.Bench, r Request, runs []results.RunInfo) (*bundles.Manifest, error) {
	if len(runs) == 0 {
		return nil, &fault.Hint{Err: errors.New("no run is selected"), Advice: "nerbench runs list shows the runs of the store"}
	}
	m := &bundles.Manifest{Format: bundles.Format, Tool: cmp.Or(r.Tool, "unknown"), Submitter: r.About.Submitter, Declarations: r.About.Declarations}
	for _, run := range runs {
		dataset, err := b.FindDataset(run.Keys["dataset"])
		if err != nil {
			return nil, err
		}
		m.Runs = append(m.Runs, newRun(dataset, run))
	}
	name, digest := m.Runs[0].Model()
	m.Model = bundles.Model{Name: name, Digest: digest, About: r.About.Model}
	if card, err := b.FindCard(runs[0].Facts["card"]); err == nil && m.Model.Training == nil {
		m.Model.Training = card.Training
	}
	return m, nil
}

func newRun(dataset *datasets.Dataset, run results.RunInfo) bundles.Run {
	p := published(run)
	out := bundles.Run{
		ID: ner.Run{Keys: p.Keys}.ID(), Keys: p.Keys, Facts: p.Facts, Passages: run.Passages, Queries: run.Queries, Outcomes: run.Scores.Outcomes,
		Answers: bundles.Answers{Mode: bundles.WithSpans},
	}
	if dataset.MayShow(datasets.PublishText) {
		out.Answers.Mode = bundles.WithAnswers
	}
	for _, id := range slices.Sorted(maps.Keys(run.Scores.Metrics)) {
		s := run.Scores.Metrics[id]
		out.Metrics = append(out.Metrics, bundles.Metric{ID: id, Signature: p.Signature(id).String(), Total: s.Total, ByType: present(s.ByType)})
	}
	return out
}

// present are the counts of types that have any.
func present(byType map[ner.EntityType]ner.Score) map[ner.EntityType]ner.Score {
	out := maps.Clone(byType)
	maps.DeleteFunc(out, func(_ ner.EntityType, s ner.Score) bool { return s == ner.Score{} })
	if out == nil {
		out = map[ner.EntityType]ner.Score{}
	}
	return out
}

// addRun writes the lines of a run. It parses and counts the answers again: a bundle
// whose scores do not follow from its answers is not written.
func addRun(ctx context.Context, b *harness.Bench, store *results.Store, w *bundles.Writer, m *bundles.Manifest, info results.RunInfo) error {
	run := &m.Runs[slices.IndexFunc(m.Runs, func(r bundles.Run) bool { return r.Dataset() == info.Keys["dataset"] })]
	plan, err := b.ScorePlan(ctx, store, info.ID)
	if err != nil {
		return err
	}
	counts := make([][]ner.Score, len(run.Metrics))
	for i, metric := range run.Metrics {
		plan.Metrics = append(plan.Metrics, metric.ID)
		if counts[i], err = store.Counts(ctx, info.ID, metric.ID); err != nil {
			return err
		}
		if len(counts[i]) != info.Passages {
			return fmt.Errorf("metric %s: counts of %d of %d passages", metric.ID, len(counts[i]), info.Passages)
		}
	}
	lines, err := w.Begin(run)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	place := 0
	plan.Observe = func(p ner.Passage, d *ner.Document, u loop.ParsedPassage) {
		line := newLine(run.Answers.Mode, place, p, d, &u)
		for i := range counts {
			c := counts[i][place]
			line.Counts = append(line.Counts, [3]int{c.TP, c.NPred, c.NGold})
		}
		place++
		if err := lines.Add(line); err != nil {
			stop(err)
		}
	}
	scored, err := loop.Score(ctx, plan)
	if err != nil {
		return err
	}
	for i, metric := range run.Metrics {
		if now := scored.Metrics[metric.ID]; !slices.Equal(now.Passages, counts[i]) || now.Total != metric.Total {
			return &fault.Hint{Err: fmt.Errorf("metric %s: its answers have other counts than were stored", metric.ID), Advice: "nerbench score " + info.ID}
		}
	}
	return lines.End()
}

// newLine is the line of a passage, without counts.
func newLine(mode bundles.Mode, place int, p ner.Passage, d *ner.Document, u *loop.ParsedPassage) *bundles.Passage {
	line := &bundles.Passage{Index: place}
	if mode == bundles.WithAnswers {
		line.Document = p.Document
		for _, a := range p.Answers {
			line.Answers = append(line.Answers, newAnswer(a))
		}
		return line
	}
	for _, q := range u.Predictions {
		line.Outcomes = append(line.Outcomes, q.Outcome)
	}
	line.Spans, line.Unaligned = predictedSpans(d, u)
	return line
}

// newAnswer is an answer. The words of a server that refused a query are left out: they
// are not the model's, and may have addresses.
func newAnswer(a ner.Answer) bundles.Answer {
	c := a.Completion
	out := bundles.Answer{Types: a.Types, Text: c.Text, Finish: c.Finish, Thinking: c.Thinking, PromptTokens: c.PromptTokens, AnswerTokens: c.AnswerTokens}
	if (c.Finish == ner.FinishRefused || c.Finish == ner.FinishTooLong) && c.AnswerTokens == 0 {
		out.Text, out.Thinking = "", ""
	}
	return out
}

// predictedSpans are the distinct predicted spans in code points, and the numbers of
// mentions without a position by type.
func predictedSpans(d *ner.Document, u *loop.ParsedPassage) ([]ner.PointSpan, map[ner.EntityType]int) {
	spans := slices.Clone(u.Passage.Pred)
	slices.SortFunc(spans, ner.Span.Compare)
	spans = slices.Compact(spans)
	var unaligned map[ner.EntityType]int
	for _, m := range u.Passage.Unaligned {
		if unaligned == nil {
			unaligned = map[ner.EntityType]int{}
		}
		unaligned[m.Type]++
	}
	if len(spans) == 0 {
		return nil, unaligned
	}
	return ner.NewCodePoints(d.Text).Spans(spans), unaligned
}
