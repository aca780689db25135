package harness

import (
	"encoding/json"
	"fmt"
	"testing"

	"nerbench/boards"
	"nerbench/datasets"
)

// TestNewModelContinuesRankTests: with one more model, the tests of a ranking have more
// rounds. Those of the cache are continued, and the board equals one without a cache.
func TestNewModelContinuesRankTests(t *testing.T) {
	rules, err := boards.Default()
	if err != nil {
		t.Fatal(err)
	}
	rules.Metrics, rules.SuiteNames = rules.Metrics[:1], []string{"one"}
	rules.Own = []datasets.Suite{{Name: "one", Title: "One dataset", Datasets: []string{"e-ner"}}}
	var runs []generatedRun
	const models = 28 // from 27 on, there are more than 9,999 rounds
	for m := range models {
		runs = append(runs, generatedRun{Model: fmt.Sprintf("ollama/m%02d", m), Dataset: "e-ner", Passages: 40, Skill: 0.5 + 0.01*float64(m)})
	}
	board := func(runs []generatedRun, known Statistics) (string, *StatisticsCache) {
		b := generatedStore(t, runs...)
		b.ReadOnly = true
		cache := NewStatisticsCache(known)
		made, err := b.Board(t.Context(), BoardRequest{Rules: rules, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		made.Date = ""
		text, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), cache
	}
	want, fresh := board(runs, NewStatistics())
	for _, before := range []int{models - 1, 26} {
		_, earlier := board(runs[:before], NewStatistics())
		kept := NewStatistics()
		kept.Read(earlier.All().String())
		got, continued := board(runs, kept)
		if got != want {
			t.Errorf("%d models: the board differs from that without a cache", before)
		}
		if all, text := fresh.All().String(), continued.All().String(); all != text {
			t.Errorf("%d models: the cache differs from that of a build without one", before)
		}
		// The pairs of the ranking without the new models, but for those that have few different
		// passages.
		if n := before * (before - 1) / 2; continued.Continued < n/2 || continued.Continued > n || fresh.Continued != 0 {
			t.Errorf("%d models: %d tests were continued, of %d pairs; without a cache %d", before, continued.Continued, n, fresh.Continued)
		}
		if continued.Computed >= fresh.Computed {
			t.Errorf("%d models: %d computed, %d without a cache", before, continued.Computed, fresh.Computed)
		}
	}
}
