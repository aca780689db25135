package reports

import (
	"fmt"
	"strconv"
)

// Interval prints an interval of a ratio in percent: "[41.1, 45.0]". nil prints as
// [Undefined].
func Interval(ci *[2]float64) string { return interval(ci, Percent) }

// DifferenceInterval prints an interval of a difference of ratios in points, with
// signs: "[-0.4, +1.2]". nil prints as [Undefined].
func DifferenceInterval(ci *[2]float64) string { return interval(ci, Points) }

func interval(ci *[2]float64, print func(*float64) string) string {
	if ci == nil {
		return Undefined
	}
	return fmt.Sprintf("[%s, %s]", print(&ci[0]), print(&ci[1]))
}

// leastProbability is the least p value that is printed as a number: resampling
// does not resolve smaller ones.
const leastProbability = 0.0001

// Probability prints a p value with four decimals. nil prints as [Undefined].
func Probability(p *float64) string {
	switch {
	case p == nil:
		return Undefined
	case *p < leastProbability:
		return "< 0.0001"
	}
	return strconv.FormatFloat(*p, 'f', 4, 64)
}
