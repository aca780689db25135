package harness

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"nerbench/ner"
	"nerbench/results"
)

// StatisticsCache holds what is slow to compute for a board outside of its store: that of a
// repository is made anew for each build, and a server does not write the user's.
type StatisticsCache struct {
	// Known are those that were computed before. A key is the hash of the counts, of the
	// version of the metric and of the seed: what is about other counts is never used.
	Known Statistics
	// Used are all those of the board, by what they are about: the id of a dataset; empty:
	// several, such as a mean.
	Used map[string]Statistics
	// Computed is the number of tests and intervals that were not known.
	Computed int
	// Continued is the number of them that continued a known test with fewer rounds.
	Continued int
	// Costs: sums over the answers of runs are kept, too. Their keys have the times of the
	// runs, which are new in each store of a repository.
	Costs bool
}

// NewStatisticsCache is the cache for one board.
func NewStatisticsCache(known Statistics) *StatisticsCache {
	return &StatisticsCache{Known: known, Used: map[string]Statistics{}}
}

// All are all statistics of the board.
func (c *StatisticsCache) All() Statistics {
	all := NewStatistics()
	for _, of := range c.Used {
		maps.Copy(all.Tests, of.Tests)
		maps.Copy(all.Intervals, of.Intervals)
		maps.Copy(all.Costs, of.Costs)
		maps.Copy(all.Errors, of.Errors)
	}
	return all
}

// about is the dataset of a system; empty: it has several.
func (s system) about() string {
	if len(s) == 1 {
		return s[0].dataset()
	}
	return ""
}

// use returns the place of a used statistic.
func (c *StatisticsCache) use(about string) Statistics {
	if _, there := c.Used[about]; !there {
		c.Used[about] = NewStatistics()
	}
	return c.Used[about]
}

// knownTest returns a test that the cache has.
func (c *StatisticsCache) knownTest(key results.StatisticKey) (t results.PairTest, there bool) {
	if c != nil {
		t, there = c.Known.Tests[key]
	}
	return t, there
}

// begunTests finds tests that are not known, but which the cache has with fewer rounds: those
// of a ranking have more of them the more systems it has. It returns their sums by the keys
// that are asked for. Tests of all swaps have no rounds: they are added to the others.
func (c *StatisticsCache) begunTests(pairs []pair, keys []results.StatisticKey, known func(results.StatisticKey) (results.PairTest, bool), others map[results.StatisticKey]results.PairTest) map[results.StatisticKey]results.RoundSums {
	if c == nil {
		return nil
	}
	var open []int
	for i, key := range keys {
		if _, there := known(key); !there {
			open = append(open, i)
		}
	}
	begun := map[results.StatisticKey]results.RoundSums{}
	for _, rounds := range c.knownRounds() {
		var earlier []pair
		var at []int // their places among the pairs
		for _, i := range open {
			if rounds < pairs[i].draws {
				earlier, at = append(earlier, pair{pairs[i].a, pairs[i].b, rounds}), append(at, i)
			}
		}
		found, _ := pairKeys("pair", earlier)
		for n, i := range at {
			t, there := c.Known.Tests[found[n]]
			switch {
			case there && t.Exact:
				others[keys[i]] = t
			case there && t.Whole.Rounds > 0:
				begun[keys[i]] = t.Whole
			}
		}
		open = slices.DeleteFunc(open, func(i int) bool {
			_, sums := begun[keys[i]]
			_, exact := others[keys[i]]
			return sums || exact
		})
	}
	c.Continued += len(begun)
	return begun
}

// knownRounds lists the numbers of rounds of the known tests, the largest first. A board has
// few: one for each number of systems that its rankings had.
func (c *StatisticsCache) knownRounds() []int {
	all := map[int]bool{}
	for _, t := range c.Known.Tests {
		if !t.Exact {
			all[t.Tried] = true
		}
	}
	list := slices.Sorted(maps.Keys(all))
	slices.Reverse(list)
	return list
}

// knownInterval returns a function that finds an interval among those of the store and of
// the cache.
func (c *StatisticsCache) knownInterval(stored map[results.StatisticKey]results.Interval) func(results.StatisticKey) (results.Interval, bool) {
	return func(key results.StatisticKey) (i results.Interval, there bool) {
		if i, there = stored[key]; !there && c != nil {
			i, there = c.Known.Intervals[key]
		}
		return i, there
	}
}

// release frees what was known of tests and intervals, when the board is made. Those of the
// board are in Used.
func (c *StatisticsCache) release() {
	if c != nil {
		c.Known.Tests, c.Known.Intervals = nil, nil
	}
}

// useTest records a test of the board.
func (c *StatisticsCache) useTest(of system, key results.StatisticKey, t results.PairTest) {
	if c != nil {
		c.use(of.about()).Tests[key] = t
	}
}

// useInterval records an interval of the board.
func (c *StatisticsCache) useInterval(of system, key results.StatisticKey, i results.Interval) {
	if c != nil {
		c.use(of.about()).Intervals[key] = i
	}
}

// computed records that n statistics were computed.
func (c *StatisticsCache) computed(n int) {
	if c != nil {
		c.Computed += n
	}
}

// cost returns the sum over the answers of a run, which compute computes if it is not
// known.
func (c *StatisticsCache) cost(r results.RunInfo, compute func() (results.Cost, error)) (results.Cost, error) {
	if c == nil || !c.Costs {
		return compute()
	}
	sum := sha256.Sum256(fmt.Append(nil, "cost ", statisticsVersion, " ", r.ID, " ", r.Complete, " ", r.Updated.UnixMilli()))
	key := results.StatisticKey(sum[:])
	cost, known := c.Known.Costs[key]
	if !known {
		var err error
		if cost, err = compute(); err != nil {
			return cost, err
		}
	}
	c.use(r.Keys["dataset"]).Costs[key] = cost
	return cost, nil
}

// errorsOf returns the errors of a run that were counted before, and keeps them; nil: they
// are not known.
func (c *StatisticsCache) errorsOf(dataset string, key results.StatisticKey) *ner.ErrorCounts {
	text, known := c.Known.Errors[key]
	counts := &ner.ErrorCounts{}
	if !known || json.Unmarshal([]byte(text), counts) != nil {
		return nil
	}
	c.use(dataset).Errors[key] = text
	return counts
}

// useErrors keeps the errors of a run.
func (c *StatisticsCache) useErrors(dataset string, key results.StatisticKey, counts *ner.ErrorCounts) error {
	text, err := json.Marshal(counts)
	if err == nil {
		c.use(dataset).Errors[key] = string(text)
	}
	return err
}
