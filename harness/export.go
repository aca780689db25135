package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/internal/jsonl"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
)

// exports lists the forms of an export, the default first.
var exports = []struct {
	name  string
	write func(*Bench, context.Context, *results.Store, results.RunInfo, *jsonl.Writer) error
}{
	{"predictions", (*Bench).exportPredictions},
	{"answers", (*Bench).exportAnswers},
	{"prompts", (*Bench).exportPrompts},
}

// ExportNames lists the contents that [Bench.Export] can write, the default first.
func ExportNames() []string {
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.name
	}
	return names
}

// Export writes a run as JSON Lines, one passage or query in each line; what is one
// of [ExportNames]. Offsets count code points. Incomplete passages are not written;
// the error is then a [PartialError].
func (b *Bench) Export(ctx context.Context, w io.Writer, name, what string) error {
	for _, e := range exports {
		if e.name != what {
			continue
		}
		store, err := b.ReadStore(ctx)
		if err != nil {
			return err
		}
		defer store.Close()
		run, err := store.Find(ctx, name)
		if err != nil {
			return err
		}
		out := jsonl.NewWriter(w)
		if err := e.write(b, ctx, store, run, out); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if what != "prompts" && run.Complete < run.Passages {
			return &fault.PartialError{Err: fmt.Errorf("run %s: %d of %d passages are complete and exported", run.ID, run.Complete, run.Passages)}
		}
		return nil
	}
	return fault.Usagef("runs export: --what %s: unknown%s", what, ner.Choices(what, ExportNames()))
}

// AnswersLine is one line of the export of answers: a passage with its raw answers.
type AnswersLine struct {
	ID      string       `json:"id"`
	Answers []AnswerLine `json:"answers"`
}

// AnswerLine is one raw answer of a passage.
type AnswerLine struct {
	Types    []ner.EntityType `json:"types"`
	Text     string           `json:"text"`
	Finish   ner.Finish       `json:"finish"`
	Thinking string           `json:"thinking,omitempty"`
	// The numbers of tokens are null if the server does not tell them.
	PromptTokens *int `json:"prompt_tokens"`
	AnswerTokens *int `json:"answer_tokens"`
}

// newAnswerLine copies an answer. A prompt has a token at least, so that 0 is unknown.
func newAnswerLine(a ner.Answer) AnswerLine {
	c := a.Completion
	line := AnswerLine{Types: a.Types, Text: c.Text, Finish: c.Finish, Thinking: c.Thinking}
	if c.PromptTokens > 0 {
		line.PromptTokens, line.AnswerTokens = &c.PromptTokens, &c.AnswerTokens
	}
	return line
}

func (b *Bench) exportAnswers(ctx context.Context, store *results.Store, run results.RunInfo, w *jsonl.Writer) error {
	for p, err := range store.Passages(ctx, run.ID) {
		if err != nil {
			return err
		}
		line := AnswersLine{ID: p.Document, Answers: make([]AnswerLine, len(p.Answers))}
		for i, a := range p.Answers {
			line.Answers[i] = newAnswerLine(a)
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// predictionLine is a passage with its predictions: spans in code points, and the
// mentions that were not found in the text.
type predictionLine struct {
	ID        string          `json:"id"`
	Spans     []ner.PointSpan `json:"spans"`
	Unaligned []unplacedSpan  `json:"unaligned,omitempty"`
}

type unplacedSpan struct {
	Text string         `json:"text"`
	Type ner.EntityType `json:"type"`
}

func newPredictionLine(d *ner.Document, u loop.ParsedPassage) predictionLine {
	line := predictionLine{ID: d.ID, Spans: ner.NewCodePoints(d.Text).Spans(u.Passage.Pred)}
	for _, m := range u.Passage.Unaligned {
		line.Unaligned = append(line.Unaligned, unplacedSpan(m))
	}
	return line
}

func (b *Bench) exportPredictions(ctx context.Context, store *results.Store, run results.RunInfo, w *jsonl.Writer) error {
	plan, err := b.ScorePlan(ctx, store, run.ID)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	plan.Observe = func(_ ner.Passage, d *ner.Document, u loop.ParsedPassage) {
		if err := w.Write(newPredictionLine(d, u)); err != nil {
			stop(err)
		}
	}
	_, err = loop.Score(ctx, plan)
	return err
}

func (b *Bench) exportPrompts(ctx context.Context, store *results.Store, run results.RunInfo, w *jsonl.Writer) error {
	plan, err := b.ScorePlan(ctx, store, run.ID)
	if err != nil {
		return err
	}
	dataset, err := b.FindDataset(run.Keys["dataset"])
	if err != nil {
		return err
	}
	asked, err := ner.PlanOf(run.Keys)
	if err != nil {
		return err
	}
	renderer, err := b.Renderer(ctx, asked, dataset)
	if err != nil {
		return err
	}
	return writeQueries(w, renderer, plan.Documents, 0)
}

// WriteQueries writes the queries of documents as JSON Lines. limit is the number of
// documents; 0: all of them.
func WriteQueries(w io.Writer, r *prompts.Renderer, docs iter.Seq2[*ner.Document, error], limit int) error {
	out := jsonl.NewWriter(w)
	return errors.Join(writeQueries(out, r, docs, limit), out.Flush())
}

func writeQueries(w *jsonl.Writer, r *prompts.Renderer, docs iter.Seq2[*ner.Document, error], limit int) error {
	n := 0
	for d, err := range docs {
		if err != nil {
			return err
		}
		if limit > 0 && n >= limit {
			break
		}
		n++
		queries, err := r.Queries(d)
		if err != nil {
			return err
		}
		for i := range queries {
			if err := w.Write(newQueryLine(&queries[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// queryLine is one query exactly as it is sent.
type queryLine struct {
	Document  string           `json:"document"`
	Types     []ner.EntityType `json:"types"`
	Shape     string           `json:"shape"`
	Prompt    string           `json:"prompt,omitempty"`
	Messages  []ner.Message    `json:"messages,omitempty"`
	Stop      []string         `json:"stop"`
	MaxTokens int              `json:"max_tokens"`
	Schema    json.RawMessage  `json:"schema,omitempty"`
}

func newQueryLine(q *ner.Query) queryLine {
	line := queryLine{
		Document: q.Document.ID, Types: q.Types, Shape: "completion", Prompt: q.Prompt.Text, Messages: q.Prompt.Messages,
		Stop: q.Prompt.Stop, MaxTokens: q.Prompt.MaxTokens, Schema: q.Prompt.Schema,
	}
	if q.Prompt.Chat() {
		line.Shape = "chat"
	}
	if line.Stop == nil {
		line.Stop = []string{}
	}
	return line
}
