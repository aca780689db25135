package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"nerbench/distill"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners"
)

// The states of a point.
const (
	OK      = "ok"
	Failed  = "failed"
	Unknown = "unknown" // the student lacks the information
)

// Point is one thing that was checked.
type Point struct {
	Name  string `json:"name"` // text, tokens, bos, end, trained, context, pre-tokenizer
	State string `json:"state"`
	Note  string `json:"note"`
	// Difference is the first difference of a text or of tokens; nil: there is none.
	Difference *Difference `json:"difference,omitempty"`
}

// Difference is the first place at which two texts, or two lists of tokens, differ.
type Difference struct {
	Conversation string `json:"conversation"` // its id
	Question     string `json:"question"`     // its type; empty: the whole conversation
	At           int    `json:"at"`           // byte of the text, or place of the token, from 0
	Student      string `json:"student"`      // from there
	Prompt       string `json:"prompt"`
}

// Result is the result of a check.
type Result struct {
	Student string `json:"student"`
	// Conversations of all were compared, with Prompts questions.
	Conversations int     `json:"conversations"`
	All           int     `json:"all"`
	Prompts       int     `json:"prompts"`
	Points        []Point `json:"points"`
	OK            bool    `json:"ok"` // no point failed
	// Card is the file of the model card that was written; empty: none.
	Card string `json:"card,omitempty"`
	// Notes are remarks that are no failures.
	Notes []string `json:"notes,omitempty"`
}

// Err is the error about a student that differs.
func (r *Result) Err() error {
	if r.OK {
		return nil
	}
	return fmt.Errorf("distill check: %s does not match its training data", r.Student)
}

// Model is a student, as far as it reads text.
type Model struct {
	Name string // as the user named it
	// Run is the name of the model for a run; empty: it cannot be run by itself.
	Run      string
	BOS, EOS string // texts of the tokens that begin and end a text; empty: none or unknown
	Context  int    // in tokens; 0: unknown
	// Prompt writes messages that end with a question, with the beginning of an answer.
	// Whole writes a whole conversation, and what a trainer that reads generation marks
	// trains (nil: there are no marks). nil: the student has no template, or a server
	// writes no whole conversations.
	Prompt func(context.Context, []ner.Message) (string, error)
	Whole  func(context.Context, []ner.Message) (string, []ner.Range, error)
	// Tokens splits a text, with the tokens that are added to a prompt if begin is set.
	// ChatTokens are those of messages that end with a question; nil: those of the text of
	// Prompt. nil: the student's tokenizer is not available.
	Tokens     func(ctx context.Context, text string, begin bool) ([]int, error)
	ChatTokens func(context.Context, []ner.Message) ([]int, error)
	// PreTokenizer is a point about how the tokenizer splits words, from the metadata.
	PreTokenizer Point
	// AddsBOS says by the metadata whether a BOS is added to prompts, for students
	// without Tokens; nil: unknown.
	AddsBOS *bool
	Notes   []string
	// Most is the number of conversations that are compared; 0: 256.
	Most int
	// Close releases the student.
	Close func()
}

// most is the number of conversations that are compared. Templates are programs without
// many branches, so that a difference shows soon.
const most = 256

// Run compares a student with a set.
func Run(ctx context.Context, set *distill.Set, s *Model) (*Result, error) {
	all := slices.Concat(set.Train, set.Dev)
	c := &comparison{student: s, variant: set.Build.Settings.Variant, result: Result{Student: s.Name, All: len(all), Notes: s.Notes}}
	for _, i := range chosen(all, cmp.Or(s.Most, most)) {
		if err := c.conversation(ctx, &all[i]); err != nil {
			return nil, fmt.Errorf("check: %s: conversation %s: %w", s.Name, all[i].ID, err)
		}
		c.result.Conversations++
	}
	if err := c.end(ctx); err != nil {
		return nil, fmt.Errorf("check: %s: %w", s.Name, err)
	}
	c.points()
	return &c.result, nil
}

// chosen are the places of the conversations to compare: some of the longest, and others
// evenly.
func chosen(all []distill.Conversation, most int) []int {
	places := make([]int, len(all))
	for i := range places {
		places[i] = i
	}
	if len(all) <= most {
		return places
	}
	size := func(i int) int {
		n := len(all[i].Text)
		for _, q := range all[i].Questions {
			n += len(q.Type) + 40
			for _, a := range q.Answers {
				n += len(a)
			}
		}
		return n
	}
	slices.SortStableFunc(places, func(a, b int) int { return size(b) - size(a) })
	longest := most / 8
	places = places[:longest]
	for i := range most - longest {
		places = append(places, i*len(all)/(most-longest))
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// comparison is a check in progress.
type comparison struct {
	student *Model
	variant string
	result  Result

	text, tokens  *Difference // the first ones
	before, after int         // BOS tokens of a prompt by the student's template, and by a run
	counted       bool        // before and after are known
	blank         string      // a conversation in which the blank before an answer is a token of its own
	untrained     string      // a conversation with an answer that is not trained with its end
	marked        bool        // the template marks what is trained
	longest       int         // tokens of a conversation
	endTokens     int         // of </s>
}

// conversation compares one conversation.
func (c *comparison) conversation(ctx context.Context, v *distill.Conversation) error {
	texts, err := promptsOf(v, c.variant)
	if err != nil {
		return err
	}
	messages := v.Chat().Messages
	for i, q := range v.Questions {
		asked := slices.Clone(messages[:3])
		asked = append(asked, messages[3+2*i])
		if err := c.prompt(ctx, v, q.Type, chat(asked), texts[i]); err != nil {
			return err
		}
		c.result.Prompts++
	}
	return c.whole(ctx, v, chat(messages))
}

// chat converts messages.
func chat(list []distill.Message) []ner.Message {
	out := make([]ner.Message, len(list))
	for i, m := range list {
		out[i] = ner.Message(m)
	}
	return out
}

// promptsOf are the prompts about a conversation that a run sends.
func promptsOf(v *distill.Conversation, variant string) ([]string, error) {
	base, _, _ := strings.Cut(variant, "+")
	s := prompts.Settings{Family: "uniner", Variant: base, Dataset: v.Dataset}
	if v.Dataset != "" {
		s.Variant = cmp.Or(base, "repo") + "+" + cmp.Or(v.DatasetLine, "nl")
	}
	data := prompts.Dataset{ID: "check"}
	for _, q := range v.Questions {
		data.Types = append(data.Types, prompts.TypeInfo{Name: ner.EntityType(q.Type), Definition: q.Type})
	}
	r, err := prompts.New(data, s)
	if err != nil {
		return nil, err
	}
	queries, err := r.Queries(&ner.Document{ID: v.ID, Text: v.Text})
	if err != nil {
		return nil, err
	}
	if len(queries) != len(v.Questions) {
		return nil, fmt.Errorf("%d prompts for %d questions", len(queries), len(v.Questions))
	}
	texts := make([]string, len(queries))
	for i := range queries {
		texts[i] = queries[i].Prompt.Text
	}
	return texts, nil
}

// prompt compares one prompt.
func (c *comparison) prompt(ctx context.Context, v *distill.Conversation, question string, asked []ner.Message, want string) error {
	s := c.student
	var rendered string
	if s.Prompt != nil {
		var err error
		if rendered, err = s.Prompt(ctx, asked); err != nil {
			return err
		}
		c.compareText(v.ID, question, rendered, want)
	}
	if s.Tokens == nil {
		return nil
	}
	asks, err := s.Tokens(ctx, want, true)
	if err != nil {
		return err
	}
	var trained []int
	switch {
	case s.ChatTokens != nil:
		trained, err = s.ChatTokens(ctx, asked)
	case s.Prompt != nil:
		trained, err = s.Tokens(ctx, rendered, false)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	return c.compareTokens(ctx, v.ID, question, trained, asks)
}

// compareText compares the text of a template with a prompt, without the BOS that a
// template writes and a tokenizer adds. Where there are tokens, they say how many there
// are.
func (c *comparison) compareText(id, question, rendered, want string) {
	for bos := c.student.BOS; bos != "" && strings.HasPrefix(rendered, bos); {
		rendered = rendered[len(bos):]
		if c.student.Tokens == nil {
			break
		}
	}
	if c.text == nil && rendered != want {
		at := 0
		for at < len(rendered) && at < len(want) && rendered[at] == want[at] {
			at++
		}
		c.text = &Difference{Conversation: id, Question: question, At: at, Student: excerpt(rendered[at:]), Prompt: excerpt(want[at:])}
	}
}

// excerpt is the beginning of a text.
func excerpt(text string) string {
	const most = 40
	runes := []rune(text[:min(len(text), 4*most)])
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "…"
}

// compareTokens compares tokens, and counts the BOS at the beginning of both.
func (c *comparison) compareTokens(ctx context.Context, id, question string, trained, asks []int) error {
	bos, err := c.bos(ctx)
	if err != nil {
		return err
	}
	before, after := leading(trained, bos), leading(asks, bos)
	if !c.counted || before != after {
		c.before, c.after, c.counted = before, after, true
	}
	trained, asks = trained[before:], asks[after:]
	if c.tokens != nil || slices.Equal(trained, asks) {
		return nil
	}
	at := 0
	for at < len(trained) && at < len(asks) && trained[at] == asks[at] {
		at++
	}
	c.tokens = &Difference{Conversation: id, Question: question, At: at, Student: numbers(trained[at:]), Prompt: numbers(asks[at:])}
	return nil
}

// bos is the token that begins a text; -1: there is none.
func (c *comparison) bos(ctx context.Context) (int, error) {
	if c.student.BOS == "" {
		return -1, nil
	}
	tokens, err := c.student.Tokens(ctx, c.student.BOS, false)
	if err != nil || len(tokens) != 1 {
		return -1, err
	}
	return tokens[0], nil
}

// leading counts a token at the beginning.
func leading(tokens []int, token int) int {
	n := 0
	for n < len(tokens) && tokens[n] == token {
		n++
	}
	return n
}

// numbers are the first tokens, for a message.
func numbers(tokens []int) string {
	const most = 8
	text := strings.Trim(fmt.Sprint(tokens[:min(len(tokens), most)]), "[]")
	if len(tokens) > most {
		text += " …"
	}
	return text
}

// whole compares a whole conversation: its text, where the first answer begins, and what is
// trained.
func (c *comparison) whole(ctx context.Context, v *distill.Conversation, messages []ner.Message) error {
	s := c.student
	want := v.Rendered()
	if s.Whole != nil {
		text, trained, err := s.Whole(ctx, messages)
		if err != nil {
			return err
		}
		c.compareText(v.ID, "", text, want)
		if c.text == nil && trained != nil {
			c.marked = true
			for i := range v.Questions { // several answers may be equal, so each has a range of its own
				answer := messages[4+2*i].Content + runners.EndOfSequence
				at := slices.IndexFunc(trained, func(r ner.Range) bool { return strings.HasSuffix(text[r.Start:r.End], answer) })
				if at < 0 {
					c.untrained = v.ID
					break
				}
				trained = trained[at+1:]
			}
		}
	}
	if s.Tokens == nil {
		return nil
	}
	tokens, err := s.Tokens(ctx, want, true)
	if err != nil {
		return err
	}
	c.longest = max(c.longest, len(tokens))
	// A blank that is no part of the first token of an answer is not trained.
	first := want[:strings.Index(want, "</s>")+len("</s>")] + "USER: " + messages[3].Content + " ASSISTANT: "
	begin, err := s.Tokens(ctx, first, true)
	if err != nil {
		return err
	}
	if len(begin) < len(tokens) && slices.Equal(begin, tokens[:len(begin)]) {
		c.blank = v.ID
	}
	return nil
}

// end counts the tokens of </s>.
func (c *comparison) end(ctx context.Context) error {
	if c.student.Tokens == nil {
		return nil
	}
	tokens, err := c.student.Tokens(ctx, runners.EndOfSequence, false)
	c.endTokens = len(tokens)
	return err
}
