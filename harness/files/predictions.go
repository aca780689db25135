package files

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// Predictions is a file of predictions for the documents of another file.
type Predictions struct {
	// Gold has documents with their gold. Pred has a prediction for each of them:
	// spans, mentions, or answers.
	Gold, Pred File
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
	var counted *evalCounts
	join := &joiner{gold: p.Gold, partial: p.Partial, spans: plan.needsSpans()}
	input := newPredictionInput(p.Parsing.Types)
	err = p.Gold.Read(func(gold io.Reader) error {
		return p.Pred.Read(func(pred io.Reader) (err error) {
			counted, err = plan.count(ctx, input.passages(join.joined(gold, File{p.Pred.Name, pred})))
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
		answered: p.Answers != nil,
	}
}

// parse returns the input of metrics for one document.
func (in predictionInput) parse(p documentPrediction, how *parsing) (loop.ParsedPassage, error) {
	switch {
	case p.Answers != nil:
		return in.answers(p, how)
	case p.Mentions != nil:
		return in.mentions(p, how)
	}
	return in.spans(p, how)
}

// answers parses raw answers. If the types of the dataset are not named, those of the
// queries are used.
func (in predictionInput) answers(p documentPrediction, how *parsing) (loop.ParsedPassage, error) {
	var given []ner.Answer
	var asked []ner.EntityType
	for _, a := range *p.Answers {
		given = append(given, ner.Answer{Types: a.Types, Completion: ner.Completion{Text: a.Text, Finish: a.Finish}})
		asked = append(asked, a.Types...)
	}
	parser, err := how.withTypes(in.types != nil, asked)
	if err != nil {
		return loop.ParsedPassage{}, err
	}
	return parser.Passage(p.document, given)
}

func (in predictionInput) mentions(p documentPrediction, how *parsing) (loop.ParsedPassage, error) {
	prediction := ner.Prediction{Mentions: []ner.FlaggedMention{}}
	for _, m := range *p.Mentions {
		if typ, keep := in.typed(&prediction, m.Type, m.Text, how.options); keep {
			prediction.Mentions = append(prediction.Mentions, ner.FlaggedMention{Mention: ner.Mention{Text: m.Text, Type: typ}})
		}
	}
	return loop.Imported(p.document, prediction, how.options, how.protocols...)
}

func (in predictionInput) spans(p documentPrediction, how *parsing) (loop.ParsedPassage, error) {
	var prediction ner.Prediction
	points := ner.NewCodePoints(p.document.Text)
	for _, s := range *p.Spans {
		typ, keep := in.typed(&prediction, s.Type, "", how.options)
		if !keep {
			continue
		}
		start, err1 := points.Byte(s.Start)
		end, err2 := points.Byte(s.End)
		if err1 != nil || err2 != nil || start >= end {
			start, end = noRange(s.Start, s.End)
		}
		prediction.Spans = append(prediction.Spans, ner.Span{Start: start, End: end, Type: typ})
	}
	for _, m := range p.Unaligned {
		if typ, keep := in.typed(&prediction, m.Type, m.Text, how.options); keep {
			prediction.Unaligned = append(prediction.Unaligned, ner.Mention{Text: m.Text, Type: typ})
		}
	}
	return loop.Imported(p.document, prediction, how.options, how.protocols...)
}

// noRange returns a span for offsets outside the text. Different offsets give
// different spans, because each of them is a false positive (docs/spec/metrics.md §2).
// The span begins below 0, so that it is never a range of the text.
func noRange(start, end int) (int, int) {
	below := func(n int) int {
		if n < 0 {
			return 2*n - 1
		}
		return -2*n - 2
	}
	return below(start), below(end)
}

// typed returns a predicted type, and whether to keep the prediction. If the types of
// the dataset are named, any other type is dropped, or kept as [ner.Unknown]
// (docs/spec/metrics.md §1.3).
func (in predictionInput) typed(p *ner.Prediction, t ner.EntityType, text string, o loop.ParseOptions) (ner.EntityType, bool) {
	if in.types == nil || slices.Contains(in.types, t) {
		return t, true
	}
	p.Dropped = append(p.Dropped, ner.Dropped{Why: "unknown_type", Type: string(t), Text: text})
	return ner.Unknown, o.Unknown == "fp"
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
