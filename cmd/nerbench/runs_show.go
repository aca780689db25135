package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/terminal"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// runJSON is the JSON form of a run. Scored is the number of scored passages.
type runJSON struct {
	ID       string                     `json:"id"`
	Keys     map[string]string          `json:"keys"`
	State    results.State              `json:"state"`
	Passages int                        `json:"passages"`
	Complete int                        `json:"complete"`
	Queries  int                        `json:"queries"`
	Outcomes map[ner.Outcome]int        `json:"outcomes"`
	Scores   map[string]metrics.Figures `json:"scores"`
	Scored   int                        `json:"scored"`
	// Note is the remark on its passages: "incomplete: 3 of 8 passages".
	Note string `json:"note,omitempty"`

	// Asker is the process that sends its queries; null if there is none.
	Asker *askerJSON `json:"asker,omitempty"`

	coverage reports.Coverage
}

// askerJSON is the process that sends the queries of a run.
type askerJSON struct {
	Host    string    `json:"host"`
	Process int       `json:"process"`
	Since   time.Time `json:"since"`
}

func newRunJSON(r results.RunInfo, coverage reports.Coverage) (runJSON, error) {
	scores, err := harness.Figures(r.Scores)
	if err != nil {
		return runJSON{}, fmt.Errorf("run %s: %w", r.ID, err)
	}
	outcomes := r.Scores.Outcomes
	if outcomes == nil {
		outcomes = map[ner.Outcome]int{}
	}
	var asker *askerJSON
	if r.Asker != nil {
		asker = &askerJSON{r.Asker.Host, r.Asker.Process, r.Asker.Since}
	}
	return runJSON{
		Asker: asker,
		ID:    r.ID, Keys: r.Keys, State: r.State, Passages: r.Passages, Complete: r.Complete, Queries: r.Queries,
		Outcomes: outcomes, Scores: scores, Scored: r.Scores.Passages, Note: coverage.Note(), coverage: coverage,
	}, nil
}

func (env *environment) listRuns(ctx context.Context, pairs []string) error {
	where, err := readWhere(pairs, ner.KeyNames())
	if err != nil {
		return err
	}
	store, err := env.bench.ReadStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	runs, err := harness.SelectRuns(ctx, store, where)
	if err != nil {
		return err
	}
	lines, coverages := []runJSON{}, harness.Coverages(runs)
	for _, r := range runs {
		line, err := newRunJSON(r, coverages[r.ID])
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	if env.json {
		return env.printJSON(lines)
	}
	return env.writeRuns(lines)
}

// writeRuns prints a line for each run.
func (env *environment) writeRuns(runs []runJSON) error {
	w := env.stdout
	if len(runs) == 0 {
		_, err := fmt.Fprintln(w, "no runs")
		return err
	}
	var marks reports.Marks
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "run\tdataset\tmodel\tfamily\t%s\tpassages\tqueries\tspan_f1\tuniner_f1\t\n", env.paint(w, usual, "state"))
	for _, r := range runs {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d of %d\t%d\t%s\t%s\t\n", r.ID,
			terminal.Printable(r.Keys["dataset"]), terminal.Printable(r.Keys["model"]), terminal.Printable(r.Keys["family"]), env.paint(w, stateStyle(r.State), string(r.State)),
			r.Complete, r.Passages, r.Queries, headlineOf(r, "span_f1", &marks), headlineOf(r, "uniner_f1", &marks))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for i, note := range marks.Notes() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, note)
	}
	return nil
}

// headlineOf returns the F1 of a run in percent, with the mark of the note on its
// passages.
func headlineOf(r runJSON, id string, marks *reports.Marks) string {
	if q := r.Keys["queries"]; q != "" && q != "all" {
		id += "[queries=" + q + "]" // docs/spec/metrics.md §1.4
	}
	s, ok := r.Scores[id]
	if !ok && r.Complete > 0 {
		return "not scored"
	}
	return r.coverage.Print(s.F1, marks)
}

// shownRun is a run in full.
type shownRun struct {
	runJSON
	ByType   map[ner.EntityType]map[string]metrics.Figures `json:"by_type"`
	Counters map[string]int                                `json:"counters"`
	Remarks  []string                                      `json:"remarks"`
	// Dropped counts the items that are in the answers and not used, by reason.
	Dropped map[string]int `json:"dropped"`
	// Facts are the metadata of the run, by the names of ner.Facts.
	Facts map[string]string `json:"facts"`
	// Cost is the sum over its answers; what the server does not tell is null.
	Cost harness.Cost `json:"cost"`
	// Versions are those of the parsers and of the metric, by metric id.
	Versions map[string]versionJSON `json:"versions"`
	// Signatures are the signature lines of the scores, by metric id.
	Signatures map[string]string `json:"signatures"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
}

type versionJSON struct {
	Reader string `json:"reader"`
	Metric string `json:"metric"`
}

func newShownRun(r results.RunInfo) (shownRun, error) {
	base, err := newRunJSON(r, harness.Coverages([]results.RunInfo{r})[r.ID])
	if err != nil {
		return shownRun{}, err
	}
	out := shownRun{
		runJSON: base, Counters: r.Scores.Counters, Dropped: loop.Dropped(r.Scores.Counters), Remarks: harness.Remarks(r), ByType: map[ner.EntityType]map[string]metrics.Figures{},
		Versions: map[string]versionJSON{}, Signatures: r.Signatures(), Created: r.Created.UTC(), Updated: r.Updated.UTC(),
	}
	if out.Facts = r.Facts; out.Facts == nil {
		out.Facts = map[string]string{}
	}
	if out.Counters == nil {
		out.Counters = map[string]int{}
	}
	for id, m := range r.Scores.Metrics {
		metric, _, err := metrics.ParseID(id)
		if err != nil {
			return shownRun{}, fmt.Errorf("run %s: %w", r.ID, err)
		}
		out.Versions[id] = versionJSON{m.Reader, m.Version}
		for t, s := range m.ByType {
			if out.ByType[t] == nil {
				out.ByType[t] = map[string]metrics.Figures{}
			}
			out.ByType[t][id] = harness.FiguresOf(metric, s, r.Scores.Passages)
		}
	}
	return out, nil
}

func (env *environment) showRun(ctx context.Context, name string) error {
	store, err := env.bench.ReadStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	run, err := store.Find(ctx, name)
	if err != nil {
		return err
	}
	shown, err := newShownRun(run)
	if err != nil {
		return err
	}
	if shown.Cost, err = env.bench.RunCost(ctx, store, run); err != nil {
		return err
	}
	if env.json {
		return env.printJSON(shown)
	}
	return shown.writeText(env)
}

// writeText prints a run for people.
func (r *shownRun) writeText(env *environment) error {
	w := env.stdout
	part := ""
	if r.coverage.Whole() && r.Note != "" {
		part = " (" + r.Note + ")"
	}
	fmt.Fprintf(w, "run %s: %s, %d of %d passages%s, %d queries\n", r.ID, env.paint(w, stateStyle(r.State), string(r.State)), r.Complete, r.Passages, part, r.Queries)
	if a := r.Asker; a != nil {
		fmt.Fprintf(w, "asked by process %d on %s since %s\n", a.Process, terminal.Printable(a.Host), a.Since.Format(time.RFC3339))
	}
	fmt.Fprintf(w, "begun %s, last answers %s\n\n", r.Created.Format(time.RFC3339), r.Updated.Format(time.RFC3339))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range ner.Keys {
		if v, ok := r.Keys[k.Name]; ok {
			fmt.Fprintf(tw, "%s\t%s\t%s\n", k.Name, terminal.Printable(v), k.Meaning)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := writeFacts(w, r.Facts); err != nil {
		return err
	}
	fmt.Fprintf(w, "tokens of prompts %s, of answers %s\n\n", tokensText(r.Cost.PromptTokens), tokensText(r.Cost.AnswerTokens))
	if len(r.Scores) == 0 {
		_, err := fmt.Fprintf(w, "not scored: nerbench score %s\n", r.ID)
		return err
	}
	if r.Scored < r.Complete {
		fmt.Fprintf(w, "only %d passages are scored: nerbench score %s\n", r.Scored, r.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(r.Scores)) {
		if err := r.writeMetric(w, id); err != nil {
			return err
		}
	}
	if failures, queries := harness.FailureShare(r.Outcomes); queries > 0 {
		fmt.Fprintf(w, "failed answers %d of %d queries: %s\n", failures, queries, outcomesLine(r.Outcomes))
	}
	if line := droppedLine(r.Dropped); line != "" {
		fmt.Fprintln(w, line)
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(w, "note: %s\n", remark)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Counters)) {
		if name == "dropped" || r.Dropped[name] > 0 && name != ner.LostWord {
			continue // in the line above
		}
		share := ""
		if slices.Contains(loop.Marks, name) {
			share = " queries" + shareOf(strconv.Itoa(r.Counters[name]), strconv.Itoa(r.Queries))
		}
		fmt.Fprintf(w, "%s %d%s\n", name, r.Counters[name], share)
	}
	return nil
}

// writeMetric prints the counts of one metric by type and in total.
func (r *shownRun) writeMetric(w io.Writer, id string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%s\tP\tR\tF1\ttp\tpredicted\tgold\t\n", id)
	line := func(name string, c metrics.Figures) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%g\t%d\t%d\t\n", name, reports.Percent(c.Precision), reports.Percent(c.Recall), reports.Percent(c.F1), c.TP, c.NPred, c.NGold)
	}
	for _, t := range slices.Sorted(maps.Keys(r.ByType)) {
		if c, ok := r.ByType[t][id]; ok {
			line(terminal.Printable(string(t)), c)
		}
	}
	line("all types", r.Scores[id])
	if err := tw.Flush(); err != nil {
		return err
	}
	if r.Note != "" {
		fmt.Fprintln(w, r.Note)
	}
	_, err := fmt.Fprintf(w, "%s\n\n", r.Signatures[id])
	return err
}

// tokensText is a number of tokens; "unknown" if the server does not tell it.
func tokensText(n *int) string {
	if n == nil {
		return "unknown"
	}
	return strconv.Itoa(*n)
}
