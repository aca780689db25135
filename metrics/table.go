package metrics

import (
	"slices"

	"nerbench/ner"
)

// Version names the metrics. It changes whenever a count can change, so that
// scores of different versions are not mixed (docs/spec/metrics.md §8.4).
const Version = "1"

// Passage is what metrics see of one passage. It belongs to one goroutine, and
// is not changed once it was counted.
type Passage struct {
	// Text is the passage; the offsets of Gold and Pred are bytes of it.
	Text string
	// Gold and Pred are spans; equal ones collapse.
	Gold, Pred []ner.Span
	// Unaligned are mentions that alignment could not place.
	Unaligned []ner.Mention
	// Published holds the queries of the passage as the official parser reads
	// them, Lenient as the ladder does.
	Published, Lenient []Strings
	// Items holds what the protocols of other systems compare; those that no
	// metric of the table asks for may be absent.
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
	// Reader is the parser of answers that it uses by default, as the option reader
	// names it: ladder or published.
	Reader string
	// Options names those of [Options] that can change its value.
	Options []string
	// Doubled: its counts are twice the real ones, because it gives half points
	// (docs/spec/metrics.md §1.1). Ratios knows that; who prints counts halves them.
	Doubled bool
	// Add counts one passage and adds what it counted.
	Add func(*Passage, *Counts)
	// Ratios divides counts as the metric's definition says.
	Ratios func(ner.Score) Ratios
	// Protocol is what a preset compares (docs/spec/metrics.md §9); empty for the others.
	// The table of prompt families (prompts.Families) names the presets whose published
	// parser can parse the answers of a family.
	Protocol Protocol
}

// spanOptions are the options of metrics on spans, stringOptions those of
// metrics on the answers to single queries, presetOptions those of presets.
var (
	spanOptions   = []string{"align", "boundary", "queries", "reader", "tiers", "unknown"}
	stringOptions = []string{"queries", "unknown"}
	presetOptions = []string{"queries", "reader", "unknown"}
)

// Count counts one passage.
func (m Metric) Count(p *Passage) Counts { return Count(m.Add, p) }

// Count is what one passage adds to nothing.
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
		Meaning: "sets of normalised strings, read by the official parser: the F1 of the UniversalNER paper",
		Options: stringOptions,
		Add:     UniNERF1, Ratios: WithEpsilon,
	},
	{
		ID: "uniner_f1_lenient", Section: "3.7", Reader: "ladder",
		Meaning: "the same sets, read by the lenient ladder: what the paper's F1 would be had the answers been well formed",
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
		Meaning: "SemEval-2013 strict: right span and right type",
		Options: spanOptions,
		Add:     semEvalF1(SemEvalSchemes[0]), Ratios: FromCounts,
	},
	{
		ID: "semeval_exact_f1", Section: "6", Reader: "ladder", Doubled: true,
		Meaning: "SemEval-2013 exact: right span, any type",
		Options: spanOptions,
		Add:     semEvalF1(SemEvalSchemes[1]), Ratios: FromCounts,
	},
	{
		ID: "semeval_partial_f1", Section: "6", Reader: "ladder", Doubled: true,
		Meaning: "SemEval-2013 partial: right span, or half for an overlap, any type",
		Options: spanOptions,
		Add:     semEvalF1(SemEvalSchemes[2]), Ratios: FromCounts,
	},
	{
		ID: "semeval_type_f1", Section: "6", Reader: "ladder", Doubled: true,
		Meaning: "SemEval-2013 type: right type, any overlap",
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
		Meaning: "InstructUIE as published: none against none is right",
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
		Meaning: "GoLLIE: multisets of type and text, what is not in the text dropped before",
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

// OfSpans reports whether a metric compares spans, so that strings, and how they
// are read, matter only through their places.
func (m Metric) OfSpans() bool { return slices.Contains(m.Options, "align") }

// Find returns the metric with an id without options.
func Find(id string) (Metric, bool) {
	for _, m := range Metrics {
		if m.ID == id {
			return m, true
		}
	}
	return Metric{}, false
}
