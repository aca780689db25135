package exchange

import (
	"strconv"
	"time"

	"nerbench/metrics"
	"nerbench/ner"
)

// Run is a scored run with its passages. Its texts are those that may be shown to others:
// whoever makes a Run leaves out the others.
type Run struct {
	ID string
	// Keys are the keys of the run, without addresses of servers.
	Keys  map[string]string
	Facts map[string]string // by the names of ner.Facts
	Model Model
	// Dataset is the dataset of the run.
	Dataset Dataset
	// Updated is the time of the last answer.
	Updated time.Time
	// Scored passages, of those of the run; Split is the number of passages of the whole
	// split, 0 if it is unknown.
	Scored, Passages, Split int
	Queries                 int
	// Whole is set if every passage of the split is scored.
	Whole bool
	// Note is the remark on the passages, such as "first 5 of 120 passages".
	Note     string
	Outcomes map[ner.Outcome]int
	// Metrics are ordered by id.
	Metrics []Metric
	// Read calls yield with every scored passage, in order. It needs the data of the run.
	Read func(yield func(*Passage) error) error
}

// Model is the model of a run.
type Model struct {
	Name string // as in tables: ollama/NAME, tagger
	// Repository is that of the weights on the Hugging Face hub; empty: unknown.
	Repository string
	// Open is set if the weights are known to be published.
	Open bool
	// Local is set for a model inside the process.
	Local bool
}

// sameModel reports whether two runs are of one model: of the same weights, or of weights
// that are trained in the same way for each dataset.
func sameModel(a, b *Run) bool {
	return a.Model.Name == b.Model.Name && (a.Keys["digest"] == b.Keys["digest"] || a.Keys["training"] != "" && b.Keys["training"] != "")
}

// Dataset is the dataset of a run.
type Dataset struct {
	ID, Title, Licence string
	// Hub is the dataset on the Hugging Face hub; empty: it is not there.
	Hub string
	// Sources are the addresses of its native files.
	Sources []string
	// Shown is set if its text may be shown to others.
	Shown bool
}

// Metric is the score of a run by one metric.
type Metric struct {
	ID, Meaning     string
	Reader, Version string // versions of the parser of answers and of the metric
	Signature       string
	Figures         metrics.Figures // with the interval, if the metric has one
	// Counts are those of each scored passage, in order.
	Counts []metrics.Figures
}

// Passage is one passage of a run with gold, prediction and answers.
type Passage struct {
	Index int // among the passages of the run, from 0
	ID    string
	Text  string // empty unless it may be shown
	Gold  []Entity
	Pred  []Entity
	// Queries are those of the passage, in order.
	Queries []Query
}

// Entity is a gold or predicted entity. Offsets count code points.
type Entity struct {
	// Start and End are nil for a mention that is not in the text.
	Start *int           `json:"start,omitempty"`
	End   *int           `json:"end,omitempty"`
	Type  ner.EntityType `json:"type"`
	Text  string         `json:"text,omitempty"` // empty unless it may be shown
}

// Query is one query with its answer. Prompt, Answer and Thinking are empty unless they
// may be shown.
type Query struct {
	Types    []ner.EntityType
	Prompt   string // of a chat: its messages as JSON
	Answer   string
	Thinking string
	Finish   ner.Finish
	Outcome  ner.Outcome
	// Tokens as the server reports them; 0: unknown.
	PromptTokens, AnswerTokens int
}

// passageScore returns the F1 of the counts of a passage. A passage with neither gold nor
// predictions is correct: 1.
func passageScore(f metrics.Figures) float64 {
	if correct(f) {
		return 1
	}
	return 2 * f.TP / float64(f.NPred+f.NGold)
}

// correct reports whether a passage has all gold entities and no other ones.
func correct(f metrics.Figures) bool { return f.TP == float64(f.NPred) && f.NPred == f.NGold }

// Options are what the user says beside the runs.
type Options struct {
	// Version is that of the program.
	Version string
	// Organization is who made the runs; empty: unknown.
	Organization string
	// Benchmark is the dataset repository of the benchmark on the Hugging Face hub. The
	// format hf-eval-results needs it.
	Benchmark string
	// Datasets are the ids of all datasets of the benchmark.
	Datasets []string
	// Exported is the time of the export where a format wants one; zero: the time of the
	// run's last answer.
	Exported time.Time
}

// exported is the time of the export of a run.
func (o Options) exported(r *Run) time.Time {
	if o.Exported.IsZero() {
		return r.Updated
	}
	return o.Exported
}

// temperature is that of the sampling; nil for models that generate no text.
func (r *Run) temperature() *float64 {
	if r.Keys["family"] == "spans" || ner.Imported(r.Keys) {
		return nil
	}
	t, _ := strconv.ParseFloat(r.Keys["temperature"], 64) // no key: 0
	return &t
}

// failures is the number of queries that failed, of those with an outcome.
func (r *Run) failures() int {
	n := 0
	for o, count := range r.Outcomes {
		if o.Failure() {
			n += count
		}
	}
	return n
}
