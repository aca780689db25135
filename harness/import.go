package harness

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/harness/files"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// ImportRequest describes predictions that were made elsewhere.
type ImportRequest struct {
	File    files.File
	Reading files.Reading
	// Name is the name of the model. That of its runs begins with [ner.ImportedPrefix].
	Name    string
	Dataset *datasets.Dataset
	// Plan selects the documents. Its family and variant are those of raw answers; without
	// a family, it is that of the file's format, else uniner.
	Plan    ner.Plan
	Metrics []string // ids; empty: loop.DefaultMetrics
	// Partial imports a file without predictions for some documents.
	Partial bool
}

// Imported is the outcome of [Bench.Import].
type Imported struct {
	Result
	Format files.Format `json:"format"`
	SHA256 string       `json:"sha256"`
	// Known: the store had the run before.
	Known bool `json:"known_run"`
	// UnknownTypes counts predictions whose type is not in the dataset, by type.
	UnknownTypes map[ner.EntityType]int `json:"unknown_types"`
}

// Import makes a run of predictions that were made elsewhere, and scores it. The run has
// the checksum of the file among its keys: another file is another run, and the same file
// is the same one. The store is written in one transaction after the whole file was read.
func (b *Bench) Import(ctx context.Context, r ImportRequest) (out Imported, err error) {
	for _, id := range r.Metrics {
		if _, _, err := metrics.ParseID(id); err != nil {
			return out, fault.Usagef("import: %v", err)
		}
	}
	if r.Name, err = modelToImport(r.Name); err != nil {
		return out, err
	}
	if r.Plan.Split == "" {
		r.Plan.Split = ner.Test
	}
	late, err := b.openLateStore(ctx)
	if err != nil {
		return out, err
	}
	out, err = b.importInto(ctx, late, r)
	return out, errors.Join(err, late.close())
}

func (b *Bench) importInto(ctx context.Context, late *lateStore, r ImportRequest) (out Imported, err error) {
	found, err := b.survey(ctx, r.Dataset, selectionOf(r.Plan))
	if err != nil {
		return out, err
	}
	b.noteLock(r.Dataset, found)
	i, err := newImporter(&r)
	if err != nil {
		return out, err
	}
	documents, err := b.asked(ctx, r.Dataset, found.part)
	if err != nil {
		return out, err
	}
	info, err := files.Source{
		File: r.File, Reading: r.Reading, Partial: r.Partial, Advice: "--partial imports the others, as an incomplete run",
		ShowText: r.Dataset.MayShow(datasets.PublishText), Among: "dataset " + r.Dataset.ID + ", " + string(found.part.split),
	}.Read(ctx, documents, i.add)
	if err != nil {
		return out, err
	}
	if len(i.passages) == 0 && found.passages > 0 {
		return out, fmt.Errorf("%s: no predictions", r.File.Name)
	}
	prompt, err := b.promptKeys(ctx, r, i.raw)
	if err != nil {
		return out, err
	}
	run := ner.Run{Keys: mergeKeys(found.part.keys(r.Dataset), prompt, map[string]string{
		"model": r.Name, "imported": i.source(info), "dataset": r.Dataset.ID, "data": found.data, "labels": r.Dataset.LabelsHash(),
	})}
	i.address(run)
	out = Imported{
		Format: info.Format, SHA256: info.SHA256, UnknownTypes: i.unknown,
		Result: Result{Run: run.ID(), Dataset: r.Dataset.ID, Model: r.Name, Passages: found.passages, Outcomes: map[ner.Outcome]int{}, Scores: map[string]metrics.Figures{}},
	}
	store, err := late.open(ctx)
	if err != nil {
		return out, err
	}
	before, err := store.Find(ctx, run.ID())
	switch {
	case err == nil:
		out.Known = before.Complete == len(i.passages)
	case !errors.Is(err, results.ErrNoRun):
		return out, err
	}
	if !out.Known {
		facts := map[string]string{"identity": "by name", splitPassages: strconv.Itoa(found.split)}
		if err := store.Import(ctx, run, found.passages, facts, i.passages); err != nil {
			return out, err
		}
	}
	ids, err := b.scoreRun(ctx, store, run.ID(), r.Metrics, false)
	if err != nil {
		return out, err
	}
	if err := out.fill(ctx, store, ids); err != nil {
		return out, err
	}
	if info.Missing > 0 {
		return out, &PartialError{Err: fmt.Errorf("import: %d of %d passages have no prediction: the run is incomplete", info.Missing, found.passages)}
	}
	return out, nil
}

// longestName is the largest length of the name of an imported model, in bytes.
const longestName = 200

// modelToImport returns the name of an imported model in runs.
func modelToImport(name string) (string, error) {
	name = strings.TrimPrefix(name, ner.ImportedPrefix)
	switch {
	case strings.TrimSpace(name) == "":
		return "", fault.Usagef("import: no model: want --model NAME, a name for the system that made the predictions")
	case name != strings.TrimSpace(name) || len(name) > longestName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", fault.Usagef("import: --model %.80q: want a name of at most %d bytes, without blanks at its edges and control characters", name, longestName)
	}
	return ner.ImportedPrefix + name, nil
}

// importer makes passages of the predictions of a file.
type importer struct {
	types    []ner.EntityType // of the dataset
	parser   *answers.Parser
	reading  files.Reading
	raw      bool // the file has raw answers; set by the first prediction
	passages []ner.Passage
	unknown  map[ner.EntityType]int
}

// newImporter recognizes the format of the file, and prepares to read it.
func newImporter(r *ImportRequest) (*importer, error) {
	i := &importer{types: r.Dataset.Types(), unknown: map[ner.EntityType]int{}}
	var err error
	if r.Reading.Format, r.File, err = r.Reading.Recognize(r.File); err != nil {
		return nil, err
	}
	i.reading = r.Reading
	words := make([]string, len(i.types)) // there is no prompt
	i.parser, err = answers.NewParser(answers.GivenForm, typeNames(r.Dataset, words), "")
	return i, err
}

// add adds the passage of a prediction.
func (i *importer) add(p *files.Predicted) error {
	passage := ner.Passage{Index: p.Index, Document: p.Document.ID, Answers: p.Answers}
	raw := p.Given == nil
	if len(i.passages) == 0 {
		i.raw = raw
	}
	var err error
	switch {
	case raw != i.raw:
		err = errors.New("the file has raw answers, and spans or mentions: want one kind")
	case raw:
		err = i.checkAsked(passage.Answers)
	default:
		for _, d := range i.parser.Given(p.Document, *p.Given, false).Dropped {
			i.unknown[ner.EntityType(d.Type)]++
		}
		passage.Answers = []ner.Answer{{Types: i.types, Completion: ner.Completion{Text: p.Given.Text(), Finish: ner.FinishStop}}}
	}
	if err != nil {
		return p.At(fmt.Errorf("document %q: %w", p.Document.ID, err))
	}
	i.passages = append(i.passages, passage)
	return nil
}

// checkAsked demands that raw answers are about each type of the dataset once, as those
// of a run are: whoever leaves out types that a passage lacks has fewer wrong answers.
func (i *importer) checkAsked(given []ner.Answer) error {
	asked := map[ner.EntityType]bool{}
	for k := range given {
		if given[k].Types == nil {
			given[k].Types = i.types
		}
		types := make([]ner.EntityType, len(given[k].Types))
		for n, name := range given[k].Types {
			t, ok := i.parser.Type(name)
			switch {
			case !ok:
				return fmt.Errorf("answer %d: type %q is not a type of the dataset", k, name)
			case asked[t]:
				return fmt.Errorf("answer %d: type %q has an answer already", k, t)
			}
			types[n], asked[t] = t, true
		}
		given[k].Types = types
	}
	for _, t := range i.types {
		if !asked[t] {
			return &fault.Hint{Err: fmt.Errorf("type %q has no answer", t), Advice: "a run has answers about all types of its dataset; nerbench eval scores the file as it is"}
		}
	}
	return nil
}

// promptKeys are the keys that say how the answers of an import are parsed. Spans and
// mentions have none.
func (b *Bench) promptKeys(ctx context.Context, r ImportRequest, raw bool) (map[string]string, error) {
	p := ner.Plan{Family: r.Plan.Family, Variant: r.Plan.Variant}
	if !raw {
		if p.Family+p.Variant != "" {
			return nil, fault.Usagef("import: --family and --variant are for raw answers: the file has spans or mentions")
		}
		return nil, nil
	}
	if p.Family == "" {
		family, variant := r.Reading.Format.AnswersAs()
		if p.Family = family; p.Variant == "" {
			p.Variant = variant
		}
	}
	renderer, err := b.Renderer(ctx, p, r.Dataset)
	if err != nil {
		return nil, err
	}
	keys := renderer.Keys()
	return map[string]string{"family": keys["family"], "variant": keys["variant"], "answer": keys["answer"]}, nil
}

// source is the value of the key "imported": what determines the predictions.
func (i *importer) source(info files.SourceInfo) string {
	parts := []string{"sha256:" + info.SHA256, string(info.Format)}
	if info.Format == files.CoNLL {
		parts = append(parts, strings.ToLower(string(i.reading.Scheme)), string(i.reading.Mode))
	}
	return strings.Join(parts, " ")
}

// address sets the keys of the answers: an answer belongs to a file and a passage.
func (i *importer) address(run ner.Run) {
	for _, p := range i.passages {
		for k := range p.Answers {
			about := strings.Join([]string{run.Keys["dataset"], run.Keys["data"], p.Document, strconv.Itoa(p.Index), strconv.Itoa(k)}, "\x1f")
			p.Answers[k].Key = ner.NewAnswerKey(run.Keys["imported"], "imported", &ner.Prompt{Text: about})
		}
	}
}
