package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
)

// runReport is what became of one row.
type runReport struct {
	Run      string                `json:"run"`
	Row      string                `json:"row"`
	Model    string                `json:"model"`
	Passages int                   `json:"passages"`
	Complete int                   `json:"complete"`
	Queries  int                   `json:"queries"` // of the whole run
	Asked    int                   `json:"asked"`   // now
	Known    int                   `json:"known"`   // answers that the store had
	TooLong  int                   `json:"too_long"`
	Outcomes map[ner.Outcome]int   `json:"outcomes"`
	Scores   map[string]countsJSON `json:"scores"`
}

// runSummary is what became of all rows.
type runSummary struct {
	Runs       []runReport `json:"runs"`
	NotRun     []notRun    `json:"not_run"`
	Incomplete int         `json:"incomplete"`
}

type notRun struct {
	Row string `json:"row"`
	Why string `json:"why"`
}

func (s *runSummary) add(r runReport) {
	s.Runs = append(s.Runs, r)
	s.Incomplete += r.Passages - r.Complete
}

// runRow asks what has no answer yet about one row, and scores it.
func (env *environment) runRow(ctx context.Context, store *results.Store, plan runPlan, row *datasets.Row) (report runReport, err error) {
	found, err := env.surveyRow(ctx, row, plan.selection)
	if err != nil {
		return report, err
	}
	if err := env.checkLock(row, found); err != nil {
		return report, err
	}
	renderer, err := env.renderer(ctx, plan.keys, row)
	if err != nil {
		return report, err
	}
	m, err := env.openModel(ctx, plan, row, found, renderer)
	if err != nil {
		return report, err
	}
	defer m.close()
	run := ner.Run{Keys: mergeKeys(m.runKeys(), found.part.keys(), renderer.Keys(), map[string]string{
		"row": row.ID, "data": found.data, "labels": row.LabelsHash(),
	})}
	if err := store.Begin(ctx, run, found.passages); err != nil {
		return report, err
	}
	report = runReport{Run: run.ID(), Row: row.ID, Model: m.identity.Model, Passages: found.passages}
	asked, err := env.ask(ctx, store, run, m, renderer, row, found)
	report.Asked, report.Known, report.TooLong = asked.Queries, asked.Known, asked.TooLong
	if err != nil {
		return report, err
	}
	if !plan.askOnly {
		if err := env.scoreRun(ctx, store, run.ID(), plan.metrics); err != nil {
			return report, err
		}
	}
	return report, report.fill(ctx, store)
}

// renderer prepares the prompts of a row, with what they need of its train split.
func (env *environment) renderer(ctx context.Context, keys map[string]string, row *datasets.Row) (*prompts.Renderer, error) {
	settings, err := promptSettings(keys, row)
	if err != nil {
		return nil, err
	}
	pr := promptRow(row)
	shots := settings.Shots != "" && settings.Shots != "0"
	if byFrequency := strings.HasSuffix(settings.Queries, ":frequency"); shots || byFrequency {
		docs, err := env.documents(ctx, row, loaders.Options{Split: ner.Train})
		if err != nil {
			return nil, fmt.Errorf("demonstrations and frequencies come from the train split: %w", err)
		}
		pr.Frequency = map[ner.EntityType]int{}
		for d, err := range docs {
			if err != nil {
				return nil, err
			}
			for _, s := range d.Spans {
				pr.Frequency[s.Type]++
			}
			if shots {
				pr.Train = append(pr.Train, d)
			}
		}
	}
	r, err := prompts.New(pr, settings)
	if err != nil {
		return nil, usagef("%v", err)
	}
	return r, nil
}

// openModel opens the model that a plan names, with a context that the longest
// prompt of the row fits into.
func (env *environment) openModel(ctx context.Context, plan runPlan, row *datasets.Row, found survey, renderer *prompts.Renderer) (*model, error) {
	kind, name, err := modelKind(plan.model)
	if err != nil {
		return nil, err
	}
	longest, answer, err := longestPrompt(renderer, found.longest)
	if err != nil {
		return nil, err
	}
	return modelKinds[kind].open(ctx, env, modelSpec{
		name: name, row: row, gold: plan.selection.gold, decoding: plan.decoding, host: plan.host,
		timeout: plan.timeout, connections: plan.connections, longest: longest, longestAnswer: answer,
		observe: func(what string) { env.note("%s: %s", row.ID, what) },
	})
}

// longestPrompt renders the prompts of a text of that many bytes, and returns
// the size of the longest and of its answer.
func longestPrompt(r *prompts.Renderer, bytes int) (size, answer int, err error) {
	text := strings.Repeat("x", bytes)
	d := &ner.Document{Text: text}
	queries, err := r.Queries(d)
	if err != nil {
		return 0, 0, err
	}
	for i := range queries {
		size = max(size, queries[i].Prompt.Size())
		answer = max(answer, queries[i].Prompt.MaxTokens)
	}
	return size, answer, nil
}

// ask puts the questions of a run that have no answer yet.
func (env *environment) ask(ctx context.Context, store *results.Store, run ner.Run, m *model, renderer *prompts.Renderer, row *datasets.Row, found survey) (asked harness.Asked, err error) {
	done, err := store.Done(ctx, run.ID())
	if err != nil {
		return asked, err
	}
	already := 0
	for _, d := range done {
		if d {
			already++
		}
	}
	if already == found.passages {
		env.note("%s: %s: all %d passages have their answers already (run %s)", row.ID, m.identity.Model, already, run.ID())
		return asked, store.End(ctx, run.ID())
	}
	if already > 0 {
		env.note("%s: %s: continues run %s: %d of %d passages are done", row.ID, m.identity.Model, run.ID(), already, found.passages)
	}
	docs, err := env.asked(ctx, row, found.part)
	if err != nil {
		return asked, err
	}
	reading, err := harness.NewReading(env.how(row, renderer))
	if err != nil {
		return asked, err
	}
	writer := store.Writer(ctx, run.ID())
	defer func() { // whatever happens, what was answered is kept
		for _, fault := range []error{writer.Close(), store.End(context.WithoutCancel(ctx), run.ID())} {
			if fault != nil && !errors.Is(err, fault) { // a full disk shows in both
				err = errors.Join(err, fault)
			}
		}
	}()
	bar := env.newProgress(row.ID, found.passages, already, reading)
	defer bar.end()
	return harness.Ask(ctx, harness.Plan{
		Documents: docs, Done: func(i int) bool { return i < len(done) && done[i] }, Queries: renderer.Queries,
		Identity: m.identityKey(), Decoding: m.decodingKey(),
		Runner: m.runner, Slots: m.slots, Recorder: writer, Observe: bar.finished,
	})
}

// how says how the answers to a renderer's questions are read.
func (env *environment) how(row *datasets.Row, r *prompts.Renderer) harness.How {
	return harness.How{Family: r.Family().Name, Variant: r.Variant(), Types: typeNames(row, r.Words())}
}

// spanCounts are the counts of strict span F1 of one passage.
func spanCounts(u *harness.Understood) ner.Score {
	return metrics.SpanF1(&u.Passage).ByType.Total()
}

// fill takes over what the store knows of the run.
func (r *runReport) fill(ctx context.Context, store *results.Store) error {
	info, err := store.Find(ctx, r.Run)
	if err != nil {
		return err
	}
	r.Complete, r.Queries, r.Outcomes = info.Complete, info.Queries, info.Scores.Outcomes
	r.Scores, err = scoresJSON(info.Scores)
	return err
}

// scoresJSON prints kept counts as {counts} of the contract, by metric id.
func scoresJSON(s results.Scores) (map[string]countsJSON, error) {
	out := map[string]countsJSON{}
	for id, m := range s.Metrics {
		metric, _, err := metrics.ParseID(id)
		if err != nil {
			return nil, err
		}
		out[id] = newCountsJSON(metric, m.Total)
	}
	return out, nil
}

// text is the report for people: one line a metric.
func (r *runReport) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s  run %s: %d of %d passages, %d queries (asked now %d, known before %d, too long %d)\n",
		r.Row, r.Model, r.Run, r.Complete, r.Passages, r.Queries, r.Asked, r.Known, r.TooLong)
	for _, m := range metrics.Metrics {
		for _, id := range sortedKeys(r.Scores) {
			if base, _, _ := strings.Cut(id, "["); base != m.ID {
				continue
			}
			c := r.Scores[id]
			fmt.Fprintf(&b, "  %-18s F1 %s  P %s  R %s  (tp %g, predicted %d, gold %d)\n",
				id, percentOf(c.F1), percentOf(c.Precision), percentOf(c.Recall), c.TP, c.NPred, c.NGold)
		}
	}
	if failures, queries := failureShare(r.Outcomes); queries > 0 {
		fmt.Fprintf(&b, "  unreadable answers %d of %d queries: %s\n", failures, queries, outcomesLine(r.Outcomes))
	}
	return b.String()
}

func failureShare(outcomes map[ner.Outcome]int) (failures, queries int) {
	for o, n := range outcomes {
		queries += n
		if o.Failure() {
			failures += n
		}
	}
	return failures, queries
}

func outcomesLine(outcomes map[ner.Outcome]int) string {
	var parts []string
	for _, o := range ner.Outcomes {
		if n := outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", o, n))
		}
	}
	return strings.Join(parts, ", ")
}

// percentOf prints a ratio that may be undefined.
func percentOf(v *float64) string {
	if v == nil {
		return percent(metrics.Ratio{})
	}
	return percent(metrics.Ratio{Value: *v, Defined: true})
}
