package stats_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"nerbench/metrics/stats"
	"nerbench/ner"
)

// inventedColumns are datasets of several systems, with a number of passages that is no
// multiple of 64. System 1 equals system 0 but for a few passages of the first dataset.
func inventedColumns(systems int, passages ...int) []stats.Column {
	columns := make([]stats.Column, len(passages))
	for c, n := range passages {
		columns[c] = stats.Column{Seed: stats.DatasetSeed(0, fmt.Sprint("dataset ", c)), Systems: make([][]ner.Score, systems)}
		for s := range columns[c].Systems {
			columns[c].Systems[s] = invented(uint64(100*c+s), n)
		}
		columns[c].Systems[1] = append([]ner.Score{}, columns[c].Systems[0]...)
		for i := range min(5, n) {
			columns[c].Systems[1][i].NPred++
		}
	}
	return columns
}

// TestPairsEqualSingleTests compares the tests of many pairs with those of each pair.
func TestPairsEqualSingleTests(t *testing.T) {
	columns := inventedColumns(4, 190, 64, 7)
	families := []stats.Family{{Columns: []int{0}}, {Columns: []int{2, 0, 1}}, {Columns: []int{2}}, {Columns: []int{1}, Pairs: [][2]int{{3, 2}}}}
	for f := range 3 {
		for i := range 4 {
			for j := i + 1; j < 4; j++ {
				families[f].Pairs = append(families[f].Pairs, [2]int{i, j})
			}
		}
	}
	const rounds = 2500 // more than two chunks
	got, err := stats.ComparePairs(t.Context(), columns, families, rounds)
	if err != nil {
		t.Fatal(err)
	}
	exact := 0
	for f, family := range families {
		for i, pair := range family.Pairs {
			var datasets []stats.Dataset
			for _, c := range family.Columns {
				datasets = append(datasets, stats.Dataset{Seed: columns[c].Seed, A: columns[c].Systems[pair[0]], B: columns[c].Systems[pair[1]]})
			}
			want := stats.CompareIn(datasets, rounds)
			near(t, "spread", got[f][i].Spread, want.Spread)
			if got[f][i].Spread = want.Spread; got[f][i] != want {
				t.Errorf("columns %v, systems %v: %+v, want %+v", family.Columns, pair, got[f][i], want)
			}
			if want.Exact {
				exact++
			}
		}
	}
	if exact < 3 || exact > 12 {
		t.Errorf("%d exact tests: want some of both kinds", exact)
	}
}

// TestManyIntervalsEqualSingleOnes compares the intervals of many systems with those of
// each system.
func TestManyIntervalsEqualSingleOnes(t *testing.T) {
	columns := inventedColumns(11, 50, 130, 3) // more than one group
	columns[1].Systems[9] = nil
	lists := [][]int{{0}, {1}, {2, 1, 0}}
	got, err := stats.BootstrapMany(t.Context(), columns, lists, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for l, list := range lists {
		for s := range 11 {
			var datasets []stats.Dataset
			for _, c := range list {
				if counts := columns[c].Systems[s]; counts != nil {
					datasets = append(datasets, stats.Dataset{Seed: columns[c].Seed, A: counts})
				}
			}
			want := stats.Interval{}
			if len(datasets) == len(list) {
				want = stats.Bootstrap(datasets, 1000)
			}
			if got[l][s] != want {
				t.Errorf("columns %v, system %d: %v, want %v", list, s, got[l][s], want)
			}
		}
	}
}

func TestManyComparisonsCanBeStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	columns := inventedColumns(3, 100)
	if _, err := stats.ComparePairs(ctx, columns, []stats.Family{{Columns: []int{0}, Pairs: [][2]int{{0, 2}}}}, 999); !errors.Is(err, context.Canceled) {
		t.Errorf("tests: error %v", err)
	}
	if _, err := stats.BootstrapMany(ctx, columns, [][]int{{0}}, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("intervals: error %v", err)
	}
}

// TestSpreadIsTheDeviation checks that the spread is that of the difference of F1: with
// one kind of passage it is known. Of n passages, each with one entity in the gold, the
// systems find a different half.
func TestSpreadIsTheDeviation(t *testing.T) {
	const n = 400
	var a, b []ner.Score
	for i := range n {
		found, missed := ner.Score{TP: 1, NPred: 1, NGold: 1}, ner.Score{NPred: 1, NGold: 1}
		if i%2 == 0 {
			found, missed = missed, found
		}
		a, b = append(a, found), append(b, missed)
	}
	test := stats.Compare([]stats.Dataset{{Seed: 3, A: a, B: b}})
	if want := 1 / math.Sqrt(n); math.Abs(test.Spread-want) > want/50 {
		t.Errorf("spread %v, want %v", test.Spread, want)
	}
}

// BenchmarkPairs computes the tests of all pairs of 50 systems, by dataset and for the
// mean, in the rounds of their ranks.
func BenchmarkPairs(b *testing.B) {
	const systems, datasets, passages = 50, 10, 2000
	columns := make([]stats.Column, datasets)
	var all []int
	for c := range columns {
		columns[c].Seed = uint64(c)
		all = append(all, c)
		for s := range systems {
			columns[c].Systems = append(columns[c].Systems, invented(uint64(100*c+s), passages))
		}
	}
	families := []stats.Family{{Columns: all}}
	for c := range columns {
		families = append(families, stats.Family{Columns: []int{c}})
	}
	for f := range families {
		for i := range systems {
			for j := i + 1; j < systems; j++ {
				families[f].Pairs = append(families[f].Pairs, [2]int{i, j})
			}
		}
	}
	for b.Loop() {
		if _, err := stats.ComparePairs(context.Background(), columns, families, stats.RankRounds(systems, 0.05)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/systems/datasets/passages, "ns/system-passage")
}

func BenchmarkManyIntervals(b *testing.B) {
	columns := inventedColumns(16, 20_000)
	for b.Loop() {
		if _, err := stats.BootstrapMany(context.Background(), columns, [][]int{{0}}, stats.Resamples); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/16, "s/system")
}
