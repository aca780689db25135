package sweeps

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// TestEstimate: models and variants differ in speed, so each is probed, and the times
// add up.
func TestEstimate(t *testing.T) {
	short, long := map[string]string{"variant": "repo"}, map[string]string{"variant": "repo", "shots": "5"}
	shuffled := map[string]string{"variant": "repo", "order": "shuffle:document", "seed": "1"} // takes as long as short
	workload := func() *Workload {
		w := &Workload{Sweep: "speed"}
		for _, r := range []RunWorkload{
			{Model: "fast", Passages: 10, Done: 10, Distinct: 100, Bytes: 4000}, // nothing is left
			{Model: "fast", Passages: 10, Distinct: 100, Bytes: 4000},
			{Model: "fast", Passages: 10, Done: 5, Distinct: 200, Bytes: 8000},
			{Model: "done", Passages: 10, Done: 10, Distinct: 100, Bytes: 4000},
			{Model: "shares", Passages: 10, Queries: 100}, // other runs ask all of it
			{Model: "slow", Passages: 10, Distinct: 30, Bytes: 1200, Keys: short},
			{Model: "slow", Passages: 10, Distinct: 10, Bytes: 4000, Keys: long},
			{Model: "slow", Passages: 10, Distinct: 10, Bytes: 400, Keys: shuffled},
		} {
			w.add(r)
		}
		return w
	}
	probes := map[int]Probe{
		1: {Model: "fast", Queries: 40, Seconds: 2, tokens: 500, bytes: 1000},
		5: {Model: "slow", Queries: 6, Seconds: 12},
		6: {Model: "slow", Queries: 2, Seconds: 10},
	}
	w := workload()
	var probed []int
	err := w.estimate(t.Context(), func(run int) (Probe, error) {
		probed = append(probed, run)
		return probes[run], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(probed, []int{1, 5, 6}) {
		t.Errorf("probed the runs %v, not the first unfinished one of each variant", probed)
	}
	// fast: 200 queries at 20 a second; slow: 40 at one in two seconds, 10 at one in five.
	e := w.Estimate
	if e.Model != "fast, slow" || e.Queries != 48 || e.Seconds != 24 || e.SweepTakes != 10+80+50 || e.TokensAByte != 0.5 {
		t.Errorf("estimate %+v", e)
	}
	if len(e.Probes) != 3 || e.Probes[0].RunsTake != 10 || e.Probes[1].RunsTake != 80 || e.Probes[1].Rate != 0.5 || e.Probes[2].RunsTake != 50 {
		t.Errorf("probes %+v", e.Probes)
	}
	if want := 8000/2 + 5600/bytesAToken; w.Tokens != want { // the first model's server counts tokens
		t.Errorf("%d tokens, want %d", w.Tokens, want)
	}
	notes := strings.Join(w.Grid().Notes, "\n")
	for _, want := range []string{
		"fast answered 40 queries in 2.0 s: its runs take about 10s", "slow shots=– answered 6 queries in 12.0 s: its runs take about 1m20s",
		"slow shots=5 answered 2 queries in 10.0 s: its runs take about 50s",
		"probe of one unfinished run of each variant: the sweep takes about 2m20s",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in\n%s", want, notes)
		}
	}
	if want := "speed: 0 points, 8 runs, "; !strings.HasPrefix(w.Summary(), want) || !strings.HasSuffix(w.Summary(), "; the sweep takes about 2m20s") {
		t.Errorf("the summary is %q", w.Summary())
	}
}

// TestEstimateWithoutServer: a model without a server is probed once, a variant that
// fails does not stop the others, and their runs are not part of the estimate.
func TestEstimateWithoutServer(t *testing.T) {
	of := func(variant string) map[string]string { return map[string]string{"variant": variant} }
	runs := []RunWorkload{
		{Model: "works", Passages: 1, Distinct: 10, Keys: of("a")}, {Model: "works", Passages: 1, Distinct: 10, Keys: of("b")},
		{Model: "away", Passages: 1, Distinct: 10, Keys: of("a")}, {Model: "away", Passages: 1, Distinct: 10, Keys: of("b")},
		{Model: "empty", Passages: 1, Distinct: 10, Keys: of("a")},
	}
	away := fmt.Errorf("no server: %w", &net.OpError{Op: "dial", Err: errors.New("refused")})
	for _, tc := range []struct {
		name   string
		errs   map[int]error // by run
		probed []int
		failed []FailedProbe
		err    string // no estimate
	}{
		{"a server is away", map[int]error{2: away, 3: away}, []int{0, 1, 2, 4}, []FailedProbe{
			{Model: "away", Runs: 2, Error: "no server: dial: refused"}, {Model: "empty", Runs: 1, Error: "empty: the passages of the probe have no queries"},
		}, ""},
		{"a variant fails", map[int]error{1: errors.New("no schema")}, []int{0, 1, 2, 3, 4}, []FailedProbe{
			{Model: "works", Variant: "variant=b", Runs: 1, Error: "no schema"}, {Model: "empty", Runs: 1, Error: "empty: the passages of the probe have no queries"},
		}, ""},
		{"all fail", map[int]error{0: away, 2: away}, []int{0, 2, 4}, nil, "no server: dial: refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &Workload{Sweep: "s"}
			for _, r := range runs {
				w.add(r)
			}
			before := w.Tokens
			var probed []int
			err := w.estimate(t.Context(), func(run int) (Probe, error) {
				probed = append(probed, run)
				p := Probe{Model: runs[run].Model, Queries: 1, Seconds: 1}
				if p.Model == "empty" {
					p.Queries = 0
				}
				return p, tc.errs[run]
			})
			if !slices.Equal(probed, tc.probed) {
				t.Errorf("probed the runs %v, want %v", probed, tc.probed)
			}
			if tc.err != "" {
				if err == nil || err.Error() != tc.err || w.Estimate != nil || w.Tokens != before {
					t.Errorf("error %v, want %s; estimate %+v, %d tokens", err, tc.err, w.Estimate, w.Tokens)
				}
				return
			}
			if err != nil || !slices.Equal(w.Estimate.Failed, tc.failed) {
				t.Fatalf("error %v, failed %+v, want %+v", err, w.Estimate.Failed, tc.failed)
			}
			notes := strings.Join(w.Grid().Notes, "\n")
			for _, f := range tc.failed {
				if want := fmt.Sprintf("%s: no estimate for %s: %s", named(f.Model, f.Variant), number(f.Runs, "run"), f.Error); !strings.Contains(notes, want) {
					t.Errorf("no %q in\n%s", want, notes)
				}
			}
			if !strings.Contains(w.Summary(), "runs that could not be probed") {
				t.Errorf("the summary is %q", w.Summary())
			}
		})
	}
}
