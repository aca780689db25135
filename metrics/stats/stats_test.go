package stats_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// passages are counts in the form of the vectors: [tp, n_pred, n_gold].
type passages [][3]int

func (p passages) scores() []ner.Score {
	out := make([]ner.Score, len(p))
	for i, c := range p {
		out[i] = ner.Score{TP: c[0], NPred: c[1], NGold: c[2]}
	}
	return out
}

// listed are the passages with non-zero counts, from the last to the first.
func listed(p passages) []stats.PassageScore {
	var list []stats.PassageScore
	for i, s := range slices.Backward(p.scores()) {
		if s != (ner.Score{}) {
			list = append(list, stats.PassageScore{Passage: i, Score: s})
		}
	}
	return list
}

// readCases reads a file of vectors; the tests decode its cases.
func readCases(t *testing.T, set reference.Set, name string) map[string]json.RawMessage {
	t.Helper()
	var f struct{ Cases []json.RawMessage }
	set.Read(t, &f, "vectors", name)
	cases := map[string]json.RawMessage{}
	for _, c := range f.Cases {
		var named struct{ Name string }
		if err := json.Unmarshal(c, &named); err != nil {
			t.Fatal(err)
		}
		cases[named.Name] = c
	}
	return cases
}

// eachCase runs a subtest for each case whose name begins with prefix.
func eachCase[C any](t *testing.T, file, prefix string, check func(*testing.T, C)) {
	t.Helper()
	reference.EachSet(t, func(t *testing.T, set reference.Set) {
		n := 0
		for name, raw := range readCases(t, set, file) {
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			n++
			t.Run(name, func(t *testing.T) {
				var c C
				if err := json.Unmarshal(raw, &c); err != nil {
					t.Fatal(err)
				}
				check(t, c)
			})
		}
		if n == 0 {
			t.Errorf("%s: no case begins with %q", file, prefix)
		}
	})
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func nearAll(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		near(t, what+" "+strconv.Itoa(i), got[i], want[i])
	}
}

func number(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestStreams compares the random streams of docs/spec/metrics.md §12.2 with the
// vectors.
func TestStreams(t *testing.T) {
	type streamCase struct {
		Seed     string `json:"stream_seed"`
		Stream   int
		Expected struct {
			Next  []string
			Index []int `json:"index_of_10_after"`
		}
	}
	eachCase(t, "stats_seeded.json", "stream-", func(t *testing.T, c streamCase) {
		s := stats.NewStream(number(t, c.Seed), c.Stream)
		for i, want := range c.Expected.Next {
			if got := s.Next(); got != number(t, want) {
				t.Errorf("number %d is %d, want %s", i, got, want)
			}
		}
		for i, want := range c.Expected.Index {
			if got := s.Index(10); got != want {
				t.Errorf("index %d is %d, want %d", i, got, want)
			}
		}
	})
}

// TestDatasetSeeds checks that the stream of a dataset depends on its id
// (docs/spec/metrics.md §12.2).
func TestDatasetSeeds(t *testing.T) {
	type seedCase struct {
		Seed, Row string
		Expected  struct {
			StreamSeed string `json:"stream_seed"`
		}
	}
	eachCase(t, "stats_seeded.json", "rowseed-", func(t *testing.T, c seedCase) {
		seed, err := strconv.Atoi(c.Seed)
		if err != nil {
			t.Fatal(err)
		}
		if got := stats.DatasetSeed(seed, c.Row); got != number(t, c.Expected.StreamSeed) {
			t.Errorf("seed is %d, want %s", got, c.Expected.StreamSeed)
		}
	})
}

// TestSeeded compares intervals (docs/spec/metrics.md §12.3) and the randomisation
// test (§12.4), by passage (§12.1), exactly with the vectors.
func TestSeeded(t *testing.T) {
	type seededCase struct {
		Seed      string `json:"stream_seed"`
		A, B      passages
		Resamples int `json:"bootstrap_resamples"`
		Rounds    int `json:"randomisation_rounds"`
		Expected  struct {
			IntervalA    [2]float64 `json:"interval_f1_a"`
			IntervalDiff [2]float64 `json:"interval_diff"`
			Count        int        `json:"count_abs_ge"`
			P            float64    `json:"p_two_sided"`
		}
	}
	eachCase(t, "stats_seeded.json", "seeded-", func(t *testing.T, c seededCase) {
		datasets := []stats.Dataset{{Seed: number(t, c.Seed), A: c.A.scores(), B: c.B.scores()}}
		both := stats.BootstrapPair(datasets, c.Resamples)
		near(t, "low of A", both.A.Low, c.Expected.IntervalA[0])
		near(t, "high of A", both.A.High, c.Expected.IntervalA[1])
		near(t, "low of difference", both.Difference.Low, c.Expected.IntervalDiff[0])
		near(t, "high of difference", both.Difference.High, c.Expected.IntervalDiff[1])
		if alone := stats.Bootstrap(datasets, c.Resamples); alone != both.A {
			t.Errorf("interval alone is %v, with another system %v", alone, both.A)
		}
		if parts := stats.BootstrapParts(datasets[0].Seed, len(datasets[0].A), [][]stats.PassageScore{listed(c.A), nil, listed(c.A)}, c.Resamples); parts[0] != both.A || parts[1] != (stats.Interval{}) || parts[2] != both.A {
			t.Errorf("intervals of parts are %v, want %v", parts, both.A)
		}
		if pairs := stats.BootstrapPairParts(datasets[0].Seed, len(datasets[0].A), [][]stats.PassageScore{listed(c.A), listed(c.B)}, [][]stats.PassageScore{listed(c.B), listed(c.B)}, c.Resamples); pairs[0] != both || pairs[1] != (stats.Intervals{A: both.B, B: both.B}) {
			t.Errorf("intervals of pairs of parts are %v, want %v", pairs, both)
		}
		test := stats.Randomise(datasets, c.Rounds)
		if test.Count != c.Expected.Count {
			t.Errorf("count is %d, want %d", test.Count, c.Expected.Count)
		}
		near(t, "p", test.P, c.Expected.P)
	})
}

// TestExactPermutation tests all swaps of few passages (docs/spec/metrics.md
// §12.4).
func TestExactPermutation(t *testing.T) {
	type pairedCase struct {
		A, B     passages
		Expected struct {
			Diff  float64
			Exact struct {
				P float64 `json:"p_two_sided_abs"`
			} `json:"exact_permutation"`
		}
	}
	eachCase(t, "stats_paired.json", "paired-", func(t *testing.T, c pairedCase) {
		test := stats.Compare([]stats.Dataset{{A: c.A.scores(), B: c.B.scores()}})
		if !test.Exact {
			t.Fatalf("%d passages were not enumerated", len(c.A))
		}
		near(t, "difference", test.Difference, c.Expected.Diff)
		near(t, "p", test.P, c.Expected.Exact.P)
	})
}

// TestCorrections tests Holm and Bonferroni (docs/spec/metrics.md §12.5).
func TestCorrections(t *testing.T) {
	type manyCase struct {
		P        []float64 `json:"pvalues"`
		Expected struct {
			Bonferroni, Holm struct{ Adjusted []float64 }
		}
	}
	eachCase(t, "stats_paired.json", "multtest-", func(t *testing.T, c manyCase) {
		nearAll(t, "holm", stats.Holm(c.P), c.Expected.Holm.Adjusted)
		nearAll(t, "bonferroni", stats.Bonferroni(c.P), c.Expected.Bonferroni.Adjusted)
	})
}

// TestRanks tests rank ranges by system (docs/spec/metrics.md §12.6).
func TestRanks(t *testing.T) {
	type systemsCase struct {
		Systems  []passages
		Alpha    float64
		Expected struct {
			F1     []float64
			PairsP [][3]float64 `json:"pairs_p"`
			Range  [][2]int     `json:"rank_range"`
		}
	}
	eachCase(t, "stats_seeded.json", "systems-", func(t *testing.T, c systemsCase) {
		var f1, p []float64
		at := map[[2]int]int{}
		for i, a := range c.Systems {
			var sum ner.Score
			for _, s := range a.scores() {
				sum = sum.Add(s)
			}
			value, _ := sum.F1()
			f1 = append(f1, value)
			for j := i + 1; j < len(c.Systems); j++ {
				at[[2]int{i, j}] = len(p)
				p = append(p, stats.Compare([]stats.Dataset{{A: a.scores(), B: c.Systems[j].scores()}}).P)
			}
		}
		nearAll(t, "f1", f1, c.Expected.F1)
		for i, pair := range c.Expected.PairsP {
			near(t, "p", p[i], pair[2])
		}
		ranks := stats.Ranks(f1, func(i, j int) float64 { return p[at[[2]int{i, j}]] }, c.Alpha)
		for i, r := range ranks {
			if got := [2]int{r.From, r.To}; got != c.Expected.Range[i] {
				t.Errorf("system %d: ranks %v, want %v", i, got, c.Expected.Range[i])
			}
		}
	})
}

// TestManySystemsRank checks that with the rounds of docs/spec/metrics.md §12.6 the
// smallest p value passes Holm for any number of systems, so that clear differences
// are ranked.
func TestManySystemsRank(t *testing.T) {
	for _, k := range []int{2, 26, 33, 200, 1000} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			rounds := stats.RankRounds(k, 0.05)
			if rounds < stats.Rounds {
				t.Fatalf("%d rounds, want at least %d", rounds, stats.Rounds)
			}
			f1 := make([]float64, k)
			for i := range f1 {
				f1[i] = float64(k-i) / float64(k)
			}
			smallest := 1 / float64(rounds+1)
			for i, r := range stats.Ranks(f1, func(int, int) float64 { return smallest }, 0.05) {
				if r.From != i+1 || r.To != i+1 {
					t.Fatalf("system %d: ranks %v, want only %d", i, r, i+1)
				}
			}
		})
	}
}

// invented makes counts similar to those of a real system.
func invented(seed uint64, n int) []ner.Score {
	s := stats.NewStream(seed, 0)
	out := make([]ner.Score, n)
	for i := range out {
		tp := s.Index(3)
		out[i] = ner.Score{TP: tp, NPred: tp + s.Index(3), NGold: tp + s.Index(2)}
	}
	return out
}

func TestIdenticalSystemsDoNotDiffer(t *testing.T) {
	a := invented(1, 200)
	for name, datasets := range map[string][]stats.Dataset{
		"one dataset":  {{Seed: 1, A: a, B: a}},
		"two datasets": {{Seed: 1, A: a, B: a}, {Seed: 2, A: a[:50], B: a[:50]}},
		"nothing":      {{Seed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			if test := stats.Compare(datasets); test.P != 1 || test.Difference != 0 || !test.Exact {
				t.Errorf("test is %+v, want p = 1", test)
			}
			if d := stats.BootstrapPair(datasets, 1000).Difference; d != (stats.Interval{}) {
				t.Errorf("interval of the difference is %v, want [0, 0]", d)
			}
		})
	}
}

func TestSwappedSystemsHaveTheSameP(t *testing.T) {
	a, b := invented(1, 300), invented(2, 300)
	one := stats.Randomise([]stats.Dataset{{Seed: 7, A: a, B: b}}, 999)
	two := stats.Randomise([]stats.Dataset{{Seed: 7, A: b, B: a}}, 999)
	if one.P != two.P || one.Difference != -two.Difference {
		t.Errorf("%+v and %+v differ not only in sign", one, two)
	}
}

func TestAverageOfOneDataset(t *testing.T) {
	a, b := invented(3, 120), invented(4, 120)
	dataset := stats.Dataset{Seed: stats.DatasetSeed(0, "sample"), A: a, B: b}
	twice := []stats.Dataset{dataset, dataset}
	if one, two := stats.BootstrapPair([]stats.Dataset{dataset}, 1000), stats.BootstrapPair(twice, 1000); one != two {
		t.Errorf("%v alone, %v in an average with itself", one, two)
	}
}

func TestNoDatasets(t *testing.T) {
	if got := stats.Bootstrap(nil, 1000); got != (stats.Interval{}) {
		t.Errorf("interval of no datasets is %v", got)
	}
	if got := stats.Compare(nil); got.P != 1 {
		t.Errorf("p of no datasets is %v, want 1", got.P)
	}
}

func TestHolmKeepsOrder(t *testing.T) {
	p := []float64{0.2, 0.001, 0.04, 0.04}
	adjusted := stats.Holm(p)
	for i := range p {
		for j := range p {
			if p[i] < p[j] && adjusted[i] > adjusted[j] {
				t.Errorf("%v became %v", p, adjusted)
			}
		}
	}
	if !slices.Equal(stats.Bonferroni([]float64{0.5, 0.9}), []float64{1, 1}) {
		t.Error("a p value exceeds 1")
	}
}

func BenchmarkBootstrap(b *testing.B) {
	datasets := []stats.Dataset{{Seed: 1, A: invented(1, 20_000)}}
	for b.Loop() {
		stats.Bootstrap(datasets, stats.Resamples)
	}
}

func BenchmarkRandomise(b *testing.B) {
	datasets := []stats.Dataset{{Seed: 1, A: invented(1, 20_000), B: invented(2, 20_000)}}
	for b.Loop() {
		stats.Randomise(datasets, stats.Rounds)
	}
}
