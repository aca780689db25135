package ner

// Mention is an entity as the model wrote it, not yet found in the text.
type Mention struct {
	Text string
	Type EntityType
}

// Outcome is the one class in which every query ends (docs/spec/prompts.md §3.1).
type Outcome string

// The outcomes.
const (
	OK          Outcome = "ok"           // the strict form, something in it
	Empty       Outcome = "empty"        // the strict form, nothing in it
	Repaired    Outcome = "repaired"     // a lenient step read it
	Truncated   Outcome = "truncated"    // the token limit ended it before it was complete
	Blank       Outcome = "blank"        // no text
	NoStructure Outcome = "no_structure" // text, but nothing of the family's form
	Malformed   Outcome = "malformed"    // the form was begun, but cannot be read
	TooLong     Outcome = "too_long"     // not sent, the context is too small
	Failed      Outcome = "error"        // no answer after all retries; the passage is incomplete
)

// Outcomes lists the outcomes in the order in which reports show them.
var Outcomes = []Outcome{OK, Empty, Repaired, Truncated, Blank, NoStructure, Malformed, TooLong, Failed}

// Failure reports whether the outcome counts into the failure share
// (docs/spec/metrics.md §8.2).
func (o Outcome) Failure() bool {
	switch o {
	case OK, Empty, Repaired:
		return false
	}
	return true
}

// Prediction is what was understood of one completion.
type Prediction struct {
	Outcome Outcome
	// Step names the step of the reader that read the answer (docs/spec/prompts.md §3.3),
	// "none" if none did.
	Step string
	// Mentions are the entities found, in the order of the answer.
	Mentions []FlaggedMention
	// Dropped are the items of the answer that are no mention (docs/spec/prompts.md §3.6).
	Dropped []Dropped
	// Spans are the places of the mentions, sorted, without duplicates.
	Spans []Span
	// Unaligned are the mentions without a place: each is one false positive.
	Unaligned []Mention
}

// FlaggedMention is a mention with what a reader noticed of it.
type FlaggedMention struct {
	Mention
	Flags []Flag
}

// Flag marks a mention that was kept (docs/spec/prompts.md §3.6).
type Flag string

// The flags.
const (
	Duplicate Flag = "duplicate"   // the same mention and type again in the answer
	TypeFold  Flag = "type_fold"   // its type resolved by folding
	Coerced   Flag = "coerced"     // a number read as text
	Tier2     Flag = "tier2"       // found with white space or edges repaired
	Tier3     Flag = "tier3"       // found caseless
	NotInText Flag = "not_in_text" // no place in the text
	OrphanI   Flag = "orphan_i"    // family gner: an I- tag that opens an entity
	Searched  Flag = "searched"    // echo families: position lost, located by alignment
)

// Dropped is an item of an answer that was not kept, and why.
type Dropped struct {
	Why  string // "bad_item", "unknown_type", or "other_type"
	Type string // as the model wrote it; empty if it gave none
	Text string // empty if there was none
}
