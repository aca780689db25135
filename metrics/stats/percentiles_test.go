package stats

import (
	"slices"
	"testing"
)

// TestPercentilesNeedNoOrder compares them with those of sorted values.
func TestPercentilesNeedNoOrder(t *testing.T) {
	random := NewStream(3, 0)
	for n := 1; n < 300; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(random.Index(1 + n/(1+n%5))) // with equal ones
		}
		sorted := slices.Sorted(slices.Values(values))
		want := Interval{interpolated(sorted, 0.025), interpolated(sorted, 0.975)}
		for name, order := range map[string][]float64{"drawn": values, "ascending": slices.Clone(sorted), "descending": reversed(sorted)} {
			if got := percentiles(order); got != want {
				t.Fatalf("%d values, %s: %v, want %v", n, name, got, want)
			}
		}
	}
}

func interpolated(sorted []float64, q float64) float64 {
	h := float64(len(sorted)-1) * q
	i := int(h)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

func reversed(sorted []float64) []float64 {
	out := slices.Clone(sorted)
	slices.Reverse(out)
	return out
}
