package stats_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"nerbench/internal/processor"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// inventedColumns are datasets of several systems, with a number of passages that is no
// multiple of 64. System 1 equals system 0 but for a few passages of the first dataset.
func inventedColumns(systems int, passages ...int) []stats.Column {
	columns := make([]stats.Column, len(passages))
	for c, n := range passages {
		columns[c] = stats.Column{Seed: stats.DatasetSeed(0, fmt.Sprint("dataset ", c)), Systems: make([]*stats.Counts, systems)}
		for s := range columns[c].Systems {
			columns[c].Systems[s] = stats.NewCounts(invented(uint64(100*c+s), n))
		}
		similar := columns[c].Systems[0].Scores()
		for i := range min(5, n) {
			similar[i].NPred++
		}
		columns[c].Systems[1] = stats.NewCounts(similar)
	}
	return columns
}

// TestPairsEqualSingleTests compares the tests of many pairs with those of each pair.
func TestPairsEqualSingleTests(t *testing.T) {
	columns := inventedColumns(4, 190, 64, 7)
	families := []stats.Family{
		{Columns: []int{0}, Rounds: 2500}, // more than two chunks
		{Columns: []int{2, 0, 1}, Rounds: 1100}, {Columns: []int{2}, Rounds: 900}, {Columns: []int{1}, Pairs: [][2]int{{3, 2}}, Rounds: 1024},
	}
	for f := range 3 {
		for i := range 4 {
			for j := i + 1; j < 4; j++ {
				families[f].Pairs = append(families[f].Pairs, [2]int{i, j})
			}
		}
	}
	got, err := stats.ComparePairs(t.Context(), columns, families)
	if err != nil {
		t.Fatal(err)
	}
	exact := 0
	for f, family := range families {
		for i, pair := range family.Pairs {
			var datasets []stats.Dataset
			for _, c := range family.Columns {
				datasets = append(datasets, stats.Dataset{Seed: columns[c].Seed, A: columns[c].Systems[pair[0]].Scores(), B: columns[c].Systems[pair[1]].Scores()})
			}
			want := stats.CompareIn(datasets, family.Rounds)
			near(t, "spread", got[f][i].Spread, want.Spread)
			if whole := got[f][i].Whole.Rounds; !want.Exact && whole != family.Rounds/stats.RoundChunk*stats.RoundChunk {
				t.Errorf("the sums of %d of %d rounds are kept", whole, family.Rounds)
			}
			got[f][i].Spread, got[f][i].Whole = want.Spread, stats.Sums{}
			if got[f][i] != want {
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

// TestContinuedTestsAreEqual: a test that continues one with fewer rounds has the same
// numbers, to the last digit, as one from the beginning.
func TestContinuedTestsAreEqual(t *testing.T) {
	columns := inventedColumns(4, 190, 64)
	compare := func(rounds int, begun []stats.Sums) []stats.Test {
		family := stats.Family{Columns: []int{0, 1}, Pairs: [][2]int{{0, 2}, {2, 3}, {3, 1}}, Rounds: rounds, Begun: begun}
		tests, err := stats.ComparePairs(t.Context(), columns, []stats.Family{family, {Columns: []int{1}, Pairs: [][2]int{{0, 2}}, Rounds: 1500}})
		if err != nil {
			t.Fatal(err)
		}
		return tests[0]
	}
	for _, rounds := range [][2]int{{900, 2500}, {1024, 1025}, {2048, 2048}, {1500, 3072}, {2500, 9999}, {9999, 10399}, {3000, 2000}} {
		var begun []stats.Sums
		for _, test := range compare(rounds[0], nil) {
			begun = append(begun, test.Whole)
		}
		begun[1] = stats.Sums{} // a new pair
		want := compare(rounds[1], nil)
		if got := compare(rounds[1], begun); !slices.Equal(got, want) {
			t.Errorf("%v rounds: %+v, want %+v", rounds, got, want)
		}
		if rounds[0] <= rounds[1] && begun[0].Rounds > 0 {
			begun[0].Count += 7 // they are used
			if got := compare(rounds[1], begun); got[0].Count != want[0].Count+7 || got[2] != want[2] {
				t.Errorf("%v rounds were computed again", rounds)
			}
		}
	}
}

// TestManyIntervalsEqualSingleOnes compares the intervals of many systems with those of
// each system.
func TestManyIntervalsEqualSingleOnes(t *testing.T) {
	columns := inventedColumns(11, 50, 130, 3) // more than one group
	columns[1].Systems[9] = nil
	var samples []stats.Sample
	for s := range 11 {
		samples = append(samples, stats.Sample{Columns: []int{0}, System: s})
		if s != 9 {
			samples = append(samples, stats.Sample{Columns: []int{2, 1, 0}, System: s})
		}
	}
	got, err := stats.BootstrapMany(t.Context(), columns, samples, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i, sample := range samples {
		var datasets []stats.Dataset
		for _, c := range sample.Columns {
			datasets = append(datasets, stats.Dataset{Seed: columns[c].Seed, A: columns[c].Systems[sample.System].Scores()})
		}
		if want := stats.Bootstrap(datasets, 1000); got[i] != want {
			t.Errorf("%+v: %v, want %v", sample, got[i], want)
		}
	}
}

// TestPairIntervalsEqualSingleOnes compares the intervals of differences of many pairs with
// those of each pair. The columns of a mean are in the order of the list.
func TestPairIntervalsEqualSingleOnes(t *testing.T) {
	columns := inventedColumns(10, 50, 130, 3)
	columns[1].Systems[9] = nil
	families := []stats.Family{
		{Columns: []int{0}, Pairs: [][2]int{{0, 1}, {9, 2}}}, {Columns: []int{0, 1, 2}, Pairs: [][2]int{{0, 1}, {3, 8}}},
		{Columns: []int{1, 2}, Pairs: [][2]int{{8, 3}}}, {Columns: []int{2}},
	}
	got, err := stats.BootstrapPairs(t.Context(), columns, families, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for f, family := range families {
		for i, pair := range family.Pairs {
			var datasets []stats.Dataset
			for _, c := range family.Columns {
				datasets = append(datasets, stats.Dataset{Seed: columns[c].Seed, A: columns[c].Systems[pair[0]].Scores(), B: columns[c].Systems[pair[1]].Scores()})
			}
			if want := stats.BootstrapPair(datasets, 1000).Difference; got[f][i] != want {
				t.Errorf("columns %v, systems %v: %v, want %v", family.Columns, pair, got[f][i], want)
			}
		}
	}
}

func TestCountsKeepScores(t *testing.T) {
	want := []ner.Score{{}, {TP: 1, NPred: 2, NGold: 3}, {NPred: 70_000}, {NGold: 90_000}, {TP: 4000, NPred: 4000, NGold: 4001}}
	if got := stats.NewCounts(want).Scores(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestManyComparisonsCanBeStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	columns := inventedColumns(3, 100)
	if _, err := stats.ComparePairs(ctx, columns, []stats.Family{{Columns: []int{0}, Pairs: [][2]int{{0, 2}}, Rounds: 999}}); !errors.Is(err, context.Canceled) {
		t.Errorf("tests: error %v", err)
	}
	if _, err := stats.BootstrapMany(ctx, columns, []stats.Sample{{Columns: []int{0}}}, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("intervals: error %v", err)
	}
}

// TestSpreadIsTheDeviation checks the smallest difference that a dataset can tell apart
// (docs/spec/metrics.md §12.8): the spread is the deviation of the difference of F1, which
// is known for one kind of passage. Of n passages, each with one entity in the gold, the
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
	for _, tc := range []struct {
		spreads []float64
		median  float64
	}{{nil, 0}, {[]float64{0.2}, 0.2}, {[]float64{0.4, 0.1, 0.2}, 0.2}, {[]float64{0.4, 0.1, 0.3, 0.2}, 0.25}} {
		near(t, "smallest difference", stats.Distinguishable(tc.spreads), 1.959963984540054*tc.median)
	}
}

// BenchmarkPairs computes the tests of 50 systems on 49 datasets with as many passages as
// the benchmark has: by dataset, and of the means of three suites, in the rounds of their
// ranks. New: only those of one system with all others.
func BenchmarkPairs(b *testing.B) {
	const systems, datasets, passages = 50, 49, 9_200
	columns := make([]stats.Column, datasets)
	var all []int
	for c := range columns {
		columns[c].Seed = uint64(c)
		all = append(all, c)
		for s := range systems {
			columns[c].Systems = append(columns[c].Systems, stats.NewCounts(invented(uint64(100*c+s), passages)))
		}
	}
	lists := [][]int{all, all[:20], all[:7]}
	for c := range columns {
		lists = append(lists, []int{c})
	}
	for name, first := range map[string]int{"All": 0, "New": systems - 1} {
		b.Run(name, func(b *testing.B) {
			var families []stats.Family
			for _, list := range lists {
				family := stats.Family{Columns: list, Rounds: stats.RankRounds(systems, 0.05)}
				for i := range systems {
					for j := max(i+1, first); j < systems; j++ {
						family.Pairs = append(family.Pairs, [2]int{i, j})
					}
				}
				families = append(families, family)
			}
			before := processor.Time()
			for b.Loop() {
				if _, err := stats.ComparePairs(context.Background(), columns, families); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processor.Time()-before).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

func BenchmarkManyIntervals(b *testing.B) {
	columns := inventedColumns(16, 20_000)
	var samples []stats.Sample
	for s := range 16 {
		samples = append(samples, stats.Sample{Columns: []int{0}, System: s})
	}
	for b.Loop() {
		if _, err := stats.BootstrapMany(context.Background(), columns, samples, stats.Resamples); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/16, "s/system")
}
