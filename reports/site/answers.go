package site

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// Limits of what a chunk has of a run.
const (
	// longText is the largest length of an answer in a chunk, in bytes. The whole of a
	// longer one is in a file of its own.
	longText = 2000
	// mostTemplates limits the distinct prompts, without the texts of passages, that are
	// kept in the file of the run.
	mostTemplates  = 200
	templatesBytes = 30_000
)

// runData refers to the data files of a run.
type runData struct {
	ID       string `json:"id"`
	Model    string `json:"model"` // slug
	Name     string `json:"name"`
	Dataset  string `json:"dataset"`
	Slug     string `json:"slug"`
	Data     string `json:"data"` // file of the dataset
	Passages int    `json:"passages"`
	Complete int    `json:"complete"`
	// Missing says what an incomplete run lacks.
	Missing string    `json:"missing,omitempty"`
	Score   ner.Score `json:"score"` // of span_f1
	// Types are the counts of the metric that ranks.
	Types  map[ner.EntityType]ner.Score `json:"types,omitempty"`
	Index  string                       `json:"index"`
	Chunks []chunkRef                   `json:"chunks"`
	// Templates are prompts, cut at each occurrence of the text of the passage.
	Templates [][]string `json:"templates,omitempty"`
}

// predictedData is the prediction of a run for one passage. The passages that are not
// in the chunks have no error: the predicted spans are those of gold.
type predictedData struct {
	Passage int          `json:"p"`
	Spans   []spanData   `json:"spans"`
	Other   []otherData  `json:"unaligned,omitempty"`
	Answers []answerData `json:"answers,omitempty"`
	// Missed is the number of gold entities without a prediction, where gold is not shown.
	Missed int `json:"missed,omitempty"`
	// Outcomes are those of the queries, where answers are not shown.
	Outcomes []ner.Outcome `json:"outcomes,omitempty"`
}

// spanData is a predicted span: start and end in code points, type, and the number of
// its class in [Classes], from 1; 0: it is right.
type spanData struct {
	ner.PointSpan
	Class int `json:"class"`
}

// otherData is a prediction that is not a range of the text. Text is absent where it
// may not be shown.
type otherData struct {
	Text string         `json:"text,omitempty"`
	Type ner.EntityType `json:"type"`
}

// answerData is a raw answer.
type answerData struct {
	Types    []ner.EntityType `json:"types"`
	Outcome  ner.Outcome      `json:"outcome"`
	Text     string           `json:"text"`
	Thinking string           `json:"thinking,omitempty"`
	// Bytes is the length of the answer with its thinking, and File has both, if the
	// chunk has only their beginnings.
	Bytes int    `json:"bytes,omitempty"`
	File  string `json:"file,omitempty"`
	// Prompt is the number of its template, from 1, or Literal is the prompt.
	Prompt  int    `json:"prompt,omitempty"`
	Literal string `json:"literal,omitempty"`
}

// longAnswer is the file of a long answer.
type longAnswer struct {
	Text     string `json:"text"`
	Thinking string `json:"thinking,omitempty"`
}

// runWriter writes the data files of one run.
type runWriter struct {
	*datasetWriter
	run       *Run
	folder    string // of its data files
	index     *runIndex
	chunks    chunker
	templates [][]string
	numbers   map[string]int // of templates, from 1, by their joined pieces
	bytes     int            // of templates
}

// writeRun writes the chunks, the index and the file of a run. It may be called again.
func (w *datasetWriter) writeRun(ctx context.Context, run *Run) (*runIndex, error) {
	r := &runWriter{datasetWriter: w, run: run, folder: "runs/" + w.site.runSlugs[run.ID], index: newRunIndex(len(w.ids)), numbers: map[string]int{}}
	r.chunks.write = func(n int, c chunk) (string, error) {
		return w.site.files.Hashed(fmt.Sprintf("%s/a%03d", r.folder, n), c)
	}
	at, complete := 0, 0
	for a, err := range w.site.archive.Answers(ctx, run.ID) {
		if errors.Is(err, ErrNoPassages) { // the run is there, without answers
			break
		}
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", run.ID, err)
		}
		for at < len(w.ids) && w.ids[at] != a.Document {
			at++
		}
		if at == len(w.ids) {
			return nil, fmt.Errorf("run %s: document %q is not in dataset %s, or not in this place", run.ID, a.Document, w.dataset.ID)
		}
		if err := r.add(at, &a); err != nil {
			return nil, err
		}
		at++
		complete++
	}
	if err := r.chunks.flush(); err != nil {
		return nil, err
	}
	index, err := w.site.files.Hashed(r.folder+"/index", r.index.file())
	if err != nil {
		return nil, err
	}
	return r.index, w.site.files.Fixed(r.folder+"/answers", runData{
		ID: run.ID, Slug: w.site.runSlugs[run.ID], Model: run.Model, Name: w.site.runLabel(run), Dataset: run.Dataset, Data: fixedData(w.folder + "/passages"),
		Passages: len(w.ids), Complete: complete, Missing: run.Missing, Score: r.index.score(), Types: w.site.typeScores(run),
		Index: index, Chunks: r.chunks.refs, Templates: r.templates,
	})
}

// score is the sum over the passages.
func (x *runIndex) score() ner.Score {
	var sum ner.Score
	for _, p := range x.passages {
		sum = sum.Add(ner.Score{TP: p.tp, NPred: p.tp + p.fp, NGold: p.tp + p.fn})
	}
	return sum
}

// add adds the prediction for the passage with number p.
func (r *runWriter) add(p int, a *Answered) error {
	points := ner.NewCodePoints(a.Text)
	at := r.index.add(p, a, points, r.dataset.Text)
	if r.site.mode == NoAnswers || r.site.mode == ErrorAnswers && !at.wrong() && !r.drawn[p] {
		return nil
	}
	at.answers = true
	out := predictedData{Passage: p, Spans: []spanData{}}
	for _, s := range a.Spans {
		if ner.ValidSpan(a.Text, s) {
			out.Spans = append(out.Spans, spanData{pointSpan(s, points), a.class(s)})
		} else {
			out.Other = append(out.Other, r.other(ner.Mention{Text: outside(s), Type: s.Type}, a.WithoutText))
		}
	}
	for _, m := range a.Unaligned {
		out.Other = append(out.Other, r.other(m, a.WithoutText))
	}
	if !r.dataset.Text {
		for _, e := range a.Errors {
			if e.Class == Missed {
				out.Missed++
			}
		}
	}
	if !r.dataset.Text || a.WithoutText {
		for _, answer := range a.Answers {
			out.Outcomes = append(out.Outcomes, answer.Outcome)
		}
	} else {
		for i := range a.Answers {
			answer, err := r.answer(p, i, a)
			if err != nil {
				return err
			}
			out.Answers = append(out.Answers, answer)
		}
	}
	return r.chunks.add(p, out)
}

// class is the number of the class of a predicted span, from 1; 0: it is right.
func (a *Answered) class(s ner.Span) int {
	for _, e := range a.Errors {
		if !e.Unaligned && e.Class != Missed && e.Predicted == s {
			return slices.Index(Classes, e.Class) + 1
		}
	}
	return 0
}

func (r *runWriter) other(m ner.Mention, withoutText bool) otherData {
	if !r.dataset.Text || withoutText {
		m.Text = ""
	}
	return otherData(m)
}

// answer returns the data of answer i of the passage with number p.
func (r *runWriter) answer(p, i int, a *Answered) (answerData, error) {
	from := &a.Answers[i]
	out := answerData{Types: from.Types, Outcome: from.Outcome, Text: from.Text, Thinking: from.Thinking}
	out.Prompt, out.Literal = r.prompt(from.Prompt, a.Text)
	if len(from.Text) <= longText && len(from.Thinking) <= longText {
		return out, nil
	}
	out.Text, out.Thinking, out.Bytes = beginning(from.Text), beginning(from.Thinking), len(from.Text)+len(from.Thinking)
	var err error
	out.File, err = r.site.files.Hashed(fmt.Sprintf("%s/x%d-%d", r.folder, p, i), longAnswer{from.Text, from.Thinking})
	return out, err
}

// beginning cuts a long text between two code points.
func beginning(text string) string {
	if len(text) <= longText {
		return text
	}
	end := longText
	for end > longText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// prompt returns the number of the template of a prompt, from 1, or the prompt itself
// if there are many templates.
func (r *runWriter) prompt(prompt, text string) (template int, literal string) {
	if prompt == "" {
		return 0, ""
	}
	pieces := []string{prompt}
	if text != "" {
		pieces = strings.Split(prompt, text)
	}
	joined := strings.Join(pieces, "\x00")
	if n := r.numbers[joined]; n > 0 {
		return n, ""
	}
	if len(r.templates) == mostTemplates || r.bytes+len(joined) > templatesBytes {
		return 0, prompt
	}
	r.templates = append(r.templates, pieces)
	r.numbers[joined], r.bytes = len(r.templates), r.bytes+len(joined)
	return len(r.templates), ""
}
