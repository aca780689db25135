package sweeps

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestEstimate: models differ in speed, so each is probed, and the times add up.
func TestEstimate(t *testing.T) {
	workload := func() *Workload {
		w := &Workload{}
		for _, r := range []RunWorkload{
			{Model: "fast", Passages: 10, Done: 10, Distinct: 100, Bytes: 4000}, // nothing is left
			{Model: "fast", Passages: 10, Distinct: 100, Bytes: 4000},
			{Model: "fast", Passages: 10, Done: 5, Distinct: 200, Bytes: 8000},
			{Model: "done", Passages: 10, Done: 10, Distinct: 100, Bytes: 4000},
			{Model: "shares", Passages: 10, Queries: 100}, // other runs ask all of it
			{Model: "slow", Passages: 10, Distinct: 30, Bytes: 1200},
		} {
			w.add(r)
		}
		return w
	}
	probes := map[int]Probe{
		1: {Model: "fast", Queries: 40, Seconds: 2, tokens: 500, bytes: 1000},
		5: {Model: "slow", Queries: 6, Seconds: 12},
	}
	w := workload()
	var probed []int
	err := w.estimate(func(run int) (Probe, error) {
		probed = append(probed, run)
		return probes[run], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(probed, []int{1, 5}) {
		t.Errorf("probed the runs %v, not the first unfinished one of each model", probed)
	}
	// fast: 200 queries at 20 a second; slow: 30 at one in two seconds.
	e := w.Estimate
	if e.Model != "fast, slow" || e.Queries != 46 || e.Seconds != 14 || e.SweepTakes != 10+60 || e.TokensAByte != 0.5 {
		t.Errorf("estimate %+v", e)
	}
	if len(e.Probes) != 2 || e.Probes[0].RunsTake != 10 || e.Probes[1].RunsTake != 60 || e.Probes[1].Rate != 0.5 {
		t.Errorf("probes %+v", e.Probes)
	}
	if want := 8000/2 + 1200/bytesAToken; w.Tokens != want { // the first model's server counts tokens
		t.Errorf("%d tokens, want %d", w.Tokens, want)
	}
	notes := strings.Join(w.Grid().Notes, "\n")
	for _, want := range []string{
		"fast answered 40 queries in 2.0 s: its runs take about 10s", "slow answered 6 queries in 12.0 s: its runs take about 1m0s",
		"probe of one unfinished run of each model: the sweep takes about 1m10s",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in\n%s", want, notes)
		}
	}
	for name, c := range map[string]struct {
		slow Probe
		err  error
		want string
	}{
		"one model fails":    {err: errors.New("no server"), want: "no server"},
		"one has no queries": {slow: Probe{Model: "slow"}, want: "slow: the passages of the probe have no queries"},
	} {
		t.Run(name, func(t *testing.T) {
			w := workload()
			before := w.Tokens
			err := w.estimate(func(run int) (Probe, error) {
				if run == 5 {
					return c.slow, c.err
				}
				return probes[run], nil
			})
			if err == nil || err.Error() != c.want || w.Estimate != nil || w.Tokens != before {
				t.Errorf("error %v, want %s; estimate %+v, %d tokens", err, c.want, w.Estimate, w.Tokens)
			}
		})
	}
}
