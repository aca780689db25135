package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/reports/exchange"
	"nerbench/results"
	"nerbench/runners/cards"
)

// ExchangeRequest selects runs for a format of other programs.
type ExchangeRequest struct {
	// Runs are the beginnings of the ids of runs; none: those that fit Where.
	Runs  []string
	Where map[string][]string // as for [SelectRuns]
	// Format is one of [exchange.Formats].
	Format string
	// Out is the folder of a format of files.
	Out string
	// Resamples of the intervals; 0: no intervals.
	Resamples int
	// Options are passed on. Datasets are set by [Bench.Exchange].
	Options exchange.Options
}

// Exchange writes runs in a format of other programs: to w, or below the folder Out. It
// returns the names of the files below that folder. Texts are written only of datasets
// whose text may be shown to others ([datasets.Dataset.MayShow]). Incomplete passages are
// not written; the error is then a [PartialError].
func (b *Bench) Exchange(ctx context.Context, w io.Writer, r ExchangeRequest) (files []string, err error) {
	if !slices.Contains(exchange.Formats(), r.Format) {
		return nil, fault.Usagef("format %s: unknown%s", r.Format, ner.Choices(r.Format, exchange.Formats()))
	}
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	found, err := chosenRuns(ctx, store, r)
	if err != nil {
		return nil, err
	}
	list, _, err := b.readCards()
	if err != nil {
		list = nil // cards only name the repository of a model
	}
	runs, missing := make([]*exchange.Run, len(found)), 0
	for i, info := range found {
		if runs[i], err = b.exchangeRun(ctx, store, info, r); err != nil {
			return nil, err
		}
		runs[i].Model = exchangeModel(info, findCard(list, info))
		missing += info.Passages - info.Complete
	}
	if r.Resamples > 0 {
		if err := (&statistics{bench: b, store: store}).exchangeIntervals(ctx, found, runs, r.Resamples); err != nil {
			return nil, err
		}
	}
	if r.Options.Datasets, err = benchmarkIDs(); err != nil {
		return nil, err
	}
	if exchange.Printed(r.Format) {
		err = exchange.Print(w, r.Format, runs, r.Options)
	} else {
		files, err = exchange.WriteFolder(r.Out, r.Format, runs, r.Options)
	}
	if err == nil && missing > 0 {
		err = &fault.PartialError{Err: fmt.Errorf("%s %s incomplete and not exported", ner.Count(missing, "passage"), ner.Are(missing))}
	}
	return files, err
}

// chosenRuns finds the runs of a request, each once.
func chosenRuns(ctx context.Context, store *results.Store, r ExchangeRequest) ([]results.RunInfo, error) {
	if len(r.Runs) == 0 {
		runs, err := SelectRuns(ctx, store, r.Where)
		if err == nil && len(runs) == 0 {
			err = fault.Usagef("no run fits --where")
		}
		return runs, err
	}
	var runs []results.RunInfo
	for _, name := range r.Runs {
		run, err := store.Find(ctx, name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(runs, func(other results.RunInfo) bool { return other.ID == run.ID }) {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// benchmarkIDs are the ids of the embedded datasets.
func benchmarkIDs() ([]string, error) {
	all, err := datasets.Embedded()
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, d := range all {
		ids[i] = d.ID
	}
	return ids, nil
}

// exchangeRun makes a run for other programs.
func (b *Bench) exchangeRun(ctx context.Context, store *results.Store, info results.RunInfo, r ExchangeRequest) (*exchange.Run, error) {
	if info.Complete == 0 {
		return nil, fmt.Errorf("run %s: no passage is complete", info.ID)
	}
	if len(info.Scores.Metrics) == 0 || unscored(info) > 0 {
		return nil, &fault.Hint{Err: fmt.Errorf("run %s: not scored", info.ID), Advice: "nerbench score " + info.ID}
	}
	coverage := Coverages([]results.RunInfo{info})[info.ID]
	out := &exchange.Run{
		ID: info.ID, Keys: info.Shown(), Facts: info.ShownFacts(), Updated: info.Updated.UTC(),
		Scored: info.Scores.Passages, Passages: info.Passages, Split: coverage.Split, Queries: info.Queries,
		Whole: coverage.Note() == "", Note: coverage.Note(), Outcomes: info.Scores.Outcomes,
		Dataset: exchange.Dataset{ID: info.Keys["dataset"], Title: info.Keys["dataset"]},
	}
	dataset, err := b.FindDataset(info.Keys["dataset"])
	if err == nil {
		out.Dataset = exchangeDataset(dataset)
	} else if exchange.NeedsPassages(r.Format) {
		return nil, err
	}
	if out.Metrics, err = exchangeMetrics(ctx, store, info, r.Format); err != nil {
		return nil, err
	}
	out.Read = func(yield func(*exchange.Passage) error) error {
		return b.exchangePassages(ctx, store, info, dataset, yield)
	}
	return out, nil
}

// exchangeModel describes the model of a run. card is nil if none is known.
func exchangeModel(info results.RunInfo, card *cards.Card) exchange.Model {
	server := info.Keys["server"]
	m := exchange.Model{Name: info.Keys["model"], Local: server == "in-process" || server == "llama.cpp"}
	if card != nil {
		m.Repository, m.Open = card.Where, card.Where != "" || card.OpenWeights != nil && *card.OpenWeights
	}
	if name, ok := strings.CutPrefix(m.Name, "vllm/"); ok && m.Repository == "" && strings.Count(name, "/") == 1 {
		m.Repository = name // vLLM serves models by their names on the hub
	}
	return m
}

func exchangeDataset(d *datasets.Dataset) exchange.Dataset {
	out := exchange.Dataset{ID: d.ID, Title: d.Title, Licence: d.Licence, Shown: d.MayShow(datasets.PublishText)}
	for _, s := range d.Sources {
		switch s.Kind {
		case "github":
			out.Sources = append(out.Sources, "https://github.com/"+s.Where)
		case "huggingface":
			out.Sources = append(out.Sources, "https://huggingface.co/datasets/"+s.Where)
			if out.Hub == "" {
				out.Hub = s.Where
			}
		case "url", "ftp":
			out.Sources = append(out.Sources, s.Where)
		}
	}
	return out
}

// exchangeMetrics are the scores of a run without intervals, with the counts of each
// passage if the format has them.
func exchangeMetrics(ctx context.Context, store *results.Store, info results.RunInfo, format string) ([]exchange.Metric, error) {
	var list []exchange.Metric
	signatures := info.Signatures()
	for _, id := range slices.Sorted(maps.Keys(info.Scores.Metrics)) {
		metric, _, err := metrics.ParseID(id)
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", info.ID, err)
		}
		score := info.Scores.Metrics[id]
		m := exchange.Metric{
			ID: id, Meaning: metric.Meaning, Reader: score.Reader, Version: score.Version, Signature: signatures[id],
			Figures: FiguresOf(metric, score.Total, info.Scores.Passages),
		}
		if exchange.NeedsPassages(format) {
			counts, err := store.Counts(ctx, info.ID, id)
			if err != nil {
				return nil, err
			}
			m.Counts = make([]metrics.Figures, len(counts))
			for i, c := range counts {
				m.Counts[i] = metrics.NewFigures(metric, c)
			}
		}
		list = append(list, m)
	}
	return list, nil
}

// exchangeIntervals adds the 95 % intervals of all scores, which are resampled together.
func (st *statistics) exchangeIntervals(ctx context.Context, infos []results.RunInfo, runs []*exchange.Run, resamples int) error {
	var systems []system
	var figures []*metrics.Figures
	for i, run := range runs {
		for k := range run.Metrics {
			if m := &run.Metrics[k]; m.Figures.F1 != nil {
				systems, figures = append(systems, system{{infos[i], m.ID}}), append(figures, &m.Figures)
			}
		}
	}
	intervals, err := st.intervals(ctx, systems, resamples)
	if err != nil {
		return err
	}
	for i, in := range intervals {
		figures[i].CI = in
	}
	return nil
}

// exchangePassages reads the passages of a run, parsed by span_f1. What may not be shown
// to others is left out here: of such a dataset only offsets, types, counts and outcomes
// leave.
func (b *Bench) exchangePassages(ctx context.Context, store *results.Store, info results.RunInfo, dataset *datasets.Dataset, yield func(*exchange.Passage) error) error {
	plan, err := b.ScorePlan(ctx, store, info.ID)
	if err != nil {
		return err
	}
	p := &exchangeParser{dataset: dataset, split: info.Keys["split"], shown: dataset.MayShow(datasets.PublishText)}
	if p.shown && !ner.Imported(info.Keys) {
		asked, err := ner.PlanOf(info.Keys)
		if err != nil {
			return err
		}
		if p.renderer, err = b.Renderer(ctx, asked, dataset); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	plan.Metrics = []string{"span_f1"}
	plan.Observe = func(stored ner.Passage, d *ner.Document, u loop.ParsedPassage) {
		if ctx.Err() != nil {
			return
		}
		passage, err := p.passage(stored, d, u)
		if err == nil {
			err = yield(passage)
		}
		if err != nil {
			stop(err)
		}
	}
	_, err = loop.Score(ctx, plan)
	return err
}

// exchangeParser makes passages for other programs.
type exchangeParser struct {
	dataset  *datasets.Dataset
	split    string
	shown    bool
	renderer *prompts.Renderer // nil: the prompts are left out
}

func (x *exchangeParser) passage(stored ner.Passage, d *ner.Document, u loop.ParsedPassage) (*exchange.Passage, error) {
	points := ner.NewCodePoints(d.Text)
	out := &exchange.Passage{Index: stored.Index, ID: x.id(stored.Index, d.ID), Gold: []exchange.Entity{}, Pred: []exchange.Entity{}}
	for _, s := range d.Spans {
		out.Gold = append(out.Gold, x.entity(s, d.Text, points))
	}
	for _, m := range d.Mentions {
		out.Gold = append(out.Gold, x.mention(m))
	}
	for _, s := range u.Passage.Pred {
		out.Pred = append(out.Pred, x.entity(s, d.Text, points))
	}
	for _, m := range u.Passage.Unaligned {
		out.Pred = append(out.Pred, x.mention(m))
	}
	var asked []ner.Query
	if x.shown {
		out.Text = d.Text
	}
	if x.renderer != nil {
		var err error
		if asked, err = x.renderer.Queries(d); err != nil {
			return nil, err
		}
	}
	for i, a := range stored.Answers {
		c := a.Completion
		q := exchange.Query{Types: a.Types, Finish: c.Finish, Outcome: u.Predictions[i].Outcome, PromptTokens: c.PromptTokens, AnswerTokens: c.AnswerTokens}
		if x.shown {
			q.Answer, q.Thinking = c.Text, c.Thinking
			if len(asked) == len(stored.Answers) {
				q.Prompt = promptJSON(&asked[i].Prompt)
			}
		}
		out.Queries = append(out.Queries, q)
	}
	return out, nil
}

// numbered is the end of an id that has no name from a native file.
var numbered = regexp.MustCompile(`^[0-9]+$`)

// id is the id of a document. Names in native files may be parts of the text: a document
// whose text is left out is named by its number.
func (x *exchangeParser) id(index int, id string) string {
	prefix := x.dataset.ID + "/" + x.split + "/"
	if number, ok := strings.CutPrefix(id, prefix); x.shown || ok && numbered.MatchString(number) {
		return id
	}
	return fmt.Sprintf("%s#%d", prefix, index)
}

func (x *exchangeParser) entity(s ner.Span, text string, points ner.CodePoints) exchange.Entity {
	e := exchange.Entity{Type: x.typeName(s.Type)}
	if !ner.ValidSpan(text, s) {
		return e // of a model that answers with offsets
	}
	start, end := points.CodePoint(s.Start), points.CodePoint(s.End)
	e.Start, e.End = &start, &end
	if x.shown {
		e.Text = text[s.Start:s.End]
	}
	return e
}

// mention is an entity without a position in the text.
func (x *exchangeParser) mention(m ner.Mention) exchange.Entity {
	e := exchange.Entity{Type: x.typeName(m.Type)}
	if x.shown {
		e.Text = m.Text
	}
	return e
}

// typeName is a type of the dataset. A type that a model made up is text of its answer.
func (x *exchangeParser) typeName(t ner.EntityType) ner.EntityType {
	if !x.shown && !slices.Contains(x.dataset.Types(), t) {
		return ner.Unknown
	}
	return t
}

// promptJSON is a prompt as text; that of a chat is its messages as JSON.
func promptJSON(p *ner.Prompt) string {
	if !p.Chat() {
		return p.Text
	}
	text, _ := json.Marshal(p.Messages) // texts
	return string(text)
}
