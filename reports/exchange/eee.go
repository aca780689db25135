package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// eeeVersion is the version of the schema of Every Eval Ever (evaleval/every_eval_ever).
const eeeVersion = "0.3.0"

// eeeCollection is the folder of the benchmark below "data".
const eeeCollection = "nerbench"

// details are further facts, as the schema wants them: all values are texts.
type details map[string]string

// set adds a value that exists.
func (d details) set(name, value string) {
	if value != "" {
		d[name] = value
	}
}

type eeeRecord struct {
	SchemaVersion      string      `json:"schema_version"`
	EvaluationID       string      `json:"evaluation_id"`
	EvaluationTime     string      `json:"evaluation_timestamp"`
	RetrievedTime      string      `json:"retrieved_timestamp"`
	SourceMetadata     eeeSource   `json:"source_metadata"`
	EvalLibrary        eeeLibrary  `json:"eval_library"`
	ModelInfo          eeeModel    `json:"model_info"`
	EvaluationResults  []eeeResult `json:"evaluation_results"`
	DetailedEvaluation eeeDetailed `json:"detailed_evaluation_results"`
}

type eeeSource struct {
	Name         string  `json:"source_name"`
	Type         string  `json:"source_type"`
	Organization string  `json:"source_organization_name"`
	Relationship string  `json:"evaluator_relationship"`
	Details      details `json:"additional_details"`
}

type eeeLibrary struct {
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Details details `json:"additional_details,omitempty"`
}

type eeeModel struct {
	Name    string     `json:"name"`
	ID      string     `json:"id"`
	Engine  *eeeEngine `json:"inference_engine,omitempty"`
	Details details    `json:"additional_details"`
}

type eeeEngine struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

type eeeResult struct {
	ID         string        `json:"evaluation_result_id"`
	Name       string        `json:"evaluation_name"`
	SourceData eeeData       `json:"source_data"`
	Time       string        `json:"evaluation_timestamp"`
	Metric     eeeMetric     `json:"metric_config"`
	Score      eeeScore      `json:"score_details"`
	Generation eeeGeneration `json:"generation_config"`
}

type eeeData struct {
	Name    string   `json:"dataset_name"`
	Type    string   `json:"source_type"`
	URL     []string `json:"url,omitempty"`
	Details details  `json:"additional_details"`
}

type eeeMetric struct {
	Description   string  `json:"evaluation_description"`
	ID            string  `json:"metric_id"`
	Name          string  `json:"metric_name"`
	Kind          string  `json:"metric_kind"`
	Unit          string  `json:"metric_unit"`
	LowerIsBetter bool    `json:"lower_is_better"`
	Type          string  `json:"score_type"`
	Min           float64 `json:"min_score"`
	Max           float64 `json:"max_score"`
	Details       details `json:"additional_details"`
}

type eeeScore struct {
	Score       float64         `json:"score"`
	Details     details         `json:"details"`
	Uncertainty *eeeUncertainty `json:"uncertainty,omitempty"`
}

type eeeUncertainty struct {
	Interval eeeInterval `json:"confidence_interval"`
	Samples  int         `json:"num_samples"`
}

type eeeInterval struct {
	Lower  float64 `json:"lower"`
	Upper  float64 `json:"upper"`
	Level  float64 `json:"confidence_level"`
	Method string  `json:"method"`
}

type eeeGeneration struct {
	Args    eeeArgs `json:"generation_args"`
	Details details `json:"additional_details"`
}

type eeeArgs struct {
	Temperature *float64 `json:"temperature,omitempty"`
	MaxTokens   int      `json:"max_tokens,omitempty"`
	Reasoning   *bool    `json:"reasoning,omitempty"`
}

type eeeDetailed struct {
	Format    string `json:"format"`
	Path      string `json:"file_path"`
	Algorithm string `json:"hash_algorithm"`
	Checksum  string `json:"checksum"`
	Rows      int    `json:"total_rows"`
}

// writeEEE writes the format of Every Eval Ever: for each run one record of its scores,
// and one file of its passages, in data/nerbench/DEVELOPER/MODEL.
func writeEEE(to *folder, runs []*Run, o Options) error {
	for _, r := range runs {
		record := newEEERecord(r, o)
		if len(record.EvaluationResults) == 0 {
			return fmt.Errorf("run %s: no score: neither gold nor predictions", r.ID)
		}
		base := join("data", eeeCollection, r.Model.hubID(), uuid(r.ID))
		samples := base + "_samples.jsonl"
		sum, rows := sha256.New(), 0
		err := to.create(samples, func(w io.Writer) error {
			out := io.MultiWriter(w, sum)
			s := eeeSamples{run: r, record: &record}
			err := r.Read(func(p *Passage) error { return s.write(out, p) })
			rows = s.rows
			return err
		})
		if err != nil {
			return err
		}
		record.DetailedEvaluation = eeeDetailed{Format: "jsonl", Path: samples, Algorithm: "sha256", Checksum: hex.EncodeToString(sum.Sum(nil)), Rows: rows}
		err = to.create(base+".json", func(w io.Writer) error { return writeJSON(w, record) })
		if err != nil {
			return err
		}
	}
	return nil
}

func newEEERecord(r *Run, o Options) eeeRecord {
	updated := strconv.FormatInt(r.Updated.Unix(), 10)
	retrieved := strconv.FormatInt(o.exported(r).Unix(), 10)
	source := eeeSource{
		Name: "nerbench", Type: "evaluation_run", Organization: o.Organization, Relationship: "other",
		Details: details{"run": r.ID},
	}
	if source.Organization == "" {
		source.Organization = "unknown"
	}
	record := eeeRecord{
		SchemaVersion: eeeVersion, EvaluationID: join(r.Dataset.ID+"-"+r.ID, r.Model.hubID(), retrieved),
		EvaluationTime: updated, RetrievedTime: retrieved,
		SourceMetadata: source, EvalLibrary: eeeLibrary{Name: "nerbench", Version: o.Version}, ModelInfo: newEEEModel(r),
		EvaluationResults: []eeeResult{},
	}
	for i := range r.Metrics {
		m := &r.Metrics[i]
		if m.Figures.F1 == nil {
			continue // neither gold nor predictions: no score
		}
		record.EvaluationResults = append(record.EvaluationResults, eeeResult{
			ID: m.ID, Name: r.Dataset.ID, SourceData: newEEEData(r), Time: updated,
			Metric: eeeMetric{
				Description: m.Meaning, ID: "nerbench." + m.ID, Name: m.ID, Kind: "f1", Unit: "proportion", Type: "continuous", Min: 0, Max: 1,
				Details: details{"parser_version": m.Reader, "metric_version": m.Version, "signature": m.Signature},
			},
			Score: newEEEScore(r, m), Generation: newEEEGeneration(r),
		})
	}
	return record
}

func newEEEModel(r *Run) eeeModel {
	m := eeeModel{Name: r.Model.Name, ID: r.Model.hubID(), Details: details{"deployment_type": "unknown", "model_availability": "unknown"}}
	if r.Model.Local {
		m.Details["deployment_type"] = "self_deployed"
	}
	if r.Model.Open {
		m.Details["model_availability"] = "open_weights"
	}
	if server := r.Keys["server"]; server != "" {
		m.Engine = &eeeEngine{Name: server, Version: r.Keys["server_version"]}
	}
	for _, name := range []string{"digest", "training", "imported"} { // all that identifies it
		m.Details.set(name, r.Keys[name])
	}
	for _, name := range []string{"identity", "command", "reported_digest", "quantisation", "weights", "device", "card", "seen"} {
		m.Details.set(name, r.Facts[name])
	}
	return m
}

func newEEEData(r *Run) eeeData {
	d := eeeData{Name: r.Dataset.ID, Type: "other", Details: details{"title": r.Dataset.Title}}
	if len(r.Dataset.Sources) > 0 {
		d.Type, d.URL = "url", r.Dataset.Sources
	}
	d.Details.set("licence", r.Dataset.Licence)
	for _, name := range []string{"split", "data", "labels", "view", "gold", "limit", "shard", "cap"} {
		d.Details.set(name, r.Keys[name])
	}
	return d
}

func newEEEScore(r *Run, m *Metric) eeeScore {
	f := m.Figures
	s := eeeScore{Score: *f.F1, Details: details{
		"tp": number(f.TP), "n_pred": strconv.Itoa(f.NPred), "n_gold": strconv.Itoa(f.NGold),
		"passages_scored": strconv.Itoa(r.Scored), "passages": strconv.Itoa(r.Passages),
		"queries": strconv.Itoa(r.Queries), "failed_queries": strconv.Itoa(r.failures()),
	}}
	if f.Precision != nil {
		s.Details["precision"] = number(*f.Precision)
	}
	if f.Recall != nil {
		s.Details["recall"] = number(*f.Recall)
	}
	s.Details.set("note", r.Note)
	if f.CI != nil {
		s.Uncertainty = &eeeUncertainty{Samples: r.Scored, Interval: eeeInterval{f.CI[0], f.CI[1], 0.95, "bootstrap over passages, percentiles"}}
	}
	return s
}

// newEEEGeneration has the settings that the schema names; the other keys are details.
func newEEEGeneration(r *Run) eeeGeneration {
	g := eeeGeneration{Args: eeeArgs{Temperature: r.temperature()}, Details: details{}}
	if n, err := strconv.Atoi(r.Keys["max_tokens"]); err == nil && n > 0 {
		g.Args.MaxTokens = n
	}
	if think := r.Keys["think"]; think != "" {
		on := think != "off"
		g.Args.Reasoning = &on
	}
	for _, k := range ner.Keys {
		if k.Part == ner.PromptPart || k.Part == ner.DecodingPart {
			g.Details.set(k.Name, r.Keys[k.Name])
		}
	}
	return g
}

// eeeSample is one passage by one metric.
type eeeSample struct {
	SchemaVersion string         `json:"schema_version"`
	EvaluationID  string         `json:"evaluation_id"`
	ModelID       string         `json:"model_id"`
	Name          string         `json:"evaluation_name"`
	ResultID      string         `json:"evaluation_result_id"`
	SampleID      string         `json:"sample_id"`
	SampleHash    string         `json:"sample_hash"`
	Interaction   string         `json:"interaction_type"`
	Input         eeeInput       `json:"input"`
	Output        eeeOutput      `json:"output"`
	Attribution   []eeeExtracted `json:"answer_attribution"`
	Evaluation    eeeEvaluation  `json:"evaluation"`
	Tokens        *eeeTokens     `json:"token_usage,omitempty"`
	Error         string         `json:"error,omitempty"`
	Metadata      details        `json:"metadata"`
}

type eeeInput struct {
	Raw       string   `json:"raw"`
	Formatted string   `json:"formatted,omitempty"`
	Reference []string `json:"reference"`
}

type eeeOutput struct {
	Raw       []string `json:"raw"`
	Reasoning []string `json:"reasoning_trace,omitempty"`
}

type eeeExtracted struct {
	Turn     int    `json:"turn_idx"`
	Source   string `json:"source"`
	Value    string `json:"extracted_value"`
	Method   string `json:"extraction_method"`
	Terminal bool   `json:"is_terminal"`
}

type eeeEvaluation struct {
	Score   float64 `json:"score"`
	Correct bool    `json:"is_correct"`
}

type eeeTokens struct {
	Input  int `json:"input_tokens"`
	Output int `json:"output_tokens"`
	Total  int `json:"total_tokens"`
}

// eeeSamples writes the passages of a run: as the schema wants, one line for each passage
// and metric.
type eeeSamples struct {
	run    *Run
	record *eeeRecord
	read   int // passages
	rows   int
}

func (s *eeeSamples) write(w io.Writer, p *Passage) error {
	sample := s.sample(p)
	for i := range s.run.Metrics {
		m := &s.run.Metrics[i]
		if m.Figures.F1 == nil {
			continue
		}
		f := m.Counts[s.read]
		sample.ResultID = m.ID
		sample.Evaluation = eeeEvaluation{passageScore(f), correct(f)}
		sample.Metadata["tp"], sample.Metadata["n_pred"], sample.Metadata["n_gold"] = number(f.TP), strconv.Itoa(f.NPred), strconv.Itoa(f.NGold)
		if err := writeLine(w, sample); err != nil {
			return err
		}
		s.rows++
	}
	s.read++
	return nil
}

// sample is a passage without its score.
func (s *eeeSamples) sample(p *Passage) eeeSample {
	sample := eeeSample{
		SchemaVersion: eeeVersion, EvaluationID: s.record.EvaluationID, ModelID: s.record.ModelInfo.ID,
		Name: s.run.Dataset.ID, SampleID: p.ID, Interaction: "single_turn",
		Input:  eeeInput{Raw: p.Text, Reference: entityTexts(p.Gold)},
		Output: eeeOutput{Raw: []string{}},
		Attribution: []eeeExtracted{{
			Source: "output.raw", Value: entityList(p.Pred), Method: "parsed and aligned", Terminal: true,
		}},
		Metadata: details{"index": strconv.Itoa(p.Index), "queries": strconv.Itoa(len(p.Queries))},
	}
	outcomes := map[ner.Outcome]int{}
	var tokens eeeTokens
	var formatted []string
	for _, q := range p.Queries {
		outcomes[q.Outcome]++
		tokens.Input, tokens.Output = tokens.Input+q.PromptTokens, tokens.Output+q.AnswerTokens
		if !s.run.Dataset.Shown {
			continue
		}
		formatted = append(formatted, q.Prompt)
		sample.Output.Raw = append(sample.Output.Raw, q.Answer)
		if q.Thinking != "" {
			sample.Output.Reasoning = append(sample.Output.Reasoning, q.Thinking)
		}
	}
	sample.Input.Formatted = strings.Join(formatted, "\n\n")
	if tokens.Total = tokens.Input + tokens.Output; tokens.Total > 0 {
		sample.Tokens = &tokens
	}
	var failed []string
	for _, o := range slices.Sorted(maps.Keys(outcomes)) {
		sample.Metadata["outcome_"+string(o)] = strconv.Itoa(outcomes[o])
		if o.Failure() {
			failed = append(failed, string(o))
		}
	}
	sample.Error = strings.Join(failed, ", ")
	if !s.run.Dataset.Shown {
		sample.Metadata["text"] = "left out: the dataset does not permit that others see it"
	}
	sum := sha256.Sum256([]byte(sample.Input.Raw + strings.Join(sample.Input.Reference, "\n")))
	sample.SampleHash = hex.EncodeToString(sum[:])
	return sample
}

// entityTexts writes each entity as one JSON object.
func entityTexts(entities []Entity) []string {
	texts := make([]string, len(entities))
	for i, e := range entities {
		texts[i] = entityText(e)
	}
	return texts
}

// entityList writes entities as one JSON list.
func entityList(entities []Entity) string {
	return "[" + strings.Join(entityTexts(entities), ",") + "]"
}

func entityText(e Entity) string {
	b := &strings.Builder{}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(e) // texts and numbers
	return strings.TrimSuffix(b.String(), "\n")
}

// number writes a fraction in full, and a whole number without a point.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// writeLine writes one JSON value as one line, also for programs that take the character
// U+0085 for the end of one. The encoder escapes all others.
func writeLine(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("\u0085"), []byte(`\u0085`)))
	return err
}

// writeJSON writes one JSON value, indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
