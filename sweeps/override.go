package sweeps

import (
	"maps"
	"slices"

	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
)

// Overrides replace parts of a plan.
type Overrides struct {
	// Models are the models to run. A plan that compares models needs several.
	Models []string
	// Datasets or Suite replace those of the plan, if one of them is set.
	Datasets []string
	Suite    string
	// Metrics are ids; empty: those of the plan, else span_f1.
	Metrics []string
	// Keys are keys of all points.
	Keys map[string]string
}

// Override applies overrides to a plan, and checks that it has models, datasets and
// metrics.
func (s *Sweep) Override(o Overrides) error {
	varied := s.Varied()
	for _, key := range slices.Sorted(maps.Keys(o.Keys)) {
		if slices.Contains(varied, key) || key == "seed" && len(s.Seeds) > 0 {
			return fault.Usagef("sweep %s: %s varies and cannot be set", s.Name, key)
		}
		s.Fix(key, o.Keys[key])
	}
	if err := s.nameModels(o.Models); err != nil {
		return err
	}
	if len(o.Datasets) > 0 || o.Suite != "" {
		s.Datasets, s.Suite = o.Datasets, o.Suite
	}
	if len(s.Datasets) == 0 && s.Suite == "" {
		return fault.Usagef("sweep %s: no datasets: want -d DATASET[,DATASET] or --suite SUITE", s.Name)
	}
	if len(o.Metrics) > 0 {
		s.Metrics = o.Metrics
	}
	return s.completeMetrics()
}

// nameModels sets the models of a plan.
func (s *Sweep) nameModels(models []string) error {
	_, fixed := s.Fixed["model"]
	varies := slices.Contains(s.Varied(), "model")
	switch {
	case s.Models != "" && len(models) < 2 && !varies:
		return fault.Usagef("sweep %s: compares models: want all of them, the baseline first: -m A -m B (%s)", s.Name, s.Models)
	case s.Models == "" && len(models) > 1:
		return fault.Usagef("sweep %s: want one model, not %d", s.Name, len(models))
	case s.Models == "" && len(models) == 0 && !fixed && !varies:
		return fault.Usagef("sweep %s: no model: want -m MODEL", s.Name)
	case s.Models != "" && len(models) > 0:
		s.Vary("model", models)
	case len(models) == 1:
		if varies {
			return fault.Usagef("sweep %s: model varies and cannot be set", s.Name)
		}
		s.Fix("model", models[0])
	}
	return nil
}

// completeMetrics sets the default metric, and checks the ids.
func (s *Sweep) completeMetrics() error {
	if len(s.Metrics) == 0 {
		s.Metrics = slices.Clone(loop.DefaultMetrics[:1])
	}
	for _, id := range s.Metrics {
		if _, _, err := metrics.ParseID(id); err != nil {
			return fault.Usagef("sweep %s: %v", s.Name, err)
		}
	}
	return nil
}
