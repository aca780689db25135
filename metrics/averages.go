package metrics

import (
	"slices"

	"nerbench/ner"
)

// DatasetTally is the input of averages from one dataset.
type DatasetTally struct {
	Dataset, Domain string
	// Scored is false for a dataset that was not run. Its score is neither 0 nor
	// ignored: it counts in the total of every average (docs/spec/metrics.md §10.3).
	Scored bool
	ByType Tally
}

// Counted reports whether the dataset enters averages: it was scored and has gold
// (docs/spec/metrics.md §10.2, §10.4).
func (r DatasetTally) Counted() bool { return r.Scored && r.ByType.Total().NGold > 0 }

// Average is a mean, or a pooled score, over the datasets that have a score. It is
// always printed with Used/Total (docs/spec/metrics.md §10.2).
type Average struct {
	Ratio
	Used, Total int
}

// DomainAverage is the average of one domain.
type DomainAverage struct {
	Domain string
	Average
}

// MeanRows is the unweighted mean of the scores of the counted datasets
// (docs/spec/metrics.md §10.1, mean_rows): the average of the UniversalNER paper.
func MeanRows(datasets []DatasetTally) Average {
	var values []float64
	for _, r := range datasets {
		if r.Counted() {
			f1, _ := r.ByType.Total().F1()
			values = append(values, f1)
		}
	}
	return mean(values, len(datasets))
}

// DomainMeans is the unweighted mean of the dataset scores of each domain, in the
// order in which domains first occur (docs/spec/metrics.md §10.1, domain_mean).
func DomainMeans(datasets []DatasetTally) []DomainAverage {
	var order []string
	members := map[string][]DatasetTally{}
	for _, r := range datasets {
		if _, seen := members[r.Domain]; !seen {
			order = append(order, r.Domain)
		}
		members[r.Domain] = append(members[r.Domain], r)
	}
	means := make([]DomainAverage, len(order))
	for i, domain := range order {
		means[i] = DomainAverage{domain, MeanRows(members[domain])}
	}
	return means
}

// MeanDomains is the unweighted mean of the domain means (docs/spec/metrics.md
// §10.1, mean_domains). It excludes domains without a counted dataset; Used and
// Total count domains.
func MeanDomains(datasets []DatasetTally) Average {
	domains := DomainMeans(datasets)
	var values []float64
	for _, d := range domains {
		if d.Defined {
			values = append(values, d.Value)
		}
	}
	return mean(values, len(domains))
}

// PooledMicro is the F1 of the counts summed over the counted datasets, with the
// summed counts (docs/spec/metrics.md §10.1, pooled_micro).
func PooledMicro(datasets []DatasetTally) (ner.Score, Average) {
	var sum ner.Score
	a := Average{Total: len(datasets)}
	for _, r := range datasets {
		if r.Counted() {
			sum = sum.Add(r.ByType.Total())
			a.Used++
		}
	}
	a.Value, a.Defined = sum.F1()
	return sum, a
}

// mean adds in ascending order, so that the result does not depend on the order of
// datasets.
func mean(values []float64, total int) Average {
	a := Average{Used: len(values), Total: total}
	if len(values) == 0 {
		return a
	}
	slices.Sort(values)
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	a.Ratio = Ratio{sum / float64(len(values)), true}
	return a
}
