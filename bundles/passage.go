package bundles

import (
	"errors"
	"fmt"
	"slices"

	"nerbench/ner"
)

// Passage is one line: one passage of a run. Its text is not part of it.
type Passage struct {
	// Index is the place of the passage among those of the run, from 0.
	Index int `json:"i"`
	// Counts are the counts of each metric of the run, in its order: true positives,
	// predicted, gold.
	Counts [][3]int `json:"counts"`

	// With answers: the id of the document, and its answers.
	Document string   `json:"id,omitempty"`
	Answers  []Answer `json:"answers,omitempty"`

	// With spans: the outcome of each query, and the predicted entities: distinct spans
	// in order, in code points, and the number of those without a position, by type.
	Outcomes  []ner.Outcome          `json:"outcomes,omitempty"`
	Spans     []ner.PointSpan        `json:"spans,omitempty"`
	Unaligned map[ner.EntityType]int `json:"unaligned,omitempty"`
}

// Answer is one answer of a passage.
type Answer struct {
	Types        []ner.EntityType `json:"types"`
	Text         string           `json:"text"`
	Finish       ner.Finish       `json:"finish,omitempty"`
	Thinking     string           `json:"thinking,omitempty"`
	PromptTokens int              `json:"prompt_tokens,omitempty"`
	AnswerTokens int              `json:"answer_tokens,omitempty"`
}

// Scores are the counts as scores, in the order of the metrics.
func (p *Passage) Scores() []ner.Score {
	scores := make([]ner.Score, len(p.Counts))
	for i, c := range p.Counts {
		scores[i] = ner.Score{TP: c[0], NPred: c[1], NGold: c[2]}
	}
	return scores
}

// Given are the answers of a line with answers.
func (p *Passage) Given() []ner.Answer {
	given := make([]ner.Answer, len(p.Answers))
	for i, a := range p.Answers {
		given[i] = ner.Answer{Types: a.Types, Completion: ner.Completion{
			Text: a.Text, Thinking: a.Thinking, Finish: a.Finish, PromptTokens: a.PromptTokens, AnswerTokens: a.AnswerTokens,
		}}
	}
	return given
}

// Queries is the number of queries of the passage.
func (p *Passage) Queries() int { return len(p.Answers) + len(p.Outcomes) }

// check reports the first rule of the format that the line at a place breaks.
func (p *Passage) check(place int, r *Run) error {
	switch {
	case p.Index != place:
		return fmt.Errorf("passage %d: want passage %d", p.Index, place)
	case len(p.Counts) != len(r.Metrics):
		return fmt.Errorf("passage %d: counts of %d metrics, want %d", place, len(p.Counts), len(r.Metrics))
	}
	for i, s := range p.Scores() {
		if err := checkScore(s); err != nil {
			return fmt.Errorf("passage %d: metric %s: %w", place, r.Metrics[i].ID, err)
		}
	}
	var err error
	if r.Answers.Mode == WithAnswers {
		err = p.checkAnswers()
	} else {
		err = p.checkSpans()
	}
	if err != nil {
		return fmt.Errorf("passage %d: %w", place, err)
	}
	return nil
}

func (p *Passage) checkAnswers() error {
	if p.Document == "" || p.Outcomes != nil || p.Spans != nil || p.Unaligned != nil {
		return errors.New("want the id of the document and answers, without spans")
	}
	for i, a := range p.Answers {
		if !slices.Contains(ner.Finishes, a.Finish) {
			return fmt.Errorf("answer %d: finish %q: unknown", i, a.Finish)
		}
		if len(a.Types) == 0 || a.PromptTokens < 0 || a.AnswerTokens < 0 || max(a.PromptTokens, a.AnswerTokens) > maxCount {
			return fmt.Errorf("answer %d: want its types, and numbers of tokens from 0", i)
		}
	}
	return nil
}

func (p *Passage) checkSpans() error {
	if p.Document != "" || p.Answers != nil {
		return errors.New("want no id and no answers: the text of the dataset may not be shown")
	}
	for _, o := range p.Outcomes {
		if !slices.Contains(ner.Outcomes, o) {
			return fmt.Errorf("outcome %q: unknown", o)
		}
	}
	for i, s := range p.Spans {
		if s.Start < 0 || s.Start >= s.End || i > 0 && comparePoints(p.Spans[i-1], s) >= 0 {
			return fmt.Errorf("span %d: want start < end, and distinct spans in order", i)
		}
	}
	for t, n := range p.Unaligned {
		if n <= 0 || n > maxUnaligned {
			return fmt.Errorf("%d unaligned mentions of type %q: not possible", n, t)
		}
	}
	return nil
}

func comparePoints(a, b ner.PointSpan) int {
	return ner.Span(a).Compare(ner.Span(b))
}
