package harness

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/metrics/stats"
	"nerbench/results"
)

// scored is a stored score of a run on one dataset, from which statistics are computed.
type scored struct {
	run    results.RunInfo
	metric string // full id
}

// dataset is the id of the dataset of the run.
func (s scored) dataset() string { return s.run.Keys["dataset"] }

// column names the dataset with the number of passages: runs on parts of a split are
// resampled apart.
func (s scored) column() string { return fmt.Sprint(s.dataset(), " ", s.run.Scores.Passages) }

// system is what a statistic is about: a score on one dataset, or one on each of several
// datasets, whose F1s are averaged.
type system []scored

// sorted returns the scores in the order of their datasets' ids, so that statistics do not
// depend on the order of a suite.
func (s system) sorted() system {
	return slices.SortedFunc(slices.Values(s), func(a, b scored) int { return strings.Compare(a.dataset(), b.dataset()) })
}

// passages identifies the passages that the scores are over: paired tests are over the
// same ones.
func (s system) passages() string {
	var b strings.Builder
	for _, of := range s.sorted() {
		fmt.Fprintf(&b, "%s %d", of.dataset(), of.run.Scores.Passages)
		for _, key := range slices.Concat(passageKeys, partKeys) {
			fmt.Fprintf(&b, " %q", of.run.Keys[key])
		}
	}
	return b.String()
}

// f1 is the mean of the F1s; an undefined one counts as 0, as in its statistics.
func (s system) f1() float64 {
	sum := 0.0
	for _, of := range s {
		if _, _, v := Ratios(of.metric, of.run.Scores.Metrics[of.metric].Total); v != nil {
			sum += *v
		}
	}
	return sum / float64(len(s))
}

// stamp identifies the counts by passage.
func (s system) stamp() string {
	h := sha256.New()
	for _, of := range s {
		m := of.run.Scores.Metrics[of.metric]
		fmt.Fprintf(h, "%s %s %s %d %d %d %d %d\n", of.dataset(), of.metric, m.Version, of.run.Scores.Passages, m.Total.TP, m.Total.NPred, m.Total.NGold, m.Checksum)
	}
	return string(h.Sum(nil))
}

// statistics computes paired tests and intervals from the counts of a store, and keeps
// them there ([results.Store.SavePairTests]).
type statistics struct {
	bench *Bench
	store *results.Store
}

// statisticsVersion changes with the definition of a statistic.
const statisticsVersion = "1"

// statisticKey is the hash of all that a statistic of one or two systems depends on. The
// test of A and B is that of B and A.
func statisticKey(kind string, draws int, stamps ...string) results.StatisticKey {
	slices.Sort(stamps)
	sum := sha256.Sum256(fmt.Append(nil, kind, " ", statisticsVersion, " seed 0 draws ", draws, "\n", strings.Join(stamps, "")))
	return results.StatisticKey(sum[:])
}

// contest is a set of systems that are compared with each other on the same datasets.
type contest struct {
	systems []system
	rounds  int
}

// newContest is a contest for rank ranges (docs/spec/metrics.md §12.6).
func newContest(systems []system) contest {
	c := contest{make([]system, len(systems)), stats.RankRounds(len(systems), rankAlpha)}
	for i, s := range systems {
		c.systems[i] = s.sorted()
	}
	return c
}

// datasets is the number of datasets; 0 without systems.
func (c contest) datasets() int {
	if len(c.systems) == 0 {
		return 0
	}
	return len(c.systems[0])
}

// keys returns the keys of all pairs.
func (c contest) keys() map[[2]int]results.StatisticKey {
	stamps := make([]string, len(c.systems))
	for i, s := range c.systems {
		stamps[i] = s.stamp()
	}
	keys := map[[2]int]results.StatisticKey{}
	for i := range stamps {
		for j := i + 1; j < len(stamps); j++ {
			keys[[2]int{i, j}] = statisticKey("pair", c.rounds, stamps[i], stamps[j])
		}
	}
	return keys
}

// pairTests holds the tests of all pairs of a contest.
type pairTests map[[2]int]results.PairTest

// p returns the p value of systems i < j.
func (t pairTests) p(i, j int) float64 {
	test := t[[2]int{i, j}]
	if test.Exact {
		return float64(test.Count) / float64(test.Tried)
	}
	return float64(1+test.Count) / float64(test.Tried+1)
}

// pairTests returns the tests of all pairs of each contest. Those that the store does
// not have are computed at once, and kept if the store can be written.
func (s *statistics) pairTests(ctx context.Context, contests []contest) ([]pairTests, error) {
	out := make([]pairTests, len(contests))
	keys := make([]map[[2]int]results.StatisticKey, len(contests))
	var all []results.StatisticKey
	for c, of := range contests {
		out[c], keys[c] = pairTests{}, of.keys()
		all = slices.AppendSeq(all, maps.Values(keys[c]))
	}
	known, err := s.store.PairTests(ctx, all)
	if err != nil {
		return nil, err
	}
	fresh, err := s.computePairs(ctx, contests, keys, known)
	if err != nil {
		return nil, err
	}
	for c := range contests {
		for pair, key := range keys[c] {
			test, ok := known[key]
			if !ok {
				test = fresh[key]
			}
			out[c][pair] = test
		}
	}
	s.keep(ctx, len(fresh), func(store *results.Store) error { return store.SavePairTests(ctx, fresh) })
	return out, nil
}

// computePairs computes the tests that are not known.
func (s *statistics) computePairs(ctx context.Context, contests []contest, keys []map[[2]int]results.StatisticKey, known map[results.StatisticKey]results.PairTest) (map[results.StatisticKey]results.PairTest, error) {
	columns := newColumnSet()
	var families []stats.Family
	var ofFamily [][]results.StatisticKey
	asked := map[results.StatisticKey]bool{}
	for _, c := range mostDatasetsFirst(contests, contest.datasets) {
		of := contests[c]
		family := stats.Family{Rounds: of.rounds}
		var list []results.StatisticKey
		indexes := make([]int, len(of.systems))
		for i, s := range of.systems {
			indexes[i] = columns.find(s)
		}
		for i := range of.systems {
			for j := i + 1; j < len(of.systems); j++ {
				key := keys[c][[2]int{i, j}]
				if _, there := known[key]; there || asked[key] {
					continue
				}
				asked[key] = true
				columns.use(indexes[i], of.systems[i])
				columns.use(indexes[j], of.systems[j])
				family.Pairs, list = append(family.Pairs, [2]int{indexes[i], indexes[j]}), append(list, key)
			}
		}
		if len(list) == 0 {
			continue
		}
		family.Columns = columns.indexes(of.systems[0])
		families, ofFamily = append(families, family), append(ofFamily, list)
	}
	if len(families) == 0 {
		return nil, nil
	}
	if err := columns.load(ctx, s.store); err != nil {
		return nil, err
	}
	tests, err := stats.ComparePairs(ctx, columns.columns, families)
	if err != nil {
		return nil, err
	}
	fresh := map[results.StatisticKey]results.PairTest{}
	for f, list := range ofFamily {
		for i, key := range list {
			t := tests[f][i]
			fresh[key] = results.PairTest{Count: t.Count, Tried: t.Tried, Exact: t.Exact, Spread: t.Spread}
		}
	}
	return fresh, nil
}

// intervals returns the 95 % interval of each system: of its F1 on one dataset, or of
// the mean over several; nil if one of them has fewer than two passages.
func (s *statistics) intervals(ctx context.Context, systems []system, resamples int) ([]*[2]float64, error) {
	keys := make([]results.StatisticKey, len(systems))
	for i, of := range systems {
		keys[i] = statisticKey("interval", resamples, of.sorted().stamp())
	}
	known, err := s.store.Intervals(ctx, keys)
	if err != nil {
		return nil, err
	}
	fresh, err := s.computeIntervals(ctx, systems, keys, known, resamples)
	if err != nil {
		return nil, err
	}
	out := make([]*[2]float64, len(systems))
	for i, of := range systems {
		in, ok := known[keys[i]]
		if !ok {
			in = fresh[keys[i]]
		}
		if canResample(of) {
			out[i] = &[2]float64{in.Low, in.High}
		}
	}
	s.keep(ctx, len(fresh), func(store *results.Store) error { return store.SaveIntervals(ctx, fresh) })
	return out, nil
}

// canResample reports whether each score is over two passages or more.
func canResample(of system) bool {
	return len(of) > 0 && !slices.ContainsFunc(of, func(s scored) bool { return s.run.Scores.Passages < 2 })
}

// computeIntervals computes the intervals that are not known.
func (s *statistics) computeIntervals(ctx context.Context, systems []system, keys []results.StatisticKey, known map[results.StatisticKey]results.Interval, resamples int) (map[results.StatisticKey]results.Interval, error) {
	columns := newColumnSet()
	var samples []stats.Sample
	var list []results.StatisticKey
	asked := map[results.StatisticKey]bool{}
	for _, i := range mostDatasetsFirst(systems, func(s system) int { return len(s) }) {
		of, key := systems[i].sorted(), keys[i]
		if _, there := known[key]; there || asked[key] || !canResample(of) {
			continue
		}
		asked[key] = true
		index := columns.find(of)
		columns.use(index, of)
		samples, list = append(samples, stats.Sample{Columns: columns.indexes(of), System: index}), append(list, key)
	}
	if len(samples) == 0 {
		return nil, nil
	}
	if err := columns.load(ctx, s.store); err != nil {
		return nil, err
	}
	intervals, err := stats.BootstrapMany(ctx, columns.columns, samples, resamples)
	if err != nil {
		return nil, err
	}
	fresh := map[results.StatisticKey]results.Interval{}
	for i, key := range list {
		fresh[key] = results.Interval{Low: intervals[i].Low, High: intervals[i].High}
	}
	return fresh, nil
}

// keep writes what was computed into the store. A store that cannot be written is no
// error: the same is computed again the next time.
func (s *statistics) keep(ctx context.Context, n int, save func(*results.Store) error) {
	if n == 0 || s.bench.ReadOnly {
		return
	}
	store, err := results.Open(ctx, s.bench.Store, results.Existing)
	if err == nil {
		err = errors.Join(save(store), store.Close())
	}
	if err != nil && !errors.Is(err, results.ErrReadOnly) && ctx.Err() == nil {
		s.bench.note("statistics are not kept: %v", err)
	}
}

// mostDatasetsFirst returns the indexes of a list in the order in which a [columnSet]
// needs them.
func mostDatasetsFirst[T any](list []T, datasets func(T) int) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return datasets(list[j]) - datasets(list[i]) })
	return order
}

// columnSet collects the counts that statistics need, each once. Systems with many
// datasets must come before those with few of the same scores.
type columnSet struct {
	columns []stats.Column
	byName  map[string]int // column by [scored.column]
	systems []map[string]scored
	used    []map[string]bool // the columns whose counts are needed, by system
	owner   map[[2]string]int // the system that has a score, by run and metric
}

func newColumnSet() *columnSet {
	return &columnSet{byName: map[string]int{}, owner: map[[2]string]int{}}
}

// find returns the index of a system. Systems that have a score in common are one, unless
// they have different scores on a dataset.
func (c *columnSet) find(of system) int {
	if i, there := c.owner[[2]string{of[0].run.ID, of[0].metric}]; there && c.within(i, of) {
		return i
	}
	has := map[string]scored{}
	for _, s := range of {
		has[s.column()] = s
		if id := [2]string{s.run.ID, s.metric}; !c.owned(id) {
			c.owner[id] = len(c.systems)
		}
		if _, there := c.byName[s.column()]; !there {
			c.byName[s.column()] = len(c.columns)
			c.columns = append(c.columns, stats.Column{Seed: stats.DatasetSeed(0, s.dataset())})
		}
	}
	c.systems, c.used = append(c.systems, has), append(c.used, map[string]bool{})
	return len(c.systems) - 1
}

func (c *columnSet) owned(id [2]string) bool {
	_, there := c.owner[id]
	return there
}

// within reports whether a system of the set has all scores of another one.
func (c *columnSet) within(index int, of system) bool {
	return !slices.ContainsFunc(of, func(s scored) bool {
		own, there := c.systems[index][s.column()]
		return !there || own.run.ID != s.run.ID || own.metric != s.metric
	})
}

// use records that the counts of a system are needed.
func (c *columnSet) use(index int, of system) {
	for _, s := range of {
		c.used[index][s.column()] = true
	}
}

// indexes returns the columns of the datasets of a system.
func (c *columnSet) indexes(of system) []int {
	list := make([]int, len(of))
	for i, s := range of {
		list[i] = c.byName[s.column()]
	}
	return list
}

// load reads the counts that are needed.
func (c *columnSet) load(ctx context.Context, store *results.Store) error {
	for i := range c.columns {
		c.columns[i].Systems = make([]*stats.Counts, len(c.systems))
	}
	for i, used := range c.used {
		for column := range used {
			s := c.systems[i][column]
			counts, err := store.Counts(ctx, s.run.ID, s.metric)
			if err != nil {
				return err
			}
			c.columns[c.byName[column]].Systems[i] = stats.NewCounts(counts)
		}
	}
	return nil
}
