package metrics_test

import (
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

type aggregateCase struct {
	Name string
	Rows []struct {
		Row, Domain, Status string
		PerType             map[ner.EntityType][3]int `json:"per_type"`
	}
	Expected struct {
		Rows        map[string]*expectedDataset
		DomainMean  map[string]expectedAverage `json:"domain_mean"`
		MeanRows    expectedAverage            `json:"mean_rows"`
		MeanDomains expectedAverage            `json:"mean_domains"`
		PooledMicro struct {
			ner.Score
			expectedAverage
			Precision, Recall *float64
		} `json:"pooled_micro"`
	}
}

type expectedDataset struct {
	ner.Score
	Precision, Recall, F1 *float64
	TypeMacro             *float64 `json:"type_macro_f1"`
	Counted               bool
}

type expectedAverage struct {
	F1          *float64
	Used, Total int
}

// TestAggregateVectors compares the averages of docs/spec/metrics.md §10.1 to §10.4
// (§10.2 incomplete sets, §10.3 datasets not run, §10.4 datasets without gold), and
// undefined ratios (§1.2), with the vectors.
func TestAggregateVectors(t *testing.T) { reference.EachSet(t, aggregateVectors) }

func aggregateVectors(t *testing.T, set reference.Set) {
	for _, c := range readVectors[aggregateCase](t, set, "aggregates.json").Cases {
		t.Run(c.Name, func(t *testing.T) {
			var datasets []metrics.DatasetTally
			for _, r := range c.Rows {
				dataset := metrics.DatasetTally{Dataset: r.Row, Domain: r.Domain, Scored: r.Status == "ok", ByType: metrics.Tally{}}
				for typ, n := range r.PerType {
					dataset.ByType.Add(typ, ner.Score{TP: n[0], NPred: n[1], NGold: n[2]})
				}
				datasets = append(datasets, dataset)
				checkDataset(t, dataset, c.Expected.Rows[r.Row])
			}
			domains := metrics.DomainMeans(datasets)
			if len(domains) != len(c.Expected.DomainMean) {
				t.Errorf("%d domains, want %d", len(domains), len(c.Expected.DomainMean))
			}
			for _, d := range domains {
				c.Expected.DomainMean[d.Domain].check(t, "domain_mean "+d.Domain, d.Average)
			}
			c.Expected.MeanRows.check(t, "mean_rows", metrics.MeanRows(datasets))
			c.Expected.MeanDomains.check(t, "mean_domains", metrics.MeanDomains(datasets))

			score, average := metrics.PooledMicro(datasets)
			want := c.Expected.PooledMicro
			want.check(t, "pooled_micro", average)
			if score != want.Score {
				t.Errorf("pooled_micro: counts are %+v, want %+v", score, want.Score)
			}
			pooled := metrics.FromCounts(score)
			checkRatio(t, "pooled_micro precision", pooled.Precision, want.Precision)
			checkRatio(t, "pooled_micro recall", pooled.Recall, want.Recall)
		})
	}
}

func checkDataset(t *testing.T, dataset metrics.DatasetTally, want *expectedDataset) {
	t.Helper()
	if want == nil {
		if dataset.Scored || dataset.Counted() {
			t.Errorf("dataset %s: is scored, want not run", dataset.Dataset)
		}
		return
	}
	total := dataset.ByType.Total()
	if total != want.Score {
		t.Errorf("dataset %s: counts are %+v, want %+v", dataset.Dataset, total, want.Score)
	}
	if dataset.Counted() != want.Counted {
		t.Errorf("dataset %s: counted is %v", dataset.Dataset, dataset.Counted())
	}
	r := metrics.FromCounts(total)
	checkRatio(t, dataset.Dataset+" precision", r.Precision, want.Precision)
	checkRatio(t, dataset.Dataset+" recall", r.Recall, want.Recall)
	checkRatio(t, dataset.Dataset+" f1", r.F1, want.F1)
	nearOrNull(t, dataset.Dataset+" type_macro", dataset.ByType, want.TypeMacro)
}

func (e expectedAverage) check(t *testing.T, what string, got metrics.Average) {
	t.Helper()
	checkRatio(t, what, got.Ratio, e.F1)
	if got.Used != e.Used || got.Total != e.Total {
		t.Errorf("%s: %d/%d datasets, want %d/%d", what, got.Used, got.Total, e.Used, e.Total)
	}
}

func checkRatio(t *testing.T, what string, got metrics.Ratio, want *float64) {
	t.Helper()
	if got.Defined != (want != nil) {
		t.Errorf("%s: defined is %v, want %v", what, got.Defined, want != nil)
		return
	}
	if want != nil {
		near(t, what, got.Value, *want)
	}
}
