package harness

import (
	"maps"
	"strings"
	"testing"
	"time"

	"nerbench/results"
)

// TestStatisticsLines: what is written is read again, and nothing else.
func TestStatisticsLines(t *testing.T) {
	of := NewStatistics()
	of.Tests[results.StatisticKey{1}] = results.PairTest{Count: 3, Tried: 9999, Spread: 0.1234567890123}
	of.Tests[results.StatisticKey{2}] = results.PairTest{Count: 1, Tried: 1, Exact: true}
	of.Tests[results.StatisticKey{4}] = results.PairTest{Count: 3, Tried: 9999, Spread: 0.1, Whole: results.RoundSums{Rounds: 9216, Count: 2, Squares: 92.16000000001}}
	of.Intervals[results.StatisticKey{1}] = results.Interval{Low: -1e-17, High: 1}
	of.Costs[results.StatisticKey{3}] = results.Cost{Queries: 5, Uncounted: 1, PromptTokens: 7, AnswerTokens: 9, Duration: time.Second}
	equal := func(got Statistics) bool {
		return maps.Equal(got.Tests, of.Tests) && maps.Equal(got.Intervals, of.Intervals) && maps.Equal(got.Costs, of.Costs)
	}
	got, text := NewStatistics(), of.String()
	got.Read(text)
	if !equal(got) || got.String() != text {
		t.Errorf("read %+v, written %+v", got, of)
	}
	got.Read(text + "x\n" + strings.ReplaceAll(text, "9999", "9998"))
	if !equal(got) {
		t.Errorf("damaged lines were read: %+v", got)
	}
	other := NewStatistics()
	other.Tests[results.StatisticKey{1}] = results.PairTest{Count: 4, Tried: 9999}
	for range 2 { // whichever comes first
		got.Read(other.String())
		got.Read(text)
		if _, there := got.Tests[results.StatisticKey{1}]; there || len(got.Tests) != 2 {
			t.Errorf("one of two values is kept: %+v", got.Tests)
		}
	}
}

func FuzzStatisticsLine(f *testing.F) {
	f.Add("9f86d081884c7d659a2feaa0c55ad015 test 12 9999 drawn 0.0123")
	f.Add("9f86d081884c7d659a2feaa0c55ad015 test 12 9999 drawn 0.0123 9216 11 1.395")
	f.Add("9f86d081884c7d659a2feaa0c55ad015 interval 0 1")
	f.Add("9f86d081884c7d659a2feaa0c55ad015 cost 1 2 3 4 5")
	f.Fuzz(func(t *testing.T, line string) {
		got, again := NewStatistics(), NewStatistics()
		got.Read(line + " " + lineSum(line) + "\n")
		for _, p := range got.Tests {
			if p.Count < 0 || p.Count > p.Tried {
				t.Errorf("test %+v", p)
			}
		}
		again.Read(got.String())
		if again.String() != got.String() {
			t.Errorf("%q is not read again", got.String())
		}
	})
}
