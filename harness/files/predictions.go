package files

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// Predictions is a file of predictions for the documents of another file.
type Predictions struct {
	// Gold has documents with their gold. Pred has a prediction for each of them:
	// spans, mentions, or answers.
	Gold, Pred File
	Reading
	// Parsing has the options to parse answers and align mentions. If it has no
	// family, the family is that of the first metric, else uniner. If it has no types,
	// any type is allowed.
	Parsing Parsing
	// Partial skips documents without a prediction, and counts them as missing.
	// Otherwise they are a [fault.PartialError].
	Partial bool
}

// Parsing has the options to parse the answers in a file.
type Parsing struct {
	// Family and Variant are those of the prompts. They set the form of the answers
	// and the presets.
	Family, Variant string
	loop.ParseOptions
}

// Reading says how to read a file of predictions.
type Reading struct {
	Format Format // empty: recognized by the content
	// Scheme and Mode are those of the tags in columns.
	Scheme metrics.Scheme
	Mode   metrics.Mode
}

// Eval scores the predictions.
func (p Predictions) Eval(ctx context.Context, o Options) (*Report, error) {
	if err := checkParsing(p.Parsing); err != nil {
		return nil, err
	}
	plan, err := newPlan(o, p.Parsing, "uniner", loop.DefaultMetrics, metricIDs(nil))
	if err != nil {
		return nil, err
	}
	if err := plan.readTrain(trainDocuments); err != nil {
		return nil, err
	}
	pred, err := p.Reading.recognize(p.Pred)
	if err != nil {
		return nil, err
	}
	if p.Parsing, err = plan.withFormats(p.Parsing, loop.DefaultMetrics, pred); err != nil {
		return nil, err
	}
	var counted *evalCounts
	join := &joiner{partial: p.Partial}
	input := newPredictionInput(p.Parsing.Types)
	err = p.Gold.Read(func(gold io.Reader) error {
		return pred.Read(func(in io.Reader) (err error) {
			pred.In = in
			counted, err = plan.count(ctx, input.passages(join.joined(goldDocuments(p.Gold, gold, plan.needsSpans()), pred)))
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	report := counted.report(join.missing)
	report.origin = p.origin(report)
	return report, nil
}

// recognize recognizes the format of a file. The file that is returned must be read
// instead of the given one, because a stream can be read only once.
func (r Reading) recognize(f File) (predictionFile, error) {
	p := predictionFile{File: f, format: r.Format, scheme: cmp.Or(r.Scheme, metrics.IOB2), mode: cmp.Or(r.Mode, metrics.Lenient), show: true}
	if p.format != "" {
		return p, nil
	}
	start, opened, err := peek(f)
	if err != nil {
		return p, err
	}
	p.File = opened
	if p.format, err = detect(start); err != nil {
		err = f.named(err)
	}
	return p, err
}

// withFormats sets the family of the answers to that of the formats of files, unless the
// user chose one. The metrics are found again, because they depend on it.
func (p *evalPlan) withFormats(parsing Parsing, defaults []string, files ...predictionFile) (Parsing, error) {
	for _, f := range files {
		family, variant := f.format.AnswersAs()
		if parsing.Family != "" || family == "" {
			continue
		}
		parsing.Family, parsing.Variant = family, cmp.Or(parsing.Variant, variant)
		plan, err := newPlan(p.Options, parsing, "uniner", defaults, metricIDs(nil))
		if err != nil {
			return parsing, err
		}
		plan.train = p.train
		*p = *plan
	}
	return parsing, nil
}

// predictionInput converts predictions to the input of metrics.
type predictionInput struct {
	types []ner.EntityType // of the dataset; nil: any
}

func newPredictionInput(types []answers.TypeName) predictionInput {
	var in predictionInput
	for _, t := range types {
		in.types = append(in.types, t.Natural)
	}
	return in
}

// passages returns the documents with the predictions of the first file.
func (in predictionInput) passages(joined iter.Seq2[joinedDocument, error]) iter.Seq2[evalPassage, error] {
	return func(yield func(evalPassage, error) bool) {
		for d, err := range joined {
			if err != nil {
				yield(evalPassage{}, err)
				return
			}
			if !yield(in.passage(documentPrediction{d.document, d.given[0]}), nil) {
				return
			}
		}
	}
}

// documentPrediction is a document with its prediction.
type documentPrediction struct {
	document *ner.Document
	given
}

func (in predictionInput) passage(p documentPrediction) evalPassage {
	return evalPassage{
		name:     fmt.Sprintf("document %q", p.document.ID),
		parse:    func(how *parsing) (loop.ParsedPassage, error) { return in.parse(p, how) },
		words:    func() metrics.Words { return loop.Words(p.document) },
		answered: !p.isGiven(),
	}
}

// parse returns the input of metrics for one document.
func (in predictionInput) parse(p documentPrediction, how *parsing) (loop.ParsedPassage, error) {
	if p.isGiven() {
		parser, err := how.withTypes(in.types != nil, nil)
		if err != nil {
			return loop.ParsedPassage{}, err
		}
		return parser.Given(p.document, p.Given, in.types == nil)
	}
	return in.answers(p, how)
}

// answers parses raw answers. If the types of the dataset are not named, those of the
// queries are used.
func (in predictionInput) answers(p documentPrediction, how *parsing) (loop.ParsedPassage, error) {
	var given []ner.Answer
	var asked []ner.EntityType
	for _, a := range p.given.answers {
		types := a.types
		if types == nil {
			types = in.types
		}
		if len(types) == 0 {
			return loop.ParsedPassage{}, fault.Usagef("the answers have no \"types\": name the types of the dataset with --types")
		}
		given = append(given, ner.Answer{Types: types, Completion: ner.Completion{Text: a.text, Finish: a.finish}})
		asked = append(asked, types...)
	}
	parser, err := how.withTypes(in.types != nil, asked)
	if err != nil {
		return loop.ParsedPassage{}, err
	}
	return parser.Passage(p.document, given)
}

// trainDocuments adds a train split of documents.
func trainDocuments(in io.Reader, train *metrics.Training) error {
	for d, err := range loaders.ReadDocuments(in) {
		if err != nil {
			return err
		}
		train.Add(loop.Words(d), d.Spans)
	}
	return nil
}
