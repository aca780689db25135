package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports/site"
	"nerbench/results"
)

// addRuns adds the runs of the main configurations: the cells of the matrix.
func (m *boardMaker) addRuns() {
	for _, e := range m.entries {
		for _, d := range m.datasets {
			if r, there := e.main().runs[d.ID]; there {
				m.board.Runs = append(m.board.Runs, m.run(e, r))
			}
		}
	}
	for i := range m.board.Runs {
		out := &m.board.Runs[i]
		m.scoreIntervals(m.runOf(out), out.Scores)
	}
}

// addFolded adds the runs of folded configurations.
func (m *boardMaker) addFolded() {
	for _, e := range m.entries {
		for _, c := range e.configs[1:] {
			name := differences(e.main(), c)
			for _, d := range m.datasets {
				if r, there := c.runs[d.ID]; there {
					out := m.run(e, r)
					out.Configuration = name
					m.board.Folded = append(m.board.Folded, out)
					m.scoreIntervals(r, out.Scores)
				}
			}
		}
	}
}

// scoreIntervals asks for the intervals of the scores of a run.
func (m *boardMaker) scoreIntervals(r results.RunInfo, scores map[string]site.Measure) {
	for id, measure := range scores {
		m.interval(system{{r, id}}, func(in *[2]float64) {
			measure.Interval = in
			scores[id] = measure
		})
	}
}

// runOf is the stored run of a cell.
func (m *boardMaker) runOf(cell *site.Run) results.RunInfo {
	i := slices.IndexFunc(m.entries, func(e *boardEntry) bool { return e.slug == cell.Model })
	return m.entries[i].main().runs[cell.Dataset]
}

// run describes a run.
func (m *boardMaker) run(e *boardEntry, r results.RunInfo) site.Run {
	out := site.Run{
		ID: r.ID, Model: e.slug, Dataset: r.Keys["dataset"], Keys: r.Shown(), Facts: r.ShownFacts(), Signatures: r.Signatures(),
		Missing: m.missing(r), Passages: r.Passages, Complete: r.Complete,
		Scores: map[string]site.Measure{}, Types: map[ner.EntityType]map[string]site.Measure{},
		Outcomes: r.Scores.Outcomes, Counters: r.Scores.Counters, Cost: m.cost(e, []results.RunInfo{r}),
	}
	out.Tier, out.Submission = m.submission(r)
	for _, id := range m.rules.Metrics {
		score, there := r.Scores.Metrics[id]
		if !there {
			continue
		}
		out.Scores[id] = m.measure(r, id, score.Total)
		for t, s := range score.ByType {
			if out.Types[t] == nil {
				out.Types[t] = map[string]site.Measure{}
			}
			out.Types[t][id] = m.measure(r, id, s)
		}
	}
	return out
}

// measure is a score with its ratios, as tables have them. Half points are printed as
// such, so that the counts of these metrics are halved.
func (m *boardMaker) measure(r results.RunInfo, id string, s ner.Score) site.Measure {
	c := m.coverages[r.ID]
	p, recall, f1 := Ratios(id, s)
	return site.Measure{Score: s, Precision: c.Value(p), Recall: c.Value(recall), F1: c.Value(f1)}
}

// missing says what a run lacks; empty for a whole one.
func (m *boardMaker) missing(r results.RunInfo) string {
	c := m.coverages[r.ID]
	_, scored := r.Scores.Metrics[m.rank]
	switch {
	case r.State == results.Asking:
		return "running, " + c.Note()
	case !c.Whole() || c.Partial():
		return c.Note()
	case !scored && m.claimed(r.ID):
		return m.rank + " is only claimed"
	case !scored:
		return "not scored by " + m.rank
	case m.unrankedTier(r.ID) != "":
		return "a " + string(m.unrankedTier(r.ID)) + " result"
	case !m.whole(r):
		return "F1 is not defined"
	}
	return ""
}

// cost sums the costs of runs of a model. What one of them does not tell is unknown.
func (m *boardMaker) cost(e *boardEntry, runs []results.RunInfo) site.Cost {
	var sum results.Cost
	passages, timed := 0, true
	for _, r := range runs {
		c := m.costs[r.ID]
		sum.Queries += c.Queries
		sum.Uncounted += c.Uncounted
		sum.PromptTokens += c.PromptTokens
		sum.AnswerTokens += c.AnswerTokens
		sum.Duration += c.Duration
		passages += r.Complete
		timed = timed && c.Duration > 0
	}
	var out site.Cost
	if timed && sum.Duration > 0 {
		seconds := sum.Duration.Seconds()
		out.Seconds = &seconds
	}
	if !sum.TokensKnown() {
		return out
	}
	in, answers := int64(sum.PromptTokens), int64(sum.AnswerTokens)
	out.PromptTokens, out.AnswerTokens = &in, &answers
	if price, ok := m.price(e); ok && passages > 0 {
		money := (price.In*float64(in) + price.Out*float64(answers)) / 1e6 / float64(passages) * 1000
		out.Price = &money
	}
	return out
}

// price is that of the board, or of the model's card.
func (m *boardMaker) price(e *boardEntry) (Price, bool) {
	if p, ok := m.rules.PriceOf(e.model); ok {
		return Price{p.In, p.Out}, true
	}
	if e.card != nil && e.card.PriceIn+e.card.PriceOut > 0 {
		return Price{e.card.PriceIn, e.card.PriceOut}, true
	}
	return Price{}, false
}

// suiteLine is the line of a model in a suite, with its scores if it completed all
// datasets.
type suiteLine struct {
	*site.Line
	of system
}

// addSuite adds the ranking of a suite: by track, the models that completed it by their
// mean, then the others by the number of their datasets.
func (m *boardMaker) addSuite(s *boardSuite) {
	out := site.Suite{ID: s.id, Title: s.title}
	for _, d := range s.datasets {
		out.Datasets = append(out.Datasets, d.ID)
	}
	var ranked, unranked []*site.Line
	for _, track := range m.rules.Tracks {
		above, below := m.rankSuite(track.Name, s)
		ranked, unranked = append(ranked, above...), append(unranked, below...)
	}
	at := len(m.board.Suites)
	m.board.Suites = append(m.board.Suites, out)
	m.finish = append(m.finish, func() { // the lines have their ranks and intervals now
		for _, l := range ranked {
			m.board.Suites[at].Ranked = append(m.board.Suites[at].Ranked, *l)
		}
		for _, l := range unranked {
			m.board.Suites[at].Unranked = append(m.board.Suites[at].Unranked, *l)
		}
	})
}

// rankSuite returns the lines of a track in a suite, and asks for their ranks.
func (m *boardMaker) rankSuite(track string, s *boardSuite) (ranked, unranked []*site.Line) {
	var lines []suiteLine
	for _, e := range m.ofTrack(track) {
		switch line, of := m.line(e, s); {
		case line == nil:
		case of == nil:
			unranked = append(unranked, line)
		default:
			lines = append(lines, suiteLine{line, of})
		}
	}
	slices.SortStableFunc(lines, func(a, b suiteLine) int { return cmp.Compare(b.of.f1(), a.of.f1()) })
	byName, names, systems := map[string]*site.Line{}, make([]string, len(lines)), make([]system, len(lines))
	for i, l := range lines {
		names[i], systems[i], byName[l.Model] = l.Model, l.of, l.Line
	}
	same, kept := samePassages(names, systems)
	for _, l := range lines {
		if slices.Contains(same, l.Model) {
			ranked = append(ranked, l.Line)
		} else {
			l.Missing = "the passages of the other models"
			unranked = append(unranked, l.Line)
		}
	}
	slices.SortStableFunc(unranked, func(a, b *site.Line) int { return b.Done - a.Done })
	m.contest(kept, func(c contest, tests pairTests) {
		for i, r := range boardRanks(c, tests) {
			byName[same[i]].From, byName[same[i]].To = r.From, r.To
		}
	})
	return ranked, unranked
}

// boardRanks are rank ranges. A model without others has rank 1.
func boardRanks(c contest, tests pairTests) []stats.Rank {
	if len(c.systems) == 1 {
		return []stats.Rank{{From: 1, To: 1}}
	}
	return rankRanges(c, tests)
}

// line is the line of a model in a suite, with its scores if it completed all datasets;
// nil if it completed none.
func (m *boardMaker) line(e *boardEntry, s *boardSuite) (*site.Line, system) {
	c := e.main()
	line := &site.Line{Model: e.slug, Means: map[string]site.Mean{}, Domains: map[string]site.Mean{}}
	var runs []results.RunInfo
	var lacks, begun []string
	outcomes := map[ner.Outcome]int{}
	for _, d := range s.datasets {
		r, there := c.runs[d.ID]
		switch {
		case there && m.whole(r):
			runs = append(runs, r)
			for o, n := range r.Scores.Outcomes {
				outcomes[o] += n
			}
			continue
		case there:
			begun = append(begun, d.ID+" ("+m.missing(r)+")")
		default:
			lacks = append(lacks, d.ID)
		}
	}
	if len(runs)+len(begun) == 0 {
		return nil, nil
	}
	line.Done, line.Cost = len(runs), m.cost(e, runs)
	if failed, queries := FailureShare(outcomes); queries > 0 {
		share := float64(failed) / float64(queries)
		line.Failures = &share
	}
	for _, domain := range suiteDomains(s.datasets) {
		ds := slices.DeleteFunc(slices.Clone(s.datasets), func(d *datasets.Dataset) bool { return d.Domain != domain })
		if of, ok := m.complete(c, ds); ok {
			m.setMean(of, func(mean site.Mean) { line.Domains[domain] = mean })
		}
	}
	m.addUnseen(line, e, s)
	of, all := m.complete(c, s.datasets)
	if !all {
		line.Missing = missingText(len(s.datasets), append(begun, lacks...))
		return line, nil
	}
	for _, metric := range m.rules.Metrics {
		if by, ok := of.by(metric); ok {
			m.setMean(by, func(mean site.Mean) { line.Means[metric] = mean })
		}
	}
	return line, of
}

// setMean sets a mean, and once more with its interval.
func (m *boardMaker) setMean(of system, set func(site.Mean)) {
	mean := m.mean(of)
	set(mean)
	m.interval(of, func(in *[2]float64) {
		mean.Interval = in
		set(mean)
	})
}

// addUnseen adds the mean over the datasets that the model has not seen in training.
func (m *boardMaker) addUnseen(line *site.Line, e *boardEntry, s *boardSuite) {
	var unseen []*datasets.Dataset
	for _, d := range s.datasets {
		if m.seen(e, d.ID) == site.SeenNo {
			unseen = append(unseen, d)
		}
	}
	line.ZeroShot = len(unseen)
	if of, ok := m.complete(e.main(), unseen); ok {
		mean := m.mean(of)
		line.Unseen = &mean
		m.interval(of, func(in *[2]float64) { line.Unseen.Interval = in })
	}
}

// suiteDomains lists the domains of datasets in their order.
func suiteDomains(ds []*datasets.Dataset) []string {
	var list []string
	for _, d := range ds {
		if !slices.Contains(list, d.Domain) {
			list = append(list, d.Domain)
		}
	}
	return list
}

// namedMissing is the number of datasets that a line names.
const namedMissing = 3

// missingText says which datasets a model lacks.
func missingText(total int, missing []string) string {
	text := fmt.Sprintf("%d of %d datasets: ", len(missing), total)
	if more := len(missing) - namedMissing; more > 0 {
		return text + strings.Join(missing[:namedMissing], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return text + strings.Join(missing, ", ")
}
