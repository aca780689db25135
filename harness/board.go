package harness

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"nerbench/boards"
	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/reports/site"
	"nerbench/results"
	"nerbench/runners/cards"
)

// BoardRequest describes a leaderboard of the runs in the store.
type BoardRequest struct {
	// Rules are the suites, tracks and prices; nil: the embedded ones.
	Rules *boards.Board
	// Resamples is the number of resamples of 95 % intervals; 0: no intervals.
	Resamples int
	// Version is that of the program.
	Version string
	// Text is the use for which the text of datasets must be permitted
	// ([datasets.Dataset.MayShow]); empty: publication.
	Text datasets.TextRule
	// Repository says where the runs come from; nil: they are those of the user.
	Repository *Repository
	// Cache has what was computed before, if the store does not; nil: nothing.
	Cache *StatisticsCache
}

// Board makes the leaderboard of the runs in the store. All numbers of a suite are over
// its fixed datasets: only models that completed all of them are ranked
// (docs/spec/metrics.md §12.7). If no run is on a dataset of a suite, the board has one
// suite with the datasets of the runs.
func (b *Bench) Board(ctx context.Context, r BoardRequest) (*site.Board, error) {
	if r.Rules == nil {
		var err error
		if r.Rules, err = boards.Default(); err != nil {
			return nil, err
		}
	}
	for _, id := range r.Rules.Metrics {
		if _, _, err := metrics.ParseID(id); err != nil {
			return nil, fault.Usagef("board: metrics: %v", err)
		}
	}
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return nil, err
	}
	if r.Repository != nil {
		runs = r.Repository.keepSubmitted(runs)
	}
	list, err := b.AllCards()
	if err != nil {
		b.note("model cards: %v", err)
	}
	m := &boardMaker{
		bench: b, request: r, rules: r.Rules, rank: r.Rules.Metrics[0], cards: list, statistics: &statistics{bench: b, store: store, cache: r.Cache, made: r.Repository != nil},
		board: &site.Board{Title: r.Rules.Title, Version: r.Version, Metrics: r.Rules.Metrics, Currency: r.Rules.Currency, Definitions: map[string]string{}},
	}
	if r.Repository != nil {
		m.board.Log = append([]site.LogEvent{}, r.Repository.Log...)
	}
	for _, id := range r.Rules.Metrics {
		metric, _, _ := metrics.ParseID(id)
		m.board.Definitions[id] = metric.Meaning
	}
	return m.board, m.make(ctx, runs)
}

// boardMaker makes one board.
type boardMaker struct {
	bench      *Bench
	request    BoardRequest
	rules      *boards.Board
	rank       string // metric
	cards      []cards.Card
	statistics *statistics

	suites    []boardSuite
	datasets  []*datasets.Dataset // of all suites
	coverages map[string]reports.Coverage
	entries   []*boardEntry
	costs     map[string]results.Cost // by run

	contests []contest // with what each is about
	settle   []func(contest, pairTests)
	asked    []system // intervals, with their places
	places   []func(*[2]float64)
	finish   []func() // after ranks and intervals are set

	board *site.Board
}

// boardSuite is a suite with its datasets.
type boardSuite struct {
	id, title string
	datasets  []*datasets.Dataset
}

func (m *boardMaker) make(ctx context.Context, runs []results.RunInfo) error {
	kept, err := m.findSuites(runs)
	if err != nil {
		return err
	}
	m.bench.noteUnscored(kept)
	m.coverages = Coverages(kept)
	m.entries = m.group(kept)
	if err := m.readCosts(ctx); err != nil {
		return err
	}
	date, err := m.bench.ShownDate(kept)
	if err != nil {
		return err
	}
	if !date.IsZero() {
		m.board.Date = date.Format(time.DateOnly)
	}
	if err := m.addDatasets(ctx); err != nil {
		return err
	}
	m.addModels()
	m.addRuns()
	m.addFolded()
	for i := range m.suites {
		m.addSuite(&m.suites[i])
	}
	if err := m.addAblations(ctx); err != nil {
		return err
	}
	if err := m.compute(ctx); err != nil {
		return err
	}
	return m.addPairs(ctx)
}

// compute computes all tests and intervals at once, and sets the ranks.
func (m *boardMaker) compute(ctx context.Context) error {
	tests, err := m.statistics.contestTests(ctx, m.contests)
	if err != nil {
		return err
	}
	for i, c := range m.contests {
		m.settle[i](c, tests[i])
	}
	if m.request.Resamples > 0 {
		intervals, err := m.statistics.intervals(ctx, m.asked, m.request.Resamples)
		if err != nil {
			return err
		}
		for i, in := range intervals {
			m.places[i](in)
		}
	}
	for _, f := range m.finish {
		f()
	}
	return nil
}

// interval asks for the interval of a system.
func (m *boardMaker) interval(of system, place func(*[2]float64)) {
	m.asked, m.places = append(m.asked, of), append(m.places, place)
}

// contest asks for the tests of all pairs of systems.
func (m *boardMaker) contest(systems []system, settle func(contest, pairTests)) {
	m.contests, m.settle = append(m.contests, newContest(systems)), append(m.settle, settle)
}

// findSuites finds the suites of the board, and returns the runs on their datasets.
func (m *boardMaker) findSuites(runs []results.RunInfo) ([]results.RunInfo, error) {
	all, err := m.bench.usableDatasets()
	if err != nil {
		return nil, err
	}
	find := func(id string) (*datasets.Dataset, error) {
		if domain, ok := strings.CutPrefix(id, SamplePrefix); ok {
			return SampleDataset(domain)
		}
		return datasets.Find(all, id)
	}
	for _, name := range m.rules.SuiteNames {
		suite, err := m.rules.Suite(name)
		if err != nil {
			return nil, fault.Usagef("board: %v", err)
		}
		s := boardSuite{id: suite.Name, title: suite.Title}
		for _, id := range suite.Datasets {
			dataset, err := find(id)
			if err != nil {
				return nil, fault.Usagef("board: suite %s: %v", name, err)
			}
			s.datasets = append(s.datasets, dataset)
		}
		m.suites = append(m.suites, s)
	}
	kept := m.runsOfSuites(runs)
	if len(kept) == 0 && len(runs) > 0 {
		m.suites = []boardSuite{suiteOfRuns(runs, find)}
		kept = m.runsOfSuites(runs)
	}
	if n := len(runs) - len(kept); n > 0 {
		m.bench.note("runs on datasets of no suite are left out: %d", n)
	}
	order := map[string]int{} // of the benchmark
	for i, d := range all {
		order[d.ID] = i
	}
	seen := map[string]bool{}
	for _, s := range m.suites {
		for _, d := range s.datasets {
			if !seen[d.ID] {
				seen[d.ID] = true
				m.datasets = append(m.datasets, d)
			}
		}
	}
	slices.SortStableFunc(m.datasets, func(a, b *datasets.Dataset) int { return order[a.ID] - order[b.ID] })
	m.suites = slices.DeleteFunc(m.suites, func(s boardSuite) bool {
		return !slices.ContainsFunc(kept, func(r results.RunInfo) bool { return s.has(r.Keys["dataset"]) })
	})
	return kept, nil
}

func (m *boardMaker) runsOfSuites(runs []results.RunInfo) []results.RunInfo {
	return slices.DeleteFunc(slices.Clone(runs), func(r results.RunInfo) bool {
		return !slices.ContainsFunc(m.suites, func(s boardSuite) bool { return s.has(r.Keys["dataset"]) })
	})
}

func (s *boardSuite) has(id string) bool {
	return slices.ContainsFunc(s.datasets, func(d *datasets.Dataset) bool { return d.ID == id })
}

// suiteOfRuns is the suite of a store without runs on the suites: of the embedded sample,
// or of the user's own datasets.
func suiteOfRuns(runs []results.RunInfo, find func(id string) (*datasets.Dataset, error)) boardSuite {
	s := boardSuite{id: "all", title: "All datasets"}
	sample := true
	for _, r := range runs {
		dataset, err := find(r.Keys["dataset"])
		if err != nil || s.has(dataset.ID) { // the file of a dataset may be gone
			continue
		}
		s.datasets = append(s.datasets, dataset)
		sample = sample && strings.HasPrefix(dataset.ID, SamplePrefix)
	}
	if sample {
		s.id, s.title = "sample", "Invented sample"
	}
	slices.SortFunc(s.datasets, func(a, b *datasets.Dataset) int { return strings.Compare(a.ID, b.ID) })
	return s
}

// addDatasets describes the datasets, and asks for their ranks.
func (m *boardMaker) addDatasets(ctx context.Context) error {
	for _, d := range m.datasets {
		out := site.Dataset{
			ID: d.ID, Title: d.Title, Domain: d.Domain, Licence: d.Licence, Types: d.Types(), Published: d.Table6.Test,
			Text: d.MayShow(cmp.Or(m.request.Text, datasets.PublishText)),
		}
		if set, err := d.Set(""); err == nil {
			if part, err := set.Part(ner.Test); err == nil && part.Lock != nil {
				out.Passages, out.Spans = part.Lock.Documents, part.Lock.Spans
				if ceiling, ok := part.Lock.Ceiling["all"]; ok {
					out.Ceiling = &ceiling
				}
			}
		}
		if !m.describeByRuns(&out) {
			out.Absent = m.bench.Absence(ctx, d)
		}
		m.board.Datasets = append(m.board.Datasets, out)
	}
	for i := range m.board.Datasets {
		m.rankDataset(&m.board.Datasets[i])
	}
	return ctx.Err()
}

// describeByRuns adds what the runs on a dataset tell. ok is false if there is none.
func (m *boardMaker) describeByRuns(d *site.Dataset) (ok bool) {
	for _, e := range m.entries {
		r, there := e.main().runs[d.ID]
		if !there {
			continue
		}
		ok = true
		d.Fingerprint = cmp.Or(d.Fingerprint, r.Keys["data"])
		d.Passages = max(d.Passages, m.coverages[r.ID].Split)
		if d.Spans == 0 && m.whole(r) {
			d.Spans = r.Scores.Metrics["span_f1"].Total.NGold
		}
	}
	return ok
}

// rankDataset ranks the models of each track on a dataset, best first. Models with a
// partial run stand behind, without a rank.
func (m *boardMaker) rankDataset(d *site.Dataset) {
	var spreads []float64
	for _, track := range m.rules.Tracks {
		var names []string
		var systems []system
		var runs, others []site.DatasetLine
		for _, e := range m.ofTrack(track.Name) {
			r, there := e.main().runs[d.ID]
			switch {
			case !there:
			case m.whole(r):
				names, systems = append(names, e.slug), append(systems, system{{r, m.rank}})
				runs = append(runs, site.DatasetLine{Model: e.slug, Run: r.ID})
			default:
				others = append(others, site.DatasetLine{Model: e.slug, Run: r.ID})
			}
		}
		same, kept := samePassages(names, systems)
		f1 := map[string]float64{}
		for i, name := range names {
			f1[name] = systems[i].f1()
		}
		slices.SortStableFunc(runs, func(a, b site.DatasetLine) int { return cmp.Compare(f1[b.Model], f1[a.Model]) })
		first := len(d.Ranks)
		d.Ranks = append(append(d.Ranks, runs...), others...)
		m.contest(kept, func(c contest, tests pairTests) {
			for i, rank := range boardRanks(c, tests) {
				for k := first; k < first+len(runs); k++ {
					if d.Ranks[k].Model == same[i] {
						d.Ranks[k].From, d.Ranks[k].To = rank.From, rank.To
					}
				}
			}
			for _, test := range tests.tests {
				spreads = append(spreads, test.Spread)
			}
			d.Distinguishable = distinguishable(spreads)
		})
	}
}

// distinguishable is the smallest difference that a dataset can tell apart: that of a
// typical pair of systems at p = 0.05 (docs/spec/metrics.md §12.8). nil: no pair differs.
func distinguishable(spreads []float64) *float64 {
	differ := slices.DeleteFunc(slices.Clone(spreads), func(s float64) bool { return s == 0 })
	if len(differ) == 0 {
		return nil
	}
	d := stats.Distinguishable(differ)
	return &d
}
