package reports

import (
	"math"
	"strings"
	"testing"

	"nerbench/ner"
)

func TestPercentRoundsOnceHalfAwayFromZero(t *testing.T) {
	for _, test := range []struct {
		name string
		v    float64
		want string
	}{
		{"tie below in binary", 861.0 / 2000, "43.1"},
		{"tie above in binary", 0.5015, "50.2"},
		{"just below a tie", 0.43049999, "43.0"},
		{"not rounded twice", 0.444499, "44.4"},
		{"zero", 0, "0.0"},
		{"one", 1, "100.0"},
		{"tiny", 1e-9, "0.0"},
		{"negative tie", -0.0005, "-0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Percent(&test.v); got != test.want {
				t.Errorf("Percent(%v) = %s, want %s", test.v, got, test.want)
			}
		})
	}
	nan := math.NaN()
	if got := Percent(&nan); got != Undefined {
		t.Errorf("Percent(NaN) = %s", got)
	}
}

// Every exact tie of counts must round up: 2·tp/(n_pred+n_gold) with a
// denominator of 2000 has ties at every odd numerator.
func TestPercentOfEveryTie(t *testing.T) {
	for tp := 1; tp < 2000; tp += 2 {
		v := float64(tp) / 2000
		up := float64((tp+1)/2) / 1000
		if got, want := Percent(&v), Percent(&up); got != want {
			t.Errorf("Percent(%d/2000) = %s, want %s", tp, got, want)
		}
	}
}

func TestUndefinedRatios(t *testing.T) {
	for _, test := range []struct {
		name    string
		s       ner.Score
		p, r, f string
	}{
		{"nothing", ner.Score{}, "–", "–", "–"},
		{"no prediction", ner.Score{NGold: 3}, "–", "0.0", "0.0"},
		{"no gold", ner.Score{NPred: 3}, "0.0", "–", "0.0"},
		{"a third", ner.Score{TP: 1, NPred: 3, NGold: 3}, "33.3", "33.3", "33.3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, r, f := FromCounts(SpanF1, test.s)
			if Percent(p) != test.p || Percent(r) != test.r || Percent(f) != test.f {
				t.Errorf("P %s R %s F1 %s, want %s %s %s", Percent(p), Percent(r), Percent(f), test.p, test.r, test.f)
			}
		})
	}
}

func TestShareNeverHidesAPart(t *testing.T) {
	for _, test := range []struct {
		part, n int
		want    string
	}{{0, 0, "–"}, {0, 9, "0.0"}, {1, 100000, "<0.1"}, {1, 8, "12.5"}, {9, 9, "100.0"}} {
		if got := Share(test.part, test.n); got != test.want {
			t.Errorf("Share(%d, %d) = %s, want %s", test.part, test.n, got, test.want)
		}
	}
}

// TestHalfPoints: doubled counts are printed halved, and the ratios are those of the
// counts.
func TestHalfPoints(t *testing.T) {
	spec := Spec{Metrics: []string{SpanF1}, Doubled: func(metric string) bool { return metric == SpanF1 }}
	table := build(t, []Result{result("m", "stars", 37, 80, 90)}, spec)
	for format, want := range map[string]string{
		"csv":  "stars,m,span_f1,dataset,false,0.43529411764705883,0.4625,0.4111111111111111,18.5,40,45,",
		"json": `"tp": 18.5,`,
	} {
		var b strings.Builder
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: no %q in\n%s", format, want, b.String())
		}
	}
}

// At every tie, a value in percent prints as its ratio does.
func TestInPercentOfEveryTie(t *testing.T) {
	for tp := 1; tp < 2000; tp += 2 {
		v := float64(tp) / 2000
		if got, want := OneDecimal(InPercent(v)), Percent(&v); got != want {
			t.Errorf("InPercent(%d/2000) prints as %s, want %s", tp, got, want)
		}
	}
}

func TestPoints(t *testing.T) {
	for _, test := range []struct {
		name string
		d    float64
		want string
	}{
		{"more", 0.0125, "+1.3"},
		{"less", -0.0125, "-1.3"},
		{"nothing", 0, "0.0"},
		{"a little more than nothing", 0.0004, "0.0"},
		{"a little less than nothing", -0.0004, "0.0"},
		{"not a number", math.NaN(), Undefined},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Points(&test.d); got != test.want {
				t.Errorf("Points(%v) = %s, want %s", test.d, got, test.want)
			}
		})
	}
	if got := Points(nil); got != Undefined {
		t.Errorf("Points(nil) = %s", got)
	}
}
