package exchange

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
)

// hubMetrics are the metrics with a leaderboard of their own on the hub.
var hubMetrics = []string{"span_f1", "uniner_f1"}

// hubRepository is the form of a repository on the hub.
var hubRepository = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*/[0-9A-Za-z][0-9A-Za-z._-]*$`)

// writeEvalResults writes the results of models as the Hugging Face hub reads them: for
// each model MODEL/.eval_results/nerbench.yaml, which belongs into the repository of the
// model, and eval.yaml, which belongs into the repository of the benchmark.
// https://huggingface.co/docs/hub/eval-results
func writeEvalResults(to *folder, runs []*Run, o Options) error {
	if !hubRepository.MatchString(o.Benchmark) {
		return fault.Usagef("want the dataset repository of the benchmark on the hub: --benchmark OWNER/NAME")
	}
	if err := checkComparable(runs); err != nil {
		return err
	}
	byModel := map[string][]*Run{}
	var models []string
	for _, r := range runs {
		name := r.Model.folder()
		if other := byModel[name]; len(other) == 0 {
			models = append(models, name)
		} else if !sameModel(other[0], r) {
			return fmt.Errorf("runs %s and %s are of different models with one name, %s", other[0].ID, r.ID, r.Model.hubID())
		}
		byModel[name] = append(byModel[name], r)
	}
	for _, name := range models {
		err := to.create(join(name, ".eval_results", "nerbench.yaml"), func(w io.Writer) error {
			_, err := io.WriteString(w, evalResults(byModel[name], o))
			return err
		})
		if err != nil {
			return err
		}
	}
	return to.create("eval.yaml", func(w io.Writer) error {
		_, err := io.WriteString(w, evalFile(runs, o))
		return err
	})
}

// checkComparable refuses runs that say less than their number claims: incomplete ones,
// those on a part of a split, those whose queries use gold, and two of one model on one
// dataset.
func checkComparable(runs []*Run) error {
	seen := map[string]*Run{}
	for _, r := range runs {
		if !r.Whole {
			return fmt.Errorf("run %s: %s: only runs on a whole split can be exported", r.ID, r.Note)
		}
		if queries := r.Keys["queries"]; queries != "" && queries != "all" {
			return fmt.Errorf("run %s: its query set (%s) uses gold: only runs with queries=all can be exported", r.ID, queries)
		}
		for _, id := range hubMetrics {
			if _, ok := r.byID(id); !ok {
				return fmt.Errorf("run %s: not scored by %s", r.ID, id)
			}
		}
		at := r.Model.folder() + "\x1f" + r.Dataset.ID + "\x1f" + r.Keys["split"]
		if other := seen[at]; other != nil {
			return fault.Usagef("runs %s and %s are of one model on %s: name one of them", other.ID, r.ID, r.Dataset.ID)
		}
		seen[at] = r
	}
	return nil
}

// byID returns the score by the metric with exactly this id.
func (r *Run) byID(id string) (*Metric, bool) {
	i := slices.IndexFunc(r.Metrics, func(m Metric) bool { return m.ID == id })
	if i < 0 {
		return nil, false
	}
	return &r.Metrics[i], true
}

// hubTask is the leaderboard of one dataset and metric.
func hubTask(dataset, split, metric string) string {
	if split != string(ner.Test) {
		dataset += "_" + split
	}
	return dataset + "_" + metric
}

// evalResults is the file of one model. The values are percentages, as in tables.
func evalResults(runs []*Run, o Options) string {
	l := &lines{}
	for _, r := range sortedRuns(runs) {
		for _, id := range hubMetrics {
			m, _ := r.byID(id)
			if m.Figures.F1 == nil {
				continue
			}
			l.add("- dataset:")
			l.addTexts("    ", [2]string{"id", o.Benchmark}, [2]string{"task_id", hubTask(r.Dataset.ID, r.Keys["split"], id)})
			l.add("  value: %s", reports.Percent(m.Figures.F1))
			l.addTexts("  ", [2]string{"date", r.Updated.UTC().Format(time.RFC3339)}, [2]string{"notes", hubNotes(r, o)})
		}
	}
	return l.String()
}

// hubNotes describes the settings of a run in one line.
func hubNotes(r *Run, o Options) string {
	parts := []string{"nerbench " + o.Version, "run " + r.ID}
	for _, k := range ner.Keys {
		if v := r.Keys[k.Name]; k.Named && v != "" && k.Name != "split" {
			parts = append(parts, k.Name+"="+v)
		}
	}
	if seen := r.Facts["seen"]; seen != "" {
		parts = append(parts, "seen in training: "+seen)
	}
	return strings.Join(parts, ", ")
}

// evalFile is the description of the benchmark with all its leaderboards.
func evalFile(runs []*Run, o Options) string {
	type board struct{ dataset, split string }
	var boards []board
	for _, id := range o.Datasets {
		boards = append(boards, board{id, string(ner.Test)})
	}
	for _, r := range sortedRuns(runs) {
		if b := (board{r.Dataset.ID, r.Keys["split"]}); !slices.Contains(boards, b) {
			boards = append(boards, b)
		}
	}
	l := &lines{}
	l.addTexts("", [2]string{"name", "nerbench"},
		[2]string{"description", "Named entity recognition on the datasets of the UniversalNER benchmark: strict span F1 on aligned offsets (span_f1), and the string-set F1 of the paper (uniner_f1)."},
		[2]string{"evaluation_framework", "nerbench"})
	l.add("tasks:")
	for _, b := range boards {
		for _, id := range hubMetrics {
			l.add("  - id: %s", quoted(hubTask(b.dataset, b.split, id)))
			l.addTexts("    ", [2]string{"config", b.dataset}, [2]string{"split", b.split})
		}
	}
	return l.String()
}

// sortedRuns orders runs by dataset, split and id.
func sortedRuns(runs []*Run) []*Run {
	sorted := slices.Clone(runs)
	slices.SortStableFunc(sorted, func(a, b *Run) int {
		return strings.Compare(a.Dataset.ID+"\x1f"+a.Keys["split"]+"\x1f"+a.ID, b.Dataset.ID+"\x1f"+b.Keys["split"]+"\x1f"+b.ID)
	})
	return sorted
}
