package reports

import "testing"

func TestIntervals(t *testing.T) {
	ci := &[2]float64{-0.004, 0.0125}
	for _, test := range []struct{ name, got, want string }{
		{"interval", Interval(&[2]float64{0.411, 0.45}), "[41.1, 45.0]"},
		{"no interval", Interval(nil), Undefined},
		{"difference", DifferenceInterval(ci), "[-0.4, +1.3]"},
		{"no difference", DifferenceInterval(nil), Undefined},
		{"probability", Probability(ratio(0.05)), "0.0500"},
		{"least probability", Probability(ratio(0.0001)), "0.0001"},
		{"less than the least", Probability(ratio(0.00009)), "< 0.0001"},
		{"no probability", Probability(nil), Undefined},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("printed as %q, want %q", test.got, test.want)
			}
		})
	}
}
