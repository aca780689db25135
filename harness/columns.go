package harness

import (
	"context"
	"maps"
	"slices"

	"nerbench/metrics/stats"
	"nerbench/results"
)

// columnSet collects the counts that statistics need, each once. Systems with many
// datasets must come before those with few of the same scores.
type columnSet struct {
	columns []stats.Column
	byName  map[string]int    // column by [scored.column]
	seeds   map[string]uint64 // the same
	systems []map[string]scored
	used    []map[string]bool // the columns whose counts are needed, by system
	owner   map[[2]string]int // the system that has a score, by run and metric
}

func newColumnSet() *columnSet {
	return &columnSet{byName: map[string]int{}, seeds: map[string]uint64{}, owner: map[[2]string]int{}}
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
		c.byName[s.column()] = 0
		c.seeds[s.column()] = stats.DatasetSeed(0, s.dataset())
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

// arrange orders the columns by the ids of their datasets, when all systems are known.
func (c *columnSet) arrange() {
	for i, name := range slices.Sorted(maps.Keys(c.byName)) {
		c.byName[name] = i
		c.columns = append(c.columns, stats.Column{Seed: c.seeds[name]})
	}
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
