package bundles

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"nerbench/internal/names"
	"nerbench/ner"
)

// Format is the version of the format of bundles. It changes if a reader of an older
// version would read something else.
const Format = 1

// Manifest describes the content of a bundle.
type Manifest struct {
	Format       int          `json:"format"` // [Format]
	Tool         string       `json:"tool"`   // version of the program that wrote the bundle
	Model        Model        `json:"model"`
	Submitter    Submitter    `json:"submitter"`
	Declarations Declarations `json:"declarations"`
	// Runs are ordered by dataset. Each dataset has one run.
	Runs runList `json:"runs"`
}

// Model identifies the model, and has what its submitter says about it.
type Model struct {
	// Name is the name of the model with its runner, as in the key "model" of the runs.
	Name string `json:"name"`
	// Digest identifies the weights; empty: the model is identified by its name, or was
	// trained for each run (key training), and each run has its own digest.
	Digest string `json:"digest,omitempty"`
	About
}

// Submitter is who submits the bundle.
type Submitter struct {
	Name        string `json:"name,omitempty" toml:"name"`
	Affiliation string `json:"affiliation,omitempty" toml:"affiliation"`
	Contact     string `json:"contact,omitempty" toml:"contact"`
}

// Declarations are statements of the submitter that nobody else can check.
type Declarations struct {
	// TrainedOn is what the model was trained on of the datasets of the bundle, one of
	// [TrainedOn]; empty: not declared.
	TrainedOn string `json:"trained_on,omitempty" toml:"trained_on"`
	// Configurations is the number of configurations that were tried; 0: not declared.
	Configurations int `json:"configurations,omitempty" toml:"configurations"`
}

// TrainedOn lists the splits that a model may have been trained on.
var TrainedOn = []string{"none", "train", "test"}

// Run is one run of a bundle.
type Run struct {
	// ID is the hash of Keys ([ner.Run.ID]). It is the id in the submitter's store unless
	// Keys have marks in place of addresses or paths.
	ID string `json:"id"`
	// Keys have marks in place of addresses of servers and of paths.
	Keys  map[string]string `json:"keys"`
	Facts map[string]string `json:"facts"` // names of ner.Facts
	// Passages is the number of passages, all of which are complete.
	Passages int                 `json:"passages"`
	Queries  int                 `json:"queries"`
	Outcomes map[ner.Outcome]int `json:"outcomes"`
	// Metrics are the scores, ordered by id. The counts of a line have this order.
	Metrics []Metric `json:"metrics"`
	Answers Answers  `json:"answers"`
}

// Dataset is the id of the run's dataset.
func (r *Run) Dataset() string { return r.Keys["dataset"] }

// Model is the name and digest of the run's model, as in [Model].
func (r *Run) Model() (name, digest string) {
	if r.Keys["training"] != "" {
		return r.Keys["model"], ""
	}
	return r.Keys["model"], r.Keys["digest"]
}

// Metric is the score of one metric.
type Metric struct {
	ID        string                       `json:"id"` // with options
	Signature string                       `json:"signature"`
	Total     ner.Score                    `json:"total"`
	ByType    map[ner.EntityType]ner.Score `json:"by_type"`
}

// Answers describes the member with the answers of a run.
type Answers struct {
	Mode   Mode   `json:"mode"`
	SHA256 string `json:"sha256"` // of the lines, not compressed
	Bytes  int64  `json:"bytes"`  // of the lines, not compressed
}

// Mode is what the lines of a run hold.
type Mode string

// The modes.
const (
	// WithAnswers: the answers as the model wrote them. The text of the dataset may be
	// shown to others.
	WithAnswers Mode = "answers"
	// WithSpans: only offsets and types of the predicted entities, and counts.
	WithSpans Mode = "spans"
)

// The largest numbers of a manifest.
const (
	maxRuns    = 1000
	maxMetrics = 100  // of a run
	maxValue   = 4096 // bytes of a text
	maxCount   = min(1<<40, math.MaxInt)
	// maxUnaligned is the largest number of mentions without a position, of one type in a
	// passage.
	maxUnaligned = 1 << 16
)

// runList refuses long lists before it reads their items.
type runList []Run

// UnmarshalJSON implements [json.Unmarshaler].
func (l *runList) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if t, err := decoder.Token(); err != nil || t != json.Delim('[') {
		return errors.Join(errors.New("runs: want a list"), err)
	}
	*l = runList{}
	for decoder.More() {
		if len(*l) == maxRuns {
			return fmt.Errorf("runs: more than %d", maxRuns)
		}
		var r Run
		if err := decoder.Decode(&r); err != nil {
			return fmt.Errorf("runs: run %d: %w", len(*l), err)
		}
		*l = append(*l, r)
	}
	return nil
}

// Check reports the first rule of the format that a manifest breaks.
func (m *Manifest) Check() error {
	switch {
	case m.Format > Format:
		return fmt.Errorf("format %d, written by nerbench %s; this version reads format %d: a newer version is needed", m.Format, m.Tool, Format)
	case m.Format != Format:
		return fmt.Errorf("format %d: unknown (this version reads format %d)", m.Format, Format)
	case m.Tool == "":
		return errors.New("tool: is missing")
	case m.Model.Name == "":
		return errors.New("model: name: is missing")
	case len(m.Runs) == 0:
		return errors.New("runs: there is none")
	case m.Declarations.Configurations < 0:
		return fmt.Errorf("declarations: configurations %d: want a number from 1", m.Declarations.Configurations)
	}
	if t := m.Declarations.TrainedOn; t != "" && !slices.Contains(TrainedOn, t) {
		return fmt.Errorf("declarations: trained_on %q: want one of %s", t, strings.Join(TrainedOn, ", "))
	}
	if err := m.Model.About.Check(); err != nil {
		return err
	}
	for i := range m.Runs {
		r := &m.Runs[i]
		if err := m.checkRun(r); err != nil {
			return fmt.Errorf("run %q: %w", r.ID, err)
		}
		if i > 0 && m.Runs[i-1].Dataset() >= r.Dataset() {
			return fmt.Errorf("run %q: dataset %q after %q: want one run for each dataset, ordered by dataset", r.ID, r.Dataset(), m.Runs[i-1].Dataset())
		}
	}
	return nil
}

func (m *Manifest) checkRun(r *Run) error {
	run := ner.Run{Keys: r.Keys}
	if err := run.Check(); err != nil {
		return err
	}
	for name, value := range r.Keys {
		if value == "" || len(value) > maxValue {
			return fmt.Errorf("key %s: want a value of at most %d bytes", name, maxValue)
		}
	}
	if id := run.ID(); id != r.ID {
		return fmt.Errorf("its keys are those of run %s", id)
	}
	if _, err := ner.PlanOf(r.Keys); err != nil {
		return err
	}
	if name, digest := r.Model(); name != m.Model.Name || digest != m.Model.Digest {
		return fmt.Errorf("it is of model %q with digest %q, the bundle is of %q with %q", name, digest, m.Model.Name, m.Model.Digest)
	}
	if _, err := names.Element(r.Dataset()); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	for name, value := range r.Facts {
		if !ner.KnownFact(name) || len(value) > maxValue {
			return fmt.Errorf("fact %q: unknown, or longer than %d bytes", name, maxValue)
		}
	}
	if r.Passages <= 0 || r.Passages > maxCount || r.Queries < 0 || r.Queries > maxCount {
		return fmt.Errorf("%d passages with %d queries: not possible", r.Passages, r.Queries)
	}
	queries := 0
	for o, n := range r.Outcomes {
		if !slices.Contains(ner.Outcomes, o) || n <= 0 || n > maxCount {
			return fmt.Errorf("outcome %q: %d: not possible", o, n)
		}
		queries += n
	}
	if queries > r.Queries {
		return fmt.Errorf("%d outcomes of %d queries", queries, r.Queries)
	}
	return errors.Join(r.checkMetrics(), r.Answers.check())
}

func (r *Run) checkMetrics() error {
	if len(r.Metrics) == 0 || len(r.Metrics) > maxMetrics {
		return fmt.Errorf("%d metrics: want 1 to %d", len(r.Metrics), maxMetrics)
	}
	for i, m := range r.Metrics {
		if i > 0 && r.Metrics[i-1].ID >= m.ID {
			return fmt.Errorf("metric %q after %q: want each once, ordered by id", m.ID, r.Metrics[i-1].ID)
		}
		var sum ner.Score
		for _, t := range slices.Sorted(maps.Keys(m.ByType)) {
			s := m.ByType[t]
			if err := checkScore(s); err != nil {
				return fmt.Errorf("metric %s: type %q: %w", m.ID, t, err)
			}
			sum = sum.Add(s)
		}
		if err := checkScore(m.Total); err != nil {
			return fmt.Errorf("metric %s: %w", m.ID, err)
		}
		if sum != m.Total {
			return fmt.Errorf("metric %s: the counts of its types add up to %v, its total is %v", m.ID, sum, m.Total)
		}
	}
	return nil
}

// checkScore reports counts that no metric gives (docs/spec/metrics.md §13).
func checkScore(s ner.Score) error {
	if s.TP < 0 || s.TP > min(s.NPred, s.NGold) || max(s.NPred, s.NGold) > maxCount {
		return fmt.Errorf("tp %d, predicted %d, gold %d: not possible", s.TP, s.NPred, s.NGold)
	}
	return nil
}

func (a Answers) check() error {
	if a.Mode != WithAnswers && a.Mode != WithSpans {
		return fmt.Errorf("answers: mode %q: unknown", a.Mode)
	}
	if sum, err := hex.DecodeString(a.SHA256); err != nil || len(sum) != 32 {
		return fmt.Errorf("answers: sha256 %q: want 64 hexadecimal digits", a.SHA256)
	}
	if a.Bytes <= 0 || a.Bytes > MaxUnpacked {
		return fmt.Errorf("answers: %d bytes: want 1 to %d", a.Bytes, int64(MaxUnpacked))
	}
	return nil
}
