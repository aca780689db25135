package exchange

import (
	"cmp"
	"io"
	"path"

	"nerbench/internal/fault"
)

// writeModelIndex prints the results of one model as the member model-index of the
// metadata of its model card. https://huggingface.co/docs/hub/model-cards
func writeModelIndex(w io.Writer, runs []*Run, o Options) error {
	if err := checkComparable(runs); err != nil {
		return err
	}
	for _, r := range runs[1:] {
		if first := runs[0]; !sameModel(first, r) {
			return fault.Usagef("runs %s and %s are of different models (%s, %s): a model card describes one", first.ID, r.ID, first.Model.Name, r.Model.Name)
		}
	}
	l := &lines{}
	l.add("model-index:")
	l.add("- name: %s", quoted(path.Base(runs[0].Model.hubID())))
	l.add("  results:")
	for _, r := range sortedRuns(runs) {
		where := r.Dataset.Hub
		if where == "" {
			where = r.Dataset.ID
		}
		l.add("  - task:")
		l.addTexts("      ", [2]string{"type", "token-classification"}, [2]string{"name", "Named Entity Recognition"})
		l.add("    dataset:")
		l.addTexts("      ", [2]string{"name", cmp.Or(r.Dataset.Title, r.Dataset.ID)}, [2]string{"type", where}, [2]string{"split", r.Keys["split"]})
		l.add("      args:")
		l.addTexts("        ", [2]string{"id", r.Dataset.ID}, [2]string{"fingerprint", r.Keys["data"]}, [2]string{"labels", r.Keys["labels"]})
		l.add("    metrics:")
		for i := range r.Metrics {
			m := &r.Metrics[i]
			for _, ratio := range []struct {
				kind, name string
				value      *float64
			}{{"f1", m.ID, m.Figures.F1}, {"precision", m.ID + " precision", m.Figures.Precision}, {"recall", m.ID + " recall", m.Figures.Recall}} {
				if ratio.value == nil {
					continue
				}
				l.add("    - type: %s", quoted(ratio.kind))
				l.add("      value: %s", number(*ratio.value)) // readers of YAML 1.1 take 5e-05 for a text
				l.addTexts("      ", [2]string{"name", ratio.name})
				if ratio.kind == "f1" {
					l.add("      args:")
					l.addTexts("        ", [2]string{"run", r.ID}, [2]string{"settings", hubNotes(r, o)}, [2]string{"signature", m.Signature})
				}
			}
		}
	}
	_, err := io.WriteString(w, l.String())
	return err
}
