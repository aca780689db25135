package submissions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"nerbench/answers"
	"nerbench/bundles"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// Verdict is what is known about a score of a bundle.
type Verdict string

// The verdicts.
const (
	Verified  Verdict = "verified"  // the answers have these counts, passage by passage
	Claimed   Verdict = "claimed"   // it does not follow from what the bundle holds
	Differs   Verdict = "differs"   // the answers have other counts
	Unchecked Verdict = "unchecked" // the data is missing
)

// Report is the outcome of [Verify].
type Report struct {
	File   string          `json:"file"`
	Digest string          `json:"digest"` // of the content
	Tool   string          `json:"tool"`
	Signer *bundles.Signer `json:"signer"` // nil: not signed
	Model  bundles.Model   `json:"model"`
	// Command is the command line of a program that reports no digest, which identifies it
	// with the files that it names; empty: another model.
	Command string      `json:"command,omitempty"`
	Runs    []RunReport `json:"runs"`
}

// RunReport is the outcome for one run.
type RunReport struct {
	ID       string       `json:"id"`
	Dataset  string       `json:"dataset"`
	Mode     bundles.Mode `json:"mode"`
	Passages int          `json:"passages"`
	// Data says whether the run is on the recorded release of the dataset: recorded, other,
	// or unrecorded.
	Data string `json:"data"`
	// Unchecked is why the answers were not scored; empty: they were.
	Unchecked string         `json:"unchecked,omitempty"`
	Metrics   []MetricReport `json:"metrics"`
}

// MetricReport is the outcome for one score.
type MetricReport struct {
	ID      string    `json:"metric"`
	Verdict Verdict   `json:"verdict"`
	Claimed ner.Score `json:"claimed"`
	F1      *float64  `json:"f1"` // of the claimed counts; nil: undefined
	// Why describes the first difference, or why nothing can be computed.
	Why string `json:"why,omitempty"`
}

// The values of RunReport.Data.
const (
	DataRecorded   = "recorded"
	DataOther      = "other"
	DataUnrecorded = "unrecorded"
)

// CommandOf is the command line that identifies the model of a bundle, if it is a program
// that reports no digest; else empty.
func CommandOf(m *bundles.Manifest) string {
	if len(m.Runs) == 0 || m.Runs[0].Facts["identity"] != "command" {
		return ""
	}
	return m.Runs[0].Facts["command"]
}

// Verify checks a bundle: its form, checksums and signature, what its runs say about
// themselves, and the counts of every passage, which it computes again. A bundle that
// contradicts itself or its answers is an error. If data is missing, the error is a
// [fault.DataError], and the report says what could be checked. The report is valid
// with an error, unless the file could not be opened.
func Verify(ctx context.Context, b *harness.Bench, path string) (Report, error) {
	opened, err := bundles.Open(ctx, path)
	if err != nil {
		return Report{}, err
	}
	defer opened.Close()
	out, err := VerifyOpened(ctx, b, opened, nil)
	out.File = path
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("bundle: %s: %w", path, err)
	}
	return out, err
}

// VerifyOpened is [Verify] of an open bundle. The report and the errors have no file. each
// is called with each line of each run in order, before it is counted; may be nil.
func VerifyOpened(ctx context.Context, b *harness.Bench, opened *bundles.Bundle, each func(*bundles.Passage)) (Report, error) {
	m := opened.Manifest
	out := Report{Digest: opened.Digest, Tool: m.Tool, Signer: opened.Signer, Model: m.Model, Command: CommandOf(m), Runs: []RunReport{}}
	var faults []error
	unchecked := 0
	for i := range m.Runs {
		v := runVerifier{bench: b, run: &m.Runs[i], passages: observed(opened.Passages(&m.Runs[i]), each)}
		r, err := v.verify(ctx)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		out.Runs = append(out.Runs, r)
		if r.Unchecked != "" {
			unchecked++
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("run %s on %s: %w", r.ID, r.Dataset, err))
		}
	}
	if len(faults) > 0 {
		return out, errors.Join(faults...)
	}
	if unchecked > 0 {
		return out, &fault.DataError{Err: fmt.Errorf("%d of %d runs were not scored again", unchecked, len(m.Runs))}
	}
	return out, nil
}

// observed calls each with every line.
func observed(lines iter.Seq2[*bundles.Passage, error], each func(*bundles.Passage)) iter.Seq2[*bundles.Passage, error] {
	if each == nil {
		return lines
	}
	return func(yield func(*bundles.Passage, error) bool) {
		for line, err := range lines {
			if err == nil {
				each(line)
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

// runVerifier verifies one run.
type runVerifier struct {
	bench    *harness.Bench
	run      *bundles.Run
	passages iter.Seq2[*bundles.Passage, error] // its lines
}

func (v *runVerifier) verify(ctx context.Context) (RunReport, error) {
	run := v.run
	out := RunReport{ID: run.ID, Dataset: run.Dataset(), Mode: run.Answers.Mode, Passages: run.Passages, Data: DataUnrecorded, Metrics: []MetricReport{}}
	for _, m := range run.Metrics {
		out.Metrics = append(out.Metrics, MetricReport{ID: m.ID, Verdict: Unchecked, Claimed: m.Total, F1: F1(m)})
	}
	if err := checkSignatures(run); err != nil {
		return out, err
	}
	dataset, err := v.bench.FindDataset(run.Dataset())
	if err != nil {
		return out.unchecked(err), v.eachLine()
	}
	out.Data = dataState(dataset, run)
	if err := checkText(dataset, run); err != nil {
		return out, err
	}
	plan, passages, split, err := v.bench.PlanOfRun(ctx, dataset, infoOf(run))
	if err := cmp.Or(checkDataset(dataset, run), err); err != nil {
		if ctx.Err() != nil || !errors.As(err, new(*fault.DataError)) {
			return out, err
		}
		return out.unchecked(err), v.eachLine()
	}
	if passages != run.Passages {
		return out, fmt.Errorf("%d passages, the data has %d", run.Passages, passages)
	}
	if said := run.Facts["split_passages"]; said != "" && said != strconv.Itoa(split) {
		return out, fmt.Errorf("split_passages %q: the split has %d", said, split)
	}
	if run.Answers.Mode == bundles.WithAnswers {
		err = v.scoreAnswers(ctx, dataset, plan, &out)
	} else {
		err = v.scoreSpans(dataset, plan, &out)
	}
	return out, errors.Join(err, out.differences())
}

// infoOf is a run of a bundle as one of a store.
func infoOf(run *bundles.Run) results.RunInfo {
	return results.RunInfo{ID: run.ID, Keys: run.Keys, Facts: run.Facts}
}

// unchecked is the report of a run whose answers cannot be scored here. The sums of its
// lines can be checked.
func (r RunReport) unchecked(why error) RunReport {
	r.Unchecked = why.Error()
	return r
}

// F1 is the F1 of the counts of a metric; nil: undefined.
func F1(m bundles.Metric) *float64 {
	metric, _, err := metrics.ParseID(m.ID)
	if err != nil {
		return nil
	}
	return harness.FiguresOf(metric, m.Total, 1).F1
}

// checkSignatures demands that the signature lines describe the run and its counts.
func checkSignatures(run *bundles.Run) error {
	info := results.RunInfo{Keys: run.Keys, Passages: run.Passages}
	for _, m := range run.Metrics {
		s, err := results.ParseSignature(m.Signature)
		if err != nil {
			return fmt.Errorf("metric %s: %w", m.ID, err)
		}
		info.Scores = results.Scores{Passages: run.Passages, Metrics: map[string]results.MetricScore{m.ID: {Total: m.Total, Reader: s.Reader, Version: s.Version}}}
		if want := info.Signature(m.ID).String(); want != m.Signature {
			return fmt.Errorf("metric %s: its signature line is not that of the run and its counts, %s", m.ID, want)
		}
	}
	return nil
}

// dataState compares the fingerprint of the run with the recorded one.
func dataState(dataset *datasets.Dataset, run *bundles.Run) string {
	plan, err := ner.PlanOf(run.Keys)
	if err != nil {
		return DataUnrecorded
	}
	switch harness.RecordedData(dataset, plan) {
	case "":
		return DataUnrecorded
	case run.Keys["data"]:
		return DataRecorded
	}
	return DataOther
}

// checkText refuses answers where they may not be.
func checkText(dataset *datasets.Dataset, run *bundles.Run) error {
	if run.Answers.Mode == bundles.WithAnswers && !dataset.MayShow(datasets.PublishText) {
		return errors.New("it contains answers, but the text of the dataset may not be shown to others")
	}
	return nil
}

// checkDataset compares what the run says about its dataset with the dataset here.
func checkDataset(dataset *datasets.Dataset, run *bundles.Run) error {
	if here := dataset.LabelsHash(); here != run.Keys["labels"] {
		return &fault.DataError{Err: fmt.Errorf("dataset %s: the label map differs from that of the run (%s, the run has %s)", dataset.ID, here, run.Keys["labels"])}
	}
	if dataState(dataset, run) == DataOther {
		return &fault.DataError{Err: fmt.Errorf("dataset %s: the run is on another release than the recorded one (fingerprint %s)", dataset.ID, run.Keys["data"])}
	}
	return nil
}

// eachLine reads all lines of the run.
func (v *runVerifier) eachLine() error {
	for _, err := range v.passages {
		if err != nil {
			return err
		}
	}
	return nil
}

// scoreAnswers parses and counts the answers of the run.
func (v *runVerifier) scoreAnswers(ctx context.Context, dataset *datasets.Dataset, plan loop.ScorePlan, out *RunReport) error {
	run := v.run
	comparison := newComparison(run)
	plan.Passages = func(yield func(ner.Passage, error) bool) {
		for line, err := range v.passages {
			if err != nil {
				yield(ner.Passage{}, err)
				return
			}
			comparison.claim(line)
			if !yield(ner.Passage{Index: line.Index, Document: line.Document, Answers: line.Given()}, nil) {
				return
			}
		}
	}
	types := dataset.Types()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	plan.Observe = func(p ner.Passage, d *ner.Document, _ loop.ParsedPassage) {
		if err := checkAsked(run, types, d, p.Answers); err != nil {
			stop(fmt.Errorf("passage %d, document %q: %w", p.Index, d.ID, err))
		}
	}
	for i, m := range run.Metrics {
		full, err := loop.MetricIDs([]string{m.ID}, plan.Queries, plan.Parsing)
		switch {
		case err != nil:
			out.Metrics[i].Verdict, out.Metrics[i].Why = Claimed, err.Error()
		case full[0] != m.ID:
			out.Metrics[i].Verdict, out.Metrics[i].Why = Differs, "the metric has the id "+full[0]
		default:
			plan.Metrics = append(plan.Metrics, m.ID)
			comparison.places = append(comparison.places, i)
		}
	}
	plan.Counted = comparison.counted
	scored, err := loop.Score(ctx, plan)
	if err != nil {
		return err
	}
	for _, place := range comparison.places {
		m := run.Metrics[place]
		out.Metrics[place].compare(m, comparison.differences[place], scored.Metrics[m.ID].ByType)
	}
	if !maps.Equal(scored.Outcomes, run.Outcomes) {
		return fmt.Errorf("the outcomes of its queries are %v, the manifest has %v", scored.Outcomes, run.Outcomes)
	}
	return nil
}

// comparison compares the counts of each passage with those of its line. Few lines are in
// memory at once: those that were read, and whose answers are not yet counted.
type comparison struct {
	// places are those of the metrics that are counted, among those of the run.
	places []int
	// differences describe the first different passage, by place; empty: there is none.
	differences []string

	mu     sync.Mutex
	claims map[int]claim // by index
}

// claim is what a line says about its passage.
type claim struct {
	document string
	counts   []ner.Score // by place
}

func newComparison(run *bundles.Run) *comparison {
	return &comparison{differences: make([]string, len(run.Metrics)), claims: map[int]claim{}}
}

// claim notes what a line says, until its answers are counted.
func (c *comparison) claim(line *bundles.Passage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.claims[line.Index] = claim{line.Document, line.Scores()}
}

// counted compares the counts of a passage with its line. They are in the order of the
// places.
func (c *comparison) counted(index int, counts []ner.Score) {
	c.mu.Lock()
	defer c.mu.Unlock()
	claimed := c.claims[index]
	delete(c.claims, index)
	for i, place := range c.places {
		if c.differences[place] != "" || counts[i] == claimed.counts[place] {
			continue
		}
		document := ""
		if claimed.document != "" {
			document = fmt.Sprintf(", document %q", claimed.document)
		}
		c.differences[place] = fmt.Sprintf("passage %d%s: %s, claimed %s", index, document, countsText(counts[i]), countsText(claimed.counts[place]))
	}
}

// compare sets the verdict on a metric from the first difference of its passages, and from
// the counts by type that were computed now.
func (r *MetricReport) compare(m bundles.Metric, difference string, byType map[ner.EntityType]ner.Score) {
	if difference == "" && !maps.Equal(present(byType), present(m.ByType)) {
		difference = "the counts by type are others"
	}
	if difference == "" {
		r.Verdict = Verified
		return
	}
	r.Verdict, r.Why = Differs, difference
	if s, err := results.ParseSignature(m.Signature); err == nil && (s.Reader != answers.Version || s.Version != metrics.Version) {
		r.Why += fmt.Sprintf(" (it was scored by the versions %s and %s of parsers and metrics, here are %s and %s)", s.Reader, s.Version, answers.Version, metrics.Version)
	}
}

func countsText(s ner.Score) string {
	return fmt.Sprintf("tp %d, predicted %d, gold %d", s.TP, s.NPred, s.NGold)
}

// checkAsked demands that the answers are about the types that the run asks: who leaves
// out the types that a passage lacks has fewer wrong answers.
func checkAsked(run *bundles.Run, types []ner.EntityType, d *ner.Document, given []ner.Answer) error {
	asked := map[ner.EntityType]int{}
	for _, a := range given {
		for _, t := range a.Types {
			if asked[t]++; asked[t] > 1 || !slices.Contains(types, t) {
				return fmt.Errorf("type %q is asked twice, or is not a type of the dataset", t)
			}
		}
	}
	wanted := types
	switch queries := run.Keys["queries"]; {
	case queries == "" || queries == "all":
	case strings.HasPrefix(queries, "gold"):
		wanted = nil
		for _, s := range d.Spans {
			wanted = append(wanted, s.Type)
		}
	default:
		return nil
	}
	for _, t := range wanted {
		if asked[t] == 0 {
			return fmt.Errorf("type %q was not asked", t)
		}
	}
	return nil
}

// differences is an error if a score differs.
func (r *RunReport) differences() error {
	var different []string
	for _, m := range r.Metrics {
		if m.Verdict == Differs {
			different = append(different, m.ID)
		}
	}
	if different == nil {
		return nil
	}
	return fmt.Errorf("%s: not as claimed", strings.Join(different, ", "))
}

// CheckSigner demands that one of some keys signed a bundle.
func CheckSigner(file string, signer *bundles.Signer, wanted []*bundles.Signer) error {
	switch {
	case signer == nil:
		return fmt.Errorf("bundle: %s: it is not signed", file)
	case !slices.ContainsFunc(wanted, func(w *bundles.Signer) bool { return *w == *signer }):
		return fmt.Errorf("bundle: %s: it is signed by another key, %s", file, signer.Fingerprint)
	}
	return nil
}
