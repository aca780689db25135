package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
)

// Version is the version of the protocol (docs/exec.md).
const Version = 1

// The kinds of answers of a program.
const (
	Spans    = "spans"    // with offsets in code points
	Mentions = "mentions" // texts and types, which are searched in the passage
	Answers  = "answers"  // of a language model to prompts
)

// The limits of what a program writes, in bytes; and of its passages at once.
const (
	longestHello  = 64 << 10
	longestAnswer = 16 << 20
	longestText   = 200 // of the name, the version and the digest
	mostBatch     = 1024
)

// Hello is the first line of a program: what it says about itself.
type Hello struct {
	Version       int    `json:"nerbench_exec"`
	Name          string `json:"name"`
	Release       string `json:"version"`
	Digest        string `json:"digest"`
	Answers       string `json:"answers"`
	Batch         *int   `json:"batch"`
	Deterministic *bool  `json:"deterministic"`
}

// errNoHello is the error of a first line that is no hello.
var errNoHello = errors.New("its first line is not a hello")

// byteOrderMark begins the output of some programs on Windows.
var byteOrderMark = []byte("\ufeff")

// readHello reads the first line of a program.
func readHello(line []byte) (Hello, error) {
	line = bytes.TrimPrefix(line, byteOrderMark)
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil || members["nerbench_exec"] == nil {
		return Hello{}, fmt.Errorf("%w: %s", errNoHello, quoted(line))
	}
	if v := string(members["nerbench_exec"]); v != strconv.Itoa(Version) {
		return Hello{}, fmt.Errorf("hello: protocol version %s: want version %d", runners.ShortMessage(v), Version)
	}
	var h Hello
	if err := json.Unmarshal(line, &h); err != nil {
		return h, fmt.Errorf("hello: %s", wrongMember(err))
	}
	for member, text := range map[string]string{"name": h.Name, "version": h.Release} {
		if strings.TrimSpace(text) == "" || len(text) > longestText || strings.ContainsFunc(text, unicode.IsControl) {
			return h, fmt.Errorf("hello: %s: want a text of at most %d bytes in one line", member, longestText)
		}
	}
	switch {
	case len(h.Digest) > longestText || strings.ContainsFunc(h.Digest, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return h, fmt.Errorf("hello: digest: want at most %d bytes without blanks", longestText)
	case h.Answers != Spans && h.Answers != Mentions && h.Answers != Answers:
		return h, fmt.Errorf("hello: answers: %q is not one of %s, %s, %s", runners.ShortMessage(h.Answers), Spans, Mentions, Answers)
	case h.Batch != nil && (*h.Batch < 1 || *h.Batch > mostBatch):
		return h, fmt.Errorf("hello: batch: want a number from 1 to %d", mostBatch)
	}
	return h, nil
}

// batch is the number of passages that a process takes at once.
func (h Hello) batch() int {
	if h.Batch == nil {
		return 1
	}
	return *h.Batch
}

// same reports whether two processes said the same of themselves.
func (h Hello) same(other Hello) bool {
	return h.Name == other.Name && h.Release == other.Release && h.Digest == other.Digest && h.Answers == other.Answers
}

// String describes a hello in one line.
func (h Hello) String() string {
	text := fmt.Sprintf("%s %s, %s", h.Name, h.Release, h.Answers)
	if h.Digest != "" {
		text += ", " + h.Digest
	}
	return text
}

// passage is what a program is asked, behind the number of the passage.
type passage struct {
	Dataset string                      `json:"dataset,omitempty"`
	Text    string                      `json:"text"`
	Tokens  [][2]int                    `json:"tokens,omitempty"`
	Types   []ner.EntityType            `json:"types"`
	Labels  map[ner.EntityType][]string `json:"labels,omitempty"`
	Queries []query                     `json:"queries,omitempty"`
}

// query is a prompt for a program that answers as a language model does.
type query struct {
	Types       []ner.EntityType `json:"types"`
	Prompt      string           `json:"prompt,omitempty"`
	Messages    []ner.Message    `json:"messages,omitempty"`
	Stop        []string         `json:"stop,omitempty"`
	MaxTokens   int              `json:"max_tokens,omitempty"`
	Temperature float64          `json:"temperature"`
	Seed        int              `json:"seed"`
	Schema      json.RawMessage  `json:"schema,omitempty"`
}

// answer is a line of a program.
type answer struct {
	Spans    *[]span       `json:"spans"`
	Mentions *[]mention    `json:"mentions"`
	Answers  *[]completion `json:"answers"`
	Error    *string       `json:"error"`
}

type span struct {
	Start *int    `json:"start"`
	End   *int    `json:"end"`
	Type  *string `json:"type"`
	Text  *string `json:"text"`
}

type mention struct {
	Text *string `json:"text"`
	Type *string `json:"type"`
}

type completion struct {
	Text   *string `json:"text"`
	Finish string  `json:"finish"`
}

// readAnswer reads a line of a program. An error is a [badAnswer], with the id of its
// passage, or else about the line as a whole: it has no passage.
func readAnswer(line []byte) (id string, a answer, err error) {
	misread := func(advice, format string, args ...any) error {
		err := fmt.Errorf("a line of its standard output "+format+": %s", append(args, quoted(line))...)
		return &fault.Hint{Err: runners.Mark(err, runners.ErrMisread), Advice: advice}
	}
	var members struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(line, &members); err != nil {
		return "", a, misread(logAdvice, "is not of the protocol")
	}
	if members.ID == nil {
		return "", a, misread(logAdvice, "has no id")
	}
	if err := json.Unmarshal(members.ID, &id); err != nil || string(members.ID) == "null" {
		return "", a, misread(lineAdvice, "has an id that is not a text")
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return id, a, badf("%s", wrongMember(err))
	}
	return id, a, nil
}

const lineAdvice = "answer with the id of the passage, as it is: a text (docs/exec.md)"

// wrongMember describes the error of a member that has another type.
func wrongMember(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok || wrong.Field == "" {
		return "it has another form"
	}
	text := wrong.Field + " is " + describe(wrong.Value)
	want := map[string]string{"int": "a whole number", "string": "a text", "bool": "true or false", "slice": "a list", "struct": "an object"}[wrong.Type.Kind().String()]
	if want != "" {
		text += ": want " + want
	}
	return text
}

// describe has an article for a JSON value in errors of encoding/json, which is its kind,
// or "number" and the number.
func describe(value string) string {
	switch {
	case strings.HasPrefix(value, "number "):
		return "the " + runners.ShortMessage(value)
	case value == "array", value == "object":
		return "an " + value
	}
	return "a " + value
}

// quoted is a line of a program for an error.
func quoted(line []byte) string {
	return strconv.Quote(runners.ShortMessage(string(line)))
}

// badAnswer is an answer that cannot be used: the passage is asked again, and counts as
// refused if its next answer is no better.
type badAnswer struct{ why string }

func (e *badAnswer) Error() string { return "the answer is wrong: " + e.why }

func badf(format string, args ...any) error { return &badAnswer{fmt.Sprintf(format, args...)} }

// completions are the answers to the queries of a task, in order. An error is a [badAnswer].
func (t *task) completions(kind string, a answer) ([]ner.Completion, error) {
	if a.Error != nil {
		out := make([]ner.Completion, len(t.queries))
		for i := range out {
			out[i] = ner.Completion{Text: runners.ShortMessage(*a.Error), Finish: ner.FinishRefused}
		}
		return out, nil
	}
	switch {
	case kind == Spans && a.Spans != nil:
		text, err := t.spans(*a.Spans)
		return []ner.Completion{{Text: text, Finish: ner.FinishStop}}, err
	case kind == Mentions && a.Mentions != nil:
		text, err := t.mentions(*a.Mentions)
		return []ner.Completion{{Text: text, Finish: ner.FinishStop}}, err
	case kind == Answers && a.Answers != nil:
		return t.answers(*a.Answers)
	}
	return nil, badf("it has no %s, which the hello promised", kind)
}

func (t *task) spans(found []span) (string, error) {
	out := make([]ner.Span, 0, len(found))
	points := ner.NewCodePoints(t.document.Text)
	for i, s := range found {
		if s.Start == nil || s.End == nil || s.Type == nil {
			return "", badf("span %d: want start, end and type", i)
		}
		if err := t.asked(*s.Type); err != nil {
			return "", badf("span %d: %v", i, err)
		}
		place, err := locate(t.document.Text, points, *s.Start, *s.End, s.Text)
		if err != nil {
			return "", badf("span %d: %v", i, err)
		}
		out = append(out, ner.Span{Start: place.Start, End: place.End, Type: ner.EntityType(*s.Type)})
	}
	slices.SortFunc(out, ner.Span.Compare)
	return ner.SpansAnswer(t.document.Text, slices.Compact(out)), nil
}

func (t *task) mentions(found []mention) (string, error) {
	out := make([]ner.Mention, 0, len(found))
	for i, m := range found {
		if m.Text == nil || m.Type == nil || strings.TrimSpace(*m.Text) == "" {
			return "", badf("mention %d: want text and type", i)
		}
		if err := t.asked(*m.Type); err != nil {
			return "", badf("mention %d: %v", i, err)
		}
		out = append(out, ner.Mention{Text: *m.Text, Type: ner.EntityType(*m.Type)})
	}
	return ner.MentionsAnswer(out), nil
}

func (t *task) answers(found []completion) ([]ner.Completion, error) {
	if len(found) != len(t.queries) {
		return nil, badf("%d answers to %d queries", len(found), len(t.queries))
	}
	out := make([]ner.Completion, len(found))
	for i, c := range found {
		finish := ner.Finish(c.Finish)
		switch {
		case c.Text == nil:
			return nil, badf("answer %d: want text", i)
		case finish != ner.FinishUnknown && finish != ner.FinishStop && finish != ner.FinishLength:
			return nil, badf("answer %d: finish: %q is not one of stop, length", i, runners.ShortMessage(c.Finish))
		}
		out[i] = ner.Completion{Text: *c.Text, Finish: finish}
	}
	return out, nil
}

// asked returns an error for a type that was not asked.
func (t *task) asked(typ string) error {
	if slices.Contains(t.types, ner.EntityType(typ)) {
		return nil
	}
	for _, of := range t.types {
		if slices.Contains(t.labels[of], typ) {
			return fmt.Errorf("type %q is a native label of %q: answer with the names in types", runners.ShortMessage(typ), of)
		}
	}
	return fmt.Errorf("type %q was not asked: answer with the names in types only", runners.ShortMessage(typ))
}
