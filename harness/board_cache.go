package harness

import "nerbench/results"

// StatisticsCache holds the tests and intervals of a board outside of its store, which a
// repository makes anew for each build.
type StatisticsCache struct {
	// Known are those that were computed before. A key is the hash of the counts, of the
	// version of the metric and of the seed: what is about other counts is never used.
	Known Statistics
	// Used are all those of the board, by what they are about: the id of a dataset; empty:
	// a mean over several.
	Used map[string]Statistics
	// Computed is the number of those that were not known.
	Computed int
}

// Statistics are tests and intervals by their keys.
type Statistics struct {
	Tests     map[results.StatisticKey]results.PairTest
	Intervals map[results.StatisticKey]results.Interval
}

// NewStatistics has no tests and intervals.
func NewStatistics() Statistics {
	return Statistics{map[results.StatisticKey]results.PairTest{}, map[results.StatisticKey]results.Interval{}}
}

// about is the dataset of a system; empty: it has several.
func (s system) about() string {
	if len(s) == 1 {
		return s[0].dataset()
	}
	return ""
}

// use returns the place of a used statistic.
func (c *StatisticsCache) use(of system) Statistics {
	at := of.about()
	if _, there := c.Used[at]; !there {
		c.Used[at] = NewStatistics()
	}
	return c.Used[at]
}

// knownTests adds the tests that the cache has to those of the store.
func (c *StatisticsCache) knownTests(keys []results.StatisticKey, known map[results.StatisticKey]results.PairTest) {
	if c != nil {
		copyKnown(keys, c.Known.Tests, known)
	}
}

// knownIntervals adds the intervals that the cache has to those of the store.
func (c *StatisticsCache) knownIntervals(keys []results.StatisticKey, known map[results.StatisticKey]results.Interval) {
	if c != nil {
		copyKnown(keys, c.Known.Intervals, known)
	}
}

func copyKnown[T any](keys []results.StatisticKey, from, to map[results.StatisticKey]T) {
	for _, key := range keys {
		if _, there := to[key]; there {
			continue
		}
		if value, there := from[key]; there {
			to[key] = value
		}
	}
}

// useTest records a test of the board.
func (c *StatisticsCache) useTest(of system, key results.StatisticKey, t results.PairTest) {
	if c != nil {
		c.use(of).Tests[key] = t
	}
}

// useInterval records an interval of the board.
func (c *StatisticsCache) useInterval(of system, key results.StatisticKey, i results.Interval) {
	if c != nil {
		c.use(of).Intervals[key] = i
	}
}

// computed records that n statistics were computed.
func (c *StatisticsCache) computed(n int) {
	if c != nil {
		c.Computed += n
	}
}
