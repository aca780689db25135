package repository

import (
	"slices"
	"strings"

	"nerbench/bundles"
	"nerbench/submissions"
)

// Difference compares a new run with a run of a reference model that was merged.
type Difference struct {
	File    string  `json:"file"`
	Dataset string  `json:"dataset"`
	Metric  string  `json:"metric"`
	F1      float64 `json:"f1"`
	// Model is the reference model, and Reference the file of its run.
	Model       string  `json:"model"`
	Reference   string  `json:"reference"`
	ReferenceF1 float64 `json:"reference_f1"`
}

// differences compares each new run that was scored with the best merged run of each
// reference model on the same passages, by the metric that ranks. Withdrawn runs are no
// references. F1 are those of the counts in the files.
func (v *verifier) differences(metric string, models []string, isNew func(string) bool) (list []Difference) {
	withdrawn := withdrawnRuns(v.events)
	for _, file := range v.out.Names() {
		run := v.runs[v.out.Runs[file].ID].run()
		f1, ok := f1Of(run, metric)
		if !ok || !isNew(file) {
			continue
		}
		for _, model := range models {
			best := Difference{File: file, Dataset: run.Dataset(), Metric: metric, F1: f1, Model: model}
			for id, place := range v.places {
				other := v.runs[id].run()
				if name, _ := other.Model(); name != model || isNew(place) || withdrawn[id] || v.wrong[place] || run.Passages != other.Passages || !submissions.SamePassages(run.Keys, other.Keys) {
					continue
				}
				if f1, ok := f1Of(other, metric); ok && (best.Reference == "" || f1 > best.ReferenceF1 || f1 == best.ReferenceF1 && place < best.Reference) {
					best.Reference, best.ReferenceF1 = place, f1
				}
			}
			if best.Reference != "" {
				list = append(list, best)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Difference) int { return strings.Compare(a.Dataset, b.Dataset) })
	return list
}

// f1Of is the F1 of a run; ok is false if it has none.
func f1Of(r *bundles.Run, id string) (f1 float64, ok bool) {
	i := slices.IndexFunc(r.Metrics, func(m bundles.Metric) bool { return m.ID == id })
	if i < 0 {
		return 0, false
	}
	value := submissions.F1(r.Metrics[i])
	if value == nil {
		return 0, false
	}
	return *value, true
}
