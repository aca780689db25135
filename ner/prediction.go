package ner

// Mention is an entity as the model wrote it, not yet found in the text.
type Mention struct {
	Text string
	Type EntityType
}

// Outcome is the result class of a query (docs/spec/prompts.md §3.1). Every query has
// exactly one.
type Outcome string

// The outcomes.
const (
	OK          Outcome = "ok"           // strict form, at least one mention
	Empty       Outcome = "empty"        // strict form, no mention
	Repaired    Outcome = "repaired"     // parsed by a lenient step
	Truncated   Outcome = "truncated"    // cut off at the token limit
	Blank       Outcome = "blank"        // no text
	NoStructure Outcome = "no_structure" // text without the answer form of the family
	Malformed   Outcome = "malformed"    // the form begins, but cannot be parsed
	Unusable    Outcome = "unusable"     // parsed, but every item was dropped
	TooLong     Outcome = "too_long"     // not sent: the context is too small
	Refused     Outcome = "refused"      // the server or the model refused the query
	Filtered    Outcome = "filtered"     // a content filter ended the answer
	ToolCall    Outcome = "tool_call"    // a call of a tool instead of an answer
	Failed      Outcome = "error"        // no answer after all retries: the passage is incomplete
)

// Outcomes lists the outcomes in the order in which reports show them.
var Outcomes = []Outcome{OK, Empty, Repaired, Truncated, Blank, NoStructure, Malformed, Unusable, TooLong, Refused, Filtered, ToolCall, Failed}

// Failure reports whether the outcome counts into the failure share
// (docs/spec/metrics.md §8.2).
func (o Outcome) Failure() bool {
	switch o {
	case OK, Empty, Repaired:
		return false
	}
	return true
}

// Prediction is the parsed form of one completion.
type Prediction struct {
	Outcome Outcome
	// Step is the step of the parser that parsed the answer (docs/spec/prompts.md §3.3);
	// "none" if no step could.
	Step string
	// Mentions are the entities found, in the order of the answer.
	Mentions []FlaggedMention
	// Dropped are the items of the answer that are not mentions (docs/spec/prompts.md §3.6).
	Dropped []Dropped
	// Spans are the positions of the mentions, sorted, without duplicates.
	Spans []Span
	// Unaligned are the mentions not found in the text: each is one false positive.
	Unaligned []Mention
}

// FlaggedMention is a mention with the flags that a parser set on it.
type FlaggedMention struct {
	Mention
	Flags []Flag
}

// Flag marks a mention that was kept (docs/spec/prompts.md §3.6).
type Flag string

// The flags.
const (
	Duplicate Flag = "duplicate"   // the same mention and type again in the answer
	TypeFold  Flag = "type_fold"   // type resolved by folding
	Coerced   Flag = "coerced"     // a number read as text
	Tier2     Flag = "tier2"       // found after white space or edges were repaired
	Tier3     Flag = "tier3"       // found ignoring case
	Tier4     Flag = "tier4"       // found with other blanks or signs
	NotInText Flag = "not_in_text" // not found in the text
	OrphanI   Flag = "orphan_i"    // family gner: an I- tag begins an entity
	Searched  Flag = "searched"    // echo families: position lost, located by alignment
)

// Dropped is an item of an answer that was not kept, with the reason.
type Dropped struct {
	Why  string // one of DropReasons
	Type string // as the model wrote it; empty if absent
	Text string // empty if absent
}

// The reasons why an item is dropped (docs/spec/prompts.md §3.6).
const (
	BadItem      = "bad_item"      // not a mention
	UnknownType  = "unknown_type"  // its type does not resolve
	OtherType    = "other_type"    // the answer to one type's query names another type
	LostWord     = "not_in_text"   // family gner: a labelled word that is not in the text
	Unfinished   = "unfinished"    // the answer ends inside it
	NotAsked     = "not_asked"     // listed under another type than that of the query
	OtherValue   = "other_value"   // in a value that a later one replaces
	ExtraKey     = "extra_key"     // a member beside the answer
	WithoutLabel = "without_label" // text of a list of pairs without a type
)

// DropReasons lists the reasons in the order in which reports show them.
var DropReasons = []string{BadItem, UnknownType, OtherType, LostWord, Unfinished, NotAsked, OtherValue, ExtraKey, WithoutLabel}

// Unused reports whether the item is not in the value that was taken as the answer, but
// in another part of the answer: one that is not complete, about something else, or
// beside the value.
func (d Dropped) Unused() bool {
	switch d.Why {
	case Unfinished, NotAsked, OtherValue, ExtraKey, WithoutLabel:
		return true
	}
	return false
}
