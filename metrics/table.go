package metrics

import (
	"slices"

	"nerbench/ner"
)

// Version is the version of the metrics. It changes whenever a count can change, so
// that scores of different versions are not mixed (docs/spec/metrics.md §8.4).
const Version = "1"

// Passage is the input of metrics from one passage. It is used by one goroutine,
// and must not be changed after it was counted.
type Passage struct {
	// Text is the passage; the offsets of Gold and Pred are bytes of it.
	Text string
	// Gold and Pred are spans; equal ones count once.
	Gold, Pred []ner.Span
	// Unaligned are mentions without a position in the text.
	Unaligned []ner.Mention
	// Published holds the queries of the passage as parsed by the official parser,
	// Lenient as parsed by the ladder.
	Published, Lenient []Strings
	// Items holds the items that the protocols of other systems compare; items that
	// no selected metric uses may be absent.
	Items map[Protocol]Items

	errors []typeErrors // by errorsByType
}

// Metric describes a metric.
type Metric struct {
	// ID is the name with all options at their defaults.
	ID string
	// Meaning is one line for help texts and reports.
	Meaning string
	// Section of docs/spec/metrics.md that defines it.
	Section string
	// Reader is the parser of answers that it uses by default, as a value of the
	// option reader: ladder or published.
	Reader string
	// Options names those of [Options] that can change its value.
	Options []string
	// Doubled: its counts are twice the real ones, since it gives half points
	// (docs/spec/metrics.md §1.1). Ratios accounts for this; printed counts must be
	// halved.
	Doubled bool
	// Add counts one passage and adds the counts.
	Add func(*Passage, *Counts)
	// Ratios computes the ratios by the definition of the metric.
	Ratios func(ner.Score) Ratios
	// Protocol selects the items that a preset compares (docs/spec/metrics.md §9);
	// empty for other metrics. The table of prompt families (prompts.Families) lists
	// the presets whose published parser can parse the answers of a family.
	Protocol Protocol
}

// spanOptions are the options of metrics on spans, stringOptions those of metrics
// on the answers to single queries, presetOptions those of presets.
var (
	spanOptions   = []string{"align", "boundary", "queries", "reader", "tiers", "unknown"}
	stringOptions = []string{"queries", "unknown"}
	presetOptions = []string{"queries", "reader", "unknown"}
)

// Count counts one passage.
func (m Metric) Count(p *Passage) Counts { return Count(m.Add, p) }

// Count returns the counts of one passage.
func Count(add func(*Passage, *Counts), p *Passage) Counts {
	c := NewCounts()
	add(p, &c)
	return c
}

// Metrics is the table of metrics, in the order of reports.
var Metrics = []Metric{
	{
		ID: "span_f1", Section: "2", Reader: "ladder",
		Meaning: "sets of (start, end, type): strict entity-level F1",
		Options: spanOptions,
		Add:     SpanF1, Ratios: FromCounts,
	},
	{
		ID: "uniner_f1", Section: "3", Reader: "published",
		Meaning: "sets of normalised strings, parsed by the official parser: the F1 of the UniversalNER paper",
		Options: stringOptions,
		Add:     UniNERF1, Ratios: WithEpsilon,
	},
	{
		ID: "uniner_f1_lenient", Section: "3.7", Reader: "ladder",
		Meaning: "the same sets, parsed by the lenient ladder: the paper's F1 for well-formed answers",
		Options: stringOptions,
		Add:     UniNERF1Lenient, Ratios: FromCounts,
	},
	{
		ID: "paper_partial_f1", Section: "3.8", Reader: "published", Doubled: true,
		Meaning: "as uniner_f1, but an item that shares a word with gold counts one half",
		Options: stringOptions,
		Add:     PaperPartialF1, Ratios: HalfWithEpsilon,
	},
	{
		ID: "semeval_strict_f1", Section: "6", Reader: "ladder", Doubled: true,
		Meaning: "SemEval-2013 strict: correct span and correct type",
		Options: spanOptions,
		Add:     semEvalF1(SemEvalSchemes[0]), Ratios: FromCounts,
	},
	{
		ID: "semeval_exact_f1", Section: "6", Reader: "ladder", Doubled: true,
		Meaning: "SemEval-2013 exact: correct span, any type",
		Options: spanOptions,
		Add:     semEvalF1(SemEvalSchemes[1]), Ratios: FromCounts,
	},
	{
		ID: "semeval_partial_f1", Section: "6", Reader: "ladder", Doubled: true,
		Meaning: "SemEval-2013 partial: correct span, or half for an overlap, any type",
		Options: spanOptions,
		Add:     semEvalF1(SemEvalSchemes[2]), Ratios: FromCounts,
	},
	{
		ID: "semeval_type_f1", Section: "6", Reader: "ladder", Doubled: true,
		Meaning: "SemEval-2013 type: correct type, any overlap",
		Options: spanOptions,
		Add:     semEvalF1(SemEvalSchemes[3]), Ratios: FromCounts,
	},
	{
		ID: "gner_f1", Section: "9.1", Reader: "published",
		Meaning: "GNER: sets of normalised text and type",
		Options: presetOptions, Protocol: GNER,
		Add: GNERF1, Ratios: WithEpsilon,
	},
	{
		ID: "instructuie_f1", Section: "9.2", Reader: "published",
		Meaning: "InstructUIE, corrected: sets of \"type: entity\", none left out",
		Options: presetOptions, Protocol: InstructUIE,
		Add: InstructUIEF1, Ratios: OrZero,
	},
	{
		ID: "instructuie_original_f1", Section: "9.2", Reader: "published",
		Meaning: "InstructUIE as published: none equals none",
		Options: presetOptions, Protocol: InstructUIE,
		Add: InstructUIEOriginalF1, Ratios: OrZero,
	},
	{
		ID: "b2ner_f1", Section: "9.2", Reader: "published",
		Meaning: "B2NER: sets of \"type: entity\"",
		Options: presetOptions, Protocol: B2NER,
		Add: B2NERF1, Ratios: OrZero,
	},
	{
		ID: "gollie_f1", Section: "9.3", Reader: "published",
		Meaning: "GoLLIE: multisets of type and text, without items that are not in the text",
		Options: presetOptions, Protocol: GoLLIE,
		Add: GoLLIEF1, Ratios: OrZero,
	},
	{
		ID: "gollie_unfiltered_f1", Section: "9.3", Reader: "published",
		Meaning: "GoLLIE without its filter",
		Options: presetOptions, Protocol: GoLLIEUnfiltered,
		Add: GoLLIEUnfilteredF1, Ratios: OrZero,
	},
	{
		ID: "reasoningner_f1", Section: "9.4", Reader: "published",
		Meaning: "ReasoningNER: sets of normalised text and lower-cased type",
		Options: presetOptions, Protocol: ReasoningNER,
		Add: ReasoningNERF1, Ratios: OrZero,
	},
}

// OfSpans reports whether a metric compares spans. Strings and their parser then
// matter only through the positions of the spans.
func (m Metric) OfSpans() bool { return slices.Contains(m.Options, "align") }

// Find returns the metric with an id that has no options.
func Find(id string) (Metric, bool) {
	for _, m := range Metrics {
		if m.ID == id {
			return m, true
		}
	}
	return Metric{}, false
}
