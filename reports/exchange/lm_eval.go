package exchange

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nerbench/ner"
)

// lmResults are the results of one model on several tasks, as lm-evaluation-harness
// (EleutherAI/lm-evaluation-harness, version 0.4) writes them with --log_samples.
type lmResults struct {
	Results      map[string]map[string]any  `json:"results"`
	Subtasks     map[string][]string        `json:"group_subtasks"`
	Configs      map[string]lmConfig        `json:"configs"`
	Versions     map[string]string          `json:"versions"`
	Shots        map[string]int             `json:"n-shot"`
	Higher       map[string]map[string]bool `json:"higher_is_better"`
	Samples      map[string]lmSamples       `json:"n-samples"`
	Config       lmModel                    `json:"config"`
	GitHash      *string                    `json:"git_hash"`
	Date         float64                    `json:"date"`
	TaskHashes   map[string]string          `json:"task_hashes"`
	Source       string                     `json:"model_source"`
	Model        string                     `json:"model_name"`
	Sanitized    string                     `json:"model_name_sanitized"`
	System       *string                    `json:"system_instruction"`
	SystemHash   *string                    `json:"system_instruction_sha"`
	Multiturn    *bool                      `json:"fewshot_as_multiturn"`
	Template     *string                    `json:"chat_template"`
	TemplateHash *string                    `json:"chat_template_sha"`
	Program      lmProgram                  `json:"nerbench"`
}

type lmConfig struct {
	Task        string         `json:"task"`
	Alias       string         `json:"task_alias"`
	Path        string         `json:"dataset_path"`
	Name        string         `json:"dataset_name"`
	TestSplit   string         `json:"test_split"`
	Output      string         `json:"output_type"`
	Metrics     []lmMetric     `json:"metric_list"`
	Shots       int            `json:"num_fewshot"`
	Repeats     int            `json:"repeats"`
	Generation  map[string]any `json:"generation_kwargs"`
	Metadata    map[string]any `json:"metadata"`
	Decontamine bool           `json:"should_decontaminate"`
}

type lmMetric struct {
	Metric      string `json:"metric"`
	Aggregation string `json:"aggregation"`
	Higher      bool   `json:"higher_is_better"`
}

type lmSamples struct {
	Original  int `json:"original"`
	Effective int `json:"effective"`
}

type lmModel struct {
	Model     string            `json:"model"`
	Args      map[string]string `json:"model_args"`
	BatchSize *string           `json:"batch_size"`
	Device    *string           `json:"device"`
	Cache     *string           `json:"use_cache"`
	Limit     *int              `json:"limit"`
	Kwargs    map[string]any    `json:"gen_kwargs"`
}

// lmProgram is what lm-evaluation-harness has no place for, by task.
type lmProgram struct {
	Version string            `json:"version"`
	Runs    map[string]lmTask `json:"runs"`
}

type lmTask struct {
	Run        string            `json:"run"`
	Keys       map[string]string `json:"keys"`
	Signatures map[string]string `json:"signatures"`
	Note       string            `json:"note,omitempty"`
}

type lmDoc struct {
	ID       string   `json:"id"`
	Text     string   `json:"text,omitempty"`
	Entities []Entity `json:"entities"`
}

type lmArgument struct {
	Prompt     string         `json:"arg_0"`
	Generation map[string]any `json:"arg_1"`
}

// lmGroup are runs of one model with the same settings, on different tasks.
type lmGroup struct {
	settings string
	runs     []*Run
	updated  time.Time // of the last run
}

// writeLMEval writes results as lm-evaluation-harness does: below the folder of the model
// one file of results for all runs with the same settings, and one file of samples for
// each run.
func writeLMEval(to *folder, runs []*Run, o Options) error {
	taken := map[string]bool{}
	for _, g := range lmGroups(runs) {
		dir := g.runs[0].Model.folder()
		date := lmDate(g.updated)
		for at := g.updated; taken[dir+date]; date = lmDate(at) { // two groups of one moment
			at = at.Add(time.Microsecond)
		}
		taken[dir+date] = true
		results := newLMResults(g, o)
		for _, r := range g.runs {
			task := lmTaskName(r)
			sum := sha256.New()
			err := to.create(join(dir, "samples_"+task+"_"+date+".jsonl"), func(w io.Writer) error {
				s := lmSampleWriter{run: r}
				return r.Read(func(p *Passage) error {
					for _, line := range s.lines(p) {
						if err := writeLine(w, line); err != nil {
							return err
						}
					}
					_, _ = io.WriteString(sum, s.hashes) // a hash takes everything
					return nil
				})
			})
			if err != nil {
				return err
			}
			results.TaskHashes[task] = hex.EncodeToString(sum.Sum(nil))
		}
		err := to.create(join(dir, "results_"+date+".json"), func(w io.Writer) error { return writeJSON(w, results) })
		if err != nil {
			return err
		}
	}
	return nil
}

// lmFloat is a number that is no integer for a program in Python.
type lmFloat float64

// MarshalJSON writes a point also in whole numbers.
func (f lmFloat) MarshalJSON() ([]byte, error) {
	text := number(float64(f))
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return []byte(text), nil
}

// lmDate is a time in the names of files.
func lmDate(t time.Time) string { return t.UTC().Format("2006-01-02T15-04-05.000000") }

// lmGroups puts runs with the same settings together, each task once.
func lmGroups(runs []*Run) []*lmGroup {
	var groups []*lmGroup
	for _, r := range runs {
		settings := ""
		for _, k := range ner.Keys {
			if !k.Pooled && k.Name != "digest" {
				settings += r.Keys[k.Name] + "\x1f"
			}
		}
		i := slices.IndexFunc(groups, func(g *lmGroup) bool {
			return g.settings == settings && sameModel(g.runs[0], r) && !slices.ContainsFunc(g.runs, func(other *Run) bool { return lmTaskName(other) == lmTaskName(r) })
		})
		if i < 0 {
			i, groups = len(groups), append(groups, &lmGroup{settings: settings})
		}
		g := groups[i]
		g.runs = append(g.runs, r)
		if r.Updated.After(g.updated) {
			g.updated = r.Updated
		}
	}
	return groups
}

var notWord = regexp.MustCompile(`[^0-9A-Za-z_]`)

// lmTaskName is the name of the task of a run.
func lmTaskName(r *Run) string { return "nerbench_" + notWord.ReplaceAllString(r.Dataset.ID, "_") }

// lmMetricKey returns the metric and the filter of a metric id: the filter is the list of
// its options.
func lmMetricKey(id string) (metric, filter string) {
	name, options, ok := strings.Cut(strings.TrimSuffix(id, "]"), "[")
	if !ok {
		options = "none"
	}
	return name, options
}

func newLMResults(g *lmGroup, o Options) lmResults {
	first := g.runs[0]
	out := lmResults{
		Results: map[string]map[string]any{}, Subtasks: map[string][]string{}, Configs: map[string]lmConfig{}, Versions: map[string]string{},
		Shots: map[string]int{}, Higher: map[string]map[string]bool{}, Samples: map[string]lmSamples{}, TaskHashes: map[string]string{},
		Config: newLMModel(first), Date: float64(g.updated.UnixMilli()) / 1000, Source: "nerbench", Model: first.Model.hubID(), Sanitized: first.Model.folder(),
		Program: lmProgram{Version: o.Version, Runs: map[string]lmTask{}},
	}
	for _, r := range g.runs {
		task := lmTaskName(r)
		values := map[string]any{"alias": r.Dataset.ID, "name": task, "sample_len": r.Scored}
		higher := map[string]bool{}
		program := lmTask{Run: r.ID, Keys: r.Keys, Signatures: map[string]string{}, Note: r.Note}
		for i := range r.Metrics {
			m := &r.Metrics[i]
			metric, filter := lmMetricKey(m.ID)
			program.Signatures[m.ID] = m.Signature
			out.Versions[task] = m.Version
			for _, ratio := range []struct {
				name  string
				value *float64
			}{{metric, m.Figures.F1}, {metric + "_precision", m.Figures.Precision}, {metric + "_recall", m.Figures.Recall}} {
				if ratio.value == nil {
					continue
				}
				values[ratio.name+","+filter] = lmFloat(*ratio.value)
				values[ratio.name+"_stderr,"+filter] = "N/A"
				higher[ratio.name] = true
			}
		}
		out.Results[task], out.Subtasks[task], out.Higher[task] = values, []string{}, higher
		out.Configs[task] = newLMConfig(r)
		out.Shots[task] = out.Configs[task].Shots
		out.Samples[task] = lmSamples{cmp.Or(r.Split, r.Passages), r.Scored}
		out.Program.Runs[task] = program
	}
	return out
}

func newLMModel(r *Run) lmModel {
	kind, _, _ := strings.Cut(r.Model.Name, "/")
	m := lmModel{Model: kind, Args: map[string]string{"pretrained": r.Model.hubID()}, Kwargs: lmGeneration(r)}
	if digest := r.Keys["digest"]; digest != "" {
		m.Args["digest"] = digest
	}
	if device := r.Facts["device"]; device != "" {
		m.Device = &device
	}
	if n, err := strconv.Atoi(r.Keys["limit"]); err == nil {
		m.Limit = &n
	}
	return m
}

func newLMConfig(r *Run) lmConfig {
	c := lmConfig{
		Task: lmTaskName(r), Alias: r.Dataset.ID, Path: cmp.Or(r.Dataset.Hub, r.Dataset.ID), Name: r.Dataset.ID, TestSplit: r.Keys["split"],
		Output: "generate_until", Metrics: []lmMetric{}, Repeats: 1, Generation: lmGeneration(r),
		Metadata: map[string]any{"version": "", "family": r.Keys["family"], "variant": r.Keys["variant"], "data": r.Keys["data"], "labels": r.Keys["labels"]},
	}
	c.Shots, _ = strconv.Atoi(strings.SplitN(r.Keys["shots"], ":", 2)[0]) // none: 0
	for i := range r.Metrics {
		metric, _ := lmMetricKey(r.Metrics[i].ID)
		c.Metrics = append(c.Metrics, lmMetric{metric, "f1_of_summed_counts", true})
		c.Metadata["version"] = r.Metrics[i].Version
	}
	return c
}

// lmGeneration are the settings of generation that the keys have.
func lmGeneration(r *Run) map[string]any {
	kwargs := map[string]any{}
	if t := r.temperature(); t != nil {
		kwargs["temperature"], kwargs["do_sample"] = *t, *t > 0
	}
	if n, err := strconv.Atoi(r.Keys["max_tokens"]); err == nil {
		kwargs["max_gen_toks"] = n
	}
	if n, err := strconv.Atoi(r.Keys["sampling_seed"]); err == nil {
		kwargs["seed"] = n
	}
	var stop []string
	if json.Unmarshal([]byte(r.Keys["stop"]), &stop) == nil && len(stop) > 0 {
		kwargs["until"] = stop
	}
	return kwargs
}

// lmSampleWriter makes the lines of the passages of a run.
type lmSampleWriter struct {
	run    *Run
	read   int    // passages
	hashes string // of the last passage
}

// lines are those of one passage: one for each filter, which is the options of its
// metrics, or "none". The filtered answer is the prediction.
func (s *lmSampleWriter) lines(p *Passage) []map[string]any {
	doc, target := lmDoc{p.ID, p.Text, p.Gold}, entityList(p.Gold)
	arguments, answers, outcomes, prompt := map[string]lmArgument{}, [][]string{}, []ner.Outcome{}, ""
	for i, q := range p.Queries {
		outcomes = append(outcomes, q.Outcome)
		if !s.run.Dataset.Shown {
			continue
		}
		arguments[fmt.Sprintf("gen_args_%d", i)] = lmArgument{q.Prompt, lmGeneration(s.run)}
		answers = append(answers, []string{q.Answer})
		if i == 0 {
			prompt = q.Prompt
		}
	}
	written, _ := json.Marshal(doc) // texts and numbers
	docHash, promptHash, targetHash := hash(string(written)), hash(prompt), hash(target)
	s.hashes = docHash + promptHash + targetHash

	var filters []string
	scores := map[string]map[string]float64{} // by filter and metric
	for i := range s.run.Metrics {
		metric, filter := lmMetricKey(s.run.Metrics[i].ID)
		if scores[filter] == nil {
			filters, scores[filter] = append(filters, filter), map[string]float64{}
		}
		scores[filter][metric] = passageScore(s.run.Metrics[i].Counts[s.read])
	}
	s.read++
	lines := make([]map[string]any, len(filters))
	for i, filter := range filters {
		lines[i] = map[string]any{
			"doc_id": p.Index, "doc": doc, "target": target, "arguments": arguments,
			"resps": answers, "filtered_resps": []string{entityList(p.Pred)}, "outcomes": outcomes,
			"filter": filter, "metrics": slices.Sorted(maps.Keys(scores[filter])),
			"doc_hash": docHash, "prompt_hash": promptHash, "target_hash": targetHash,
		}
		for metric, score := range scores[filter] { // beside the others
			lines[i][metric] = lmFloat(score)
		}
	}
	return lines
}

// hash is a checksum as in the samples of lm-evaluation-harness.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
