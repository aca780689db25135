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
	cache *StatisticsCache // nil: none
	// made: the store was made for one board, and has and keeps no statistics.
	made bool
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

// contest is a set of systems that are ranked on the same datasets.
type contest struct{ systems []system }

// newContest is a contest for rank ranges (docs/spec/metrics.md §12.6).
func newContest(systems []system) contest {
	c := contest{make([]system, len(systems))}
	for i, s := range systems {
		c.systems[i] = s.sorted()
	}
	return c
}

// pairs lists the pairs of a contest, with the rounds of rank ranges.
func (c contest) pairs() []pair {
	var list []pair
	for i := range c.systems {
		for j := i + 1; j < len(c.systems); j++ {
			list = append(list, pair{c.systems[i], c.systems[j], stats.RankRounds(len(c.systems), rankAlpha)})
		}
	}
	return list
}

// pairTests holds the tests of all pairs of a contest, in the order of its pairs.
type pairTests struct {
	systems int
	tests   []results.PairTest
}

// p returns the p value of systems i < j.
func (t pairTests) p(i, j int) float64 {
	return probability(t.tests[i*t.systems-i*(i+1)/2+j-i-1])
}

// probability is the p value of a test.
func probability(test results.PairTest) float64 {
	if test.Exact {
		return float64(test.Count) / float64(test.Tried)
	}
	return float64(1+test.Count) / float64(test.Tried+1)
}

// contestTests returns the tests of all pairs of each contest.
func (s *statistics) contestTests(ctx context.Context, contests []contest) ([]pairTests, error) {
	var pairs []pair
	for _, c := range contests {
		pairs = append(pairs, c.pairs()...)
	}
	tests, err := s.tests(ctx, pairs, nil)
	if err != nil {
		return nil, err
	}
	out := make([]pairTests, len(contests))
	for i, c := range contests {
		n := len(c.systems) * (len(c.systems) - 1) / 2
		out[i] = pairTests{len(c.systems), tests[:n]}
		tests = tests[n:]
	}
	return out, nil
}

// pair asks for a statistic of two systems on the same datasets, in the order of their
// ids. draws is the number of rounds or of resamples.
type pair struct {
	a, b  system
	draws int
}

// pairKeys returns the keys of pairs. swapped pairs are stored as the statistic of B and
// A.
func pairKeys(kind string, pairs []pair) (keys []results.StatisticKey, swapped []bool) {
	type list struct { // pairs share systems, and parts of them
		first *scored
		n     int
	}
	stamps := map[list]string{}
	stamp := func(s system) string {
		at := list{&s[0], len(s)}
		if _, there := stamps[at]; !there {
			stamps[at] = s.stamp()
		}
		return stamps[at]
	}
	keys, swapped = make([]results.StatisticKey, len(pairs)), make([]bool, len(pairs))
	for i, p := range pairs {
		a, b := stamp(p.a), stamp(p.b)
		keys[i], swapped[i] = statisticKey(kind, p.draws, a, b), a > b
	}
	return keys, swapped
}

// readStored returns those statistics that the store has.
func readStored[T any](ctx context.Context, s *statistics, keys []results.StatisticKey, read func(context.Context, []results.StatisticKey) (map[results.StatisticKey]T, error)) (map[results.StatisticKey]T, error) {
	if s.made {
		return map[results.StatisticKey]T{}, nil
	}
	return read(ctx, keys)
}

// tests returns the paired test of each pair. Those that the store does not have are
// computed at once, and kept if the store can be written. all are systems with more
// datasets, of which those of the pairs are parts; may be empty.
func (s *statistics) tests(ctx context.Context, pairs []pair, all []system) ([]results.PairTest, error) {
	keys, _ := pairKeys("pair", pairs)
	stored, err := readStored(ctx, s, keys, s.store.PairTests)
	if err != nil {
		return nil, err
	}
	known := func(key results.StatisticKey) (t results.PairTest, there bool) {
		if t, there = stored[key]; !there {
			t, there = s.cache.knownTest(key)
		}
		return t, there
	}
	begun := s.cache.begunTests(pairs, keys, known, stored)
	fresh := map[results.StatisticKey]results.PairTest{}
	f, err := s.families(ctx, pairs, keys, func(key results.StatisticKey) bool { _, there := known(key); return there }, all)
	if err != nil {
		return nil, err
	}
	for i := range f.families {
		for _, key := range f.keys[i] {
			f.families[i].Begun = append(f.families[i].Begun, stats.Sums(begun[key]))
		}
	}
	tests, err := stats.ComparePairs(ctx, f.columns, f.families)
	if err != nil {
		return nil, err
	}
	for i, list := range f.keys {
		for k, key := range list {
			t := tests[i][k]
			fresh[key] = results.PairTest{Count: t.Count, Tried: t.Tried, Exact: t.Exact, Spread: t.Spread, Whole: results.RoundSums(t.Whole)}
		}
	}
	s.cache.computed(len(fresh))
	s.keep(ctx, len(fresh), func(store *results.Store) error { return store.SavePairTests(ctx, fresh) })
	maps.Copy(stored, fresh)
	if s.made && s.cache != nil { // the board may ask for them again
		maps.Copy(s.cache.Known.Tests, fresh)
	}
	out := make([]results.PairTest, len(pairs))
	for i, key := range keys {
		out[i], _ = known(key)
		s.cache.useTest(pairs[i].a, key, out[i])
	}
	return out, nil
}

// differences returns the 95 % interval of the difference of each pair, A less B; nil if
// one of the datasets has fewer than two passages.
func (s *statistics) differences(ctx context.Context, pairs []pair, all []system) ([]*[2]float64, error) {
	keys, swapped := pairKeys("difference", pairs)
	stored, err := readStored(ctx, s, keys, s.store.Intervals)
	if err != nil {
		return nil, err
	}
	known := s.cache.knownInterval(stored)
	fresh := map[results.StatisticKey]results.Interval{}
	f, err := s.families(ctx, pairs, keys, func(key results.StatisticKey) bool { _, there := known(key); return there }, all)
	if err != nil {
		return nil, err
	}
	intervals, err := stats.BootstrapPairs(ctx, f.columns, f.families, f.draws)
	if err != nil {
		return nil, err
	}
	for i, list := range f.keys {
		for k, key := range list {
			in := results.Interval(intervals[i][k])
			if swapped[f.places[i][k]] {
				in = results.Interval{Low: -in.High, High: -in.Low}
			}
			fresh[key] = in
		}
	}
	s.cache.computed(len(fresh))
	s.keep(ctx, len(fresh), func(store *results.Store) error { return store.SaveIntervals(ctx, fresh) })
	maps.Copy(stored, fresh)
	if s.made && s.cache != nil {
		maps.Copy(s.cache.Known.Intervals, fresh)
	}
	out := make([]*[2]float64, len(pairs))
	for i, key := range keys {
		in, _ := known(key)
		if !canResample(pairs[i].a) {
			continue
		}
		s.cache.useInterval(pairs[i].a, key, in)
		if swapped[i] {
			in = results.Interval{Low: -in.High, High: -in.Low}
		}
		out[i] = &[2]float64{in.Low, in.High}
	}
	return out, nil
}

// familySet are the families of the pairs whose statistics are computed.
type familySet struct {
	*columnSet
	families []stats.Family
	keys     [][]results.StatisticKey // by family and pair
	places   [][]int                  // the same in the list of pairs
	draws    int                      // the largest number
}

// families groups the pairs that are not known by their datasets and draws, and reads
// their counts.
func (s *statistics) families(ctx context.Context, pairs []pair, keys []results.StatisticKey, known func(results.StatisticKey) bool, all []system) (*familySet, error) {
	f := &familySet{columnSet: newColumnSet()}
	asked := map[results.StatisticKey]bool{}
	var order []int
	for i, key := range keys {
		if !known(key) && !asked[key] {
			asked[key] = true
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return f, nil
	}
	slices.SortStableFunc(order, func(i, j int) int { return len(pairs[j].a) - len(pairs[i].a) })
	for _, of := range all {
		f.find(of.sorted())
	}
	indexes := make([][2]int, len(order))
	for n, i := range order {
		a, b := f.find(pairs[i].a), f.find(pairs[i].b)
		f.use(a, pairs[i].a)
		f.use(b, pairs[i].b)
		indexes[n] = [2]int{a, b}
	}
	f.arrange()
	byName := map[string]int{}
	for n, i := range order {
		columns := f.indexes(pairs[i].a)
		name := fmt.Sprint(columns, pairs[i].draws)
		at, there := byName[name]
		if !there {
			at = len(f.families)
			byName[name] = at
			f.families, f.keys, f.places = append(f.families, stats.Family{Columns: columns, Rounds: pairs[i].draws}), append(f.keys, nil), append(f.places, nil)
		}
		f.families[at].Pairs = append(f.families[at].Pairs, indexes[n])
		f.keys[at], f.places[at] = append(f.keys[at], keys[i]), append(f.places[at], i)
		f.draws = max(f.draws, pairs[i].draws)
	}
	return f, f.load(ctx, s.store)
}

// intervals returns the 95 % interval of each system: of its F1 on one dataset, or of
// the mean over several; nil if one of them has fewer than two passages.
func (s *statistics) intervals(ctx context.Context, systems []system, resamples int) ([]*[2]float64, error) {
	keys := make([]results.StatisticKey, len(systems))
	for i, of := range systems {
		keys[i] = statisticKey("interval", resamples, of.sorted().stamp())
	}
	stored, err := readStored(ctx, s, keys, s.store.Intervals)
	if err != nil {
		return nil, err
	}
	known := s.cache.knownInterval(stored)
	fresh, err := s.computeIntervals(ctx, systems, keys, known, resamples)
	if err != nil {
		return nil, err
	}
	out := make([]*[2]float64, len(systems))
	for i, of := range systems {
		in, ok := known(keys[i])
		if !ok {
			in = fresh[keys[i]]
		}
		if canResample(of) {
			out[i] = &[2]float64{in.Low, in.High}
			s.cache.useInterval(of, keys[i], in)
		}
	}
	s.cache.computed(len(fresh))
	s.keep(ctx, len(fresh), func(store *results.Store) error { return store.SaveIntervals(ctx, fresh) })
	return out, nil
}

// canResample reports whether each score is over two passages or more.
func canResample(of system) bool {
	return len(of) > 0 && !slices.ContainsFunc(of, func(s scored) bool { return s.run.Scores.Passages < 2 })
}

// computeIntervals computes the intervals that are not known.
func (s *statistics) computeIntervals(ctx context.Context, systems []system, keys []results.StatisticKey, known func(results.StatisticKey) (results.Interval, bool), resamples int) (map[results.StatisticKey]results.Interval, error) {
	var order []int
	asked := map[results.StatisticKey]bool{}
	for i, key := range keys {
		if _, there := known(key); !there && !asked[key] && canResample(systems[i]) {
			asked[key] = true
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(order, func(i, j int) int { return len(systems[j]) - len(systems[i]) })
	columns := newColumnSet()
	indexes := make([]int, len(order))
	for n, i := range order {
		indexes[n] = columns.find(systems[i])
		columns.use(indexes[n], systems[i])
	}
	columns.arrange()
	if err := columns.load(ctx, s.store); err != nil {
		return nil, err
	}
	samples := make([]stats.Sample, len(order))
	for n, i := range order {
		samples[n] = stats.Sample{Columns: columns.indexes(systems[i].sorted()), System: indexes[n]}
	}
	intervals, err := stats.BootstrapMany(ctx, columns.columns, samples, resamples)
	if err != nil {
		return nil, err
	}
	fresh := map[results.StatisticKey]results.Interval{}
	for n, i := range order {
		fresh[keys[i]] = results.Interval(intervals[n])
	}
	return fresh, nil
}

// keep writes what was computed into the store. A store that cannot be written is no
// error: the same is computed again the next time.
func (s *statistics) keep(ctx context.Context, n int, save func(*results.Store) error) {
	if n == 0 || s.bench.ReadOnly || s.made {
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
