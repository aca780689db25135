package site

import "nerbench/ner"

// Pair is the comparison of two models by the metric that ranks. A difference is that of
// A less B, as a fraction.
type Pair struct {
	A, B string // slugs
	// Mean compares the means over the datasets that both have completed; nil: not computed.
	Mean     *Test
	Datasets map[string]Test
}

// Test is one test of a pair (docs/spec/metrics.md §12).
type Test struct {
	Difference float64     `json:"difference"`
	Interval   *[2]float64 `json:"interval,omitempty"` // 95 %; nil: not computed
	// P is the p value of the paired randomisation test, PAdjusted with Holm's correction
	// over the datasets.
	P         float64 `json:"p"`
	PAdjusted float64 `json:"p_adjusted"`
}

// comparisons is the data file of the page of comparisons.
type comparisons struct {
	Metric   string                            `json:"metric"`
	Models   []comparedModel                   `json:"models"`
	Datasets []comparedDataset                 `json:"datasets"`
	Runs     map[string]map[string]comparedRun `json:"runs"` // by model and dataset, as slugs
	// Pairs are the files of the pairs that were tested, by the slugs of A and of B.
	Pairs map[string]map[string]string `json:"pairs"`
}

type comparedModel struct {
	Slug    string `json:"slug"`
	Name    string `json:"name"`
	Address string `json:"address"`
}

type comparedDataset struct {
	Slug  string `json:"slug"`
	Title string `json:"title"`
	ID    string `json:"id"`
}

type comparedRun struct {
	Slug    string     `json:"slug"`
	Score   *ner.Score `json:"score,omitempty"` // of the metric that ranks
	Missing string     `json:"missing,omitempty"`
}

// comparedPair is the data file of a pair. Datasets are named by their slugs.
type comparedPair struct {
	Mean     *Test           `json:"mean,omitempty"`
	Datasets map[string]Test `json:"datasets"`
}

// comparisonsFile returns the data file of the page of comparisons, and writes it and
// those of the pairs, unless they are written.
func (s *site) comparisonsFile() (string, error) {
	s.comparing.Lock()
	defer s.comparing.Unlock()
	if s.compared != "" {
		return s.compared, nil
	}
	path, err := s.writeComparisons(s.files)
	if err != nil {
		return "", err
	}
	s.compared = path
	return path, nil
}

// writeComparisons writes the data of the page of comparisons, and returns its file.
func (s *site) writeComparisons(files dataFiles) (string, error) {
	out := comparisons{Runs: map[string]map[string]comparedRun{}, Pairs: map[string]map[string]string{}}
	if len(s.Metrics) > 0 {
		out.Metric = s.Metrics[0]
	}
	for i := range s.Models {
		m := &s.Models[i]
		out.Models = append(out.Models, comparedModel{m.Slug, s.label(m.Slug), m.Address})
	}
	for i := range s.Datasets {
		d := &s.Datasets[i]
		out.Datasets = append(out.Datasets, comparedDataset{s.datasetSlugs[d.ID], d.Title, d.ID})
	}
	for i := range s.Runs {
		r := &s.Runs[i]
		if s.cells[[2]string{r.Model, r.Dataset}] != r {
			continue
		}
		if has, err := s.has(r.ID); err != nil {
			return "", err
		} else if !has {
			continue
		}
		if out.Runs[r.Model] == nil {
			out.Runs[r.Model] = map[string]comparedRun{}
		}
		one := comparedRun{Slug: s.runSlugs[r.ID], Missing: r.Missing}
		if m, there := r.Scores[out.Metric]; there {
			one.Score = &m.Score
		}
		out.Runs[r.Model][s.datasetSlugs[r.Dataset]] = one
	}
	for i := range s.Pairs {
		p := &s.Pairs[i]
		path, err := files.Hashed("pairs/"+p.A+"/"+p.B, s.pairFile(p))
		if err != nil {
			return "", err
		}
		if out.Pairs[p.A] == nil {
			out.Pairs[p.A] = map[string]string{}
		}
		out.Pairs[p.A][p.B] = path
	}
	return files.Hashed("compare", out)
}

func (s *site) pairFile(p *Pair) comparedPair {
	out := comparedPair{Mean: p.Mean, Datasets: map[string]Test{}}
	for id, t := range p.Datasets {
		out.Datasets[s.datasetSlugs[id]] = t
	}
	return out
}
