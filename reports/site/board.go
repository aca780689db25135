package site

import "nerbench/ner"

// Board holds every number of the pages.
type Board struct {
	Title   string
	Version string // of the program
	// Date is the day of the newest run, as 2006-01-02; empty: unknown. The pages show
	// no other clock.
	Date string
	// Metrics lists the metrics of the board by id, the one that ranks first.
	Metrics []string
	// Definitions explains each metric in one line.
	Definitions map[string]string
	// Currency is that of prices, such as "$"; empty: no unit is printed.
	Currency string
	// Suites lists the sets of datasets that have a ranking; the first is the index page.
	Suites   []Suite
	Datasets []Dataset // in the order of the benchmark
	Models   []Model   // by slug
	Runs     []Run     // by model, then by dataset
	// Folded are the runs of folded configurations, which only have pages.
	Folded []Run `json:"-"`
	// Pairs are the tests that were computed; the page of comparisons shows them.
	Pairs []Pair `json:"-"`
	// Ablations compare settings of one model, by model and key.
	Ablations []Ablation
	// Log is that of a repository of submissions, oldest event first; nil: the runs are
	// those of the own store.
	Log []LogEvent `json:"-"`
}

// Suite is a fixed set of datasets with a ranking of the models that completed all of them.
type Suite struct {
	ID       string
	Title    string
	Datasets []string // by id
	// Ranked lists the models by their mean, Unranked those that lack a dataset.
	Ranked, Unranked []Line
}

// Line is the place of one model in a suite.
type Line struct {
	Model string // its slug
	// From and To are the rank range (docs/spec/metrics.md §12.6); 0 for an unranked model.
	From, To int
	// Missing says for an unranked model what is missing, such as "3 of 49 datasets".
	Missing string
	// Means holds the mean over the suite's datasets by metric. It is absent for an
	// unranked model: means over other datasets do not compare.
	Means map[string]Mean
	// Domains holds the mean of the ranking metric by domain, where all datasets of the
	// suite in this domain are complete.
	Domains map[string]Mean
	// Unseen is the mean over the ZeroShot datasets of the suite that the model has not
	// seen in training; nil if there is none, or if it is unknown which.
	Unseen   *Mean
	ZeroShot int
	// Done is the number of complete datasets of the suite.
	Done int
	// Failures is the share of failed queries over the complete datasets; nil: none was asked.
	Failures *float64
	Cost     Cost
}

// Mean is an unweighted mean of F1 over datasets, as fractions.
type Mean struct {
	F1 float64
	// Low and High are the 95 % interval; nil if it was not computed.
	Interval *[2]float64
	// Datasets is the number of datasets.
	Datasets int
}

// Cost is what a model needed. A value that is not known is nil, not 0.
type Cost struct {
	PromptTokens, AnswerTokens *int64
	Seconds                    *float64
	// Price is for 1,000 passages, in the board's currency.
	Price *float64
}

// Seen tells whether a model saw a dataset in training.
type Seen string

const (
	SeenYes     Seen = "yes"
	SeenNo      Seen = "no"
	SeenUnknown Seen = "unknown"
)

// Tier says who vouches for a result: published, self-reported, spot-checked,
// reproduced, withdrawn; empty for the runs of the own store.
type Tier string

// Model is one digest in one track; its other configurations are folded.
type Model struct {
	Slug         string // [a-z0-9.-], unique on the board
	Name         string // short: without organisation, runner and digest
	Organisation string
	Address      string // as given to run -m, such as "ollama/qwen3:8b"
	Imported     bool   // its predictions were made elsewhere
	Digest       string // empty: identity by name
	Track        string
	Tier         Tier
	Parameters   string // such as "7B"; empty: unknown
	Licence      string
	OpenWeights  *bool
	Released     string // 2006-01 or 2006-01-02
	// Demonstrations is the number of demonstrations in a prompt.
	Demonstrations int
	Family         string // prompt family
	Seen           map[string]Seen
	// Others lists the folded configurations of the same digest: the keys in which each
	// differs, and its means by suite.
	Others []Configuration
	// Page is an address about the model: https://…; empty: none is known.
	Page string
	// Rerun is the command that runs the model again; Cite is BibTeX.
	Rerun, Cite string
}

// Configuration is another way of asking the same model, below its line.
type Configuration struct {
	Name  string
	Runs  []string // ids
	Means map[string]Mean
}

// Dataset describes a dataset of the board and ranks the models on it.
type Dataset struct {
	ID, Title, Domain, Licence, Fingerprint string
	// Absent is the reason for which it has no run, such as "needs an agreement".
	Absent    string
	Types     []ner.EntityType
	Passages  int
	Spans     int
	Published int // passages of the test split in Table 6 of the paper; 0: none
	// Ceiling is the F1 of gold given back as strings and aligned again.
	Ceiling *float64
	// Text: passages and mentions may be shown.
	Text bool
	// Distinguishable is the smallest difference of F1 that the dataset can tell apart.
	Distinguishable *float64
	Ranks           []DatasetLine
}

// DatasetLine is the place of one model on one dataset.
type DatasetLine struct {
	Model, Run string
	From, To   int // 0: not ranked
}

// Run is one model on one dataset: a cell of the matrix.
type Run struct {
	ID, Model, Dataset string
	// Configuration is that of a folded run: the keys in which it differs; else empty.
	Configuration string
	Tier          Tier
	Submission    *Submission `json:"-"` // nil: a run of the own store
	Keys          map[string]string
	Facts         map[string]string // metadata of the run, such as its device
	Signatures    map[string]string // by metric
	// Missing says what an incomplete or partial run lacks, such as "first 400 of
	// 3,453 passages"; empty: it is whole.
	Missing            string
	Passages, Complete int
	Scores             map[string]Measure
	Types              map[ner.EntityType]map[string]Measure
	Outcomes           map[ner.Outcome]int
	Counters           map[string]int
	Cost               Cost
}

// Measure is the score of one metric.
type Measure struct {
	ner.Score
	// Precision, Recall and F1 are fractions; nil where the metric does not define them.
	Precision, Recall, F1 *float64
	Interval              *[2]float64
}

// Ablation compares a configuration of a model with its main one, from which it differs
// in one key.
type Ablation struct {
	Model            string // its slug
	Key, Base, Value string
	// Datasets lists those that both have completed, on the same passages. F1 and BaseF1
	// are the means over them.
	Datasets   []string
	F1, BaseF1 float64
	// Test is about their difference; its correction is over the values of the key.
	Test Test
}
