package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/internal/jsonl"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
)

// exports lists what of a run can be exported, the default first.
var exports = []struct {
	name  string
	write func(*environment, context.Context, *results.Store, results.RunInfo, *jsonl.Writer) error
}{
	{"predictions", (*environment).exportPredictions},
	{"answers", (*environment).exportAnswers},
	{"prompts", (*environment).exportPrompts},
}

func exportNames() []string {
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.name
	}
	return names
}

func (env *environment) exportRun(ctx context.Context, name, what string) error {
	for _, e := range exports {
		if e.name != what {
			continue
		}
		store, err := env.openStoreReadOnly(ctx)
		if err != nil {
			return err
		}
		defer store.Close()
		run, err := store.Find(ctx, name)
		if err != nil {
			return err
		}
		out := jsonl.NewWriter(env.stdout)
		if err := e.write(env, ctx, store, run, out); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if what != "prompts" && run.Complete < run.Passages {
			return &fault.PartialError{Err: fmt.Errorf("run %s: %d of %d passages are complete, the others are not exported", run.ID, run.Complete, run.Passages)}
		}
		return nil
	}
	return fault.Usagef("runs export: --what %s: unknown (one of %s)", what, strings.Join(exportNames(), ", "))
}

// answersLine is a passage with its raw answers.
type answersLine struct {
	ID      string       `json:"id"`
	Answers []answerLine `json:"answers"`
}

type answerLine struct {
	Types        []ner.EntityType `json:"types"`
	Text         string           `json:"text"`
	Finish       ner.Finish       `json:"finish"`
	Thinking     string           `json:"thinking,omitempty"`
	PromptTokens int              `json:"prompt_tokens"`
	AnswerTokens int              `json:"answer_tokens"`
}

func (env *environment) exportAnswers(ctx context.Context, store *results.Store, run results.RunInfo, w *jsonl.Writer) error {
	for p, err := range store.Passages(ctx, run.ID) {
		if err != nil {
			return err
		}
		line := answersLine{ID: p.Document, Answers: make([]answerLine, len(p.Answers))}
		for i, a := range p.Answers {
			c := a.Completion
			line.Answers[i] = answerLine{a.Types, c.Text, c.Finish, c.Thinking, c.PromptTokens, c.AnswerTokens}
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// predictionLine is a passage with what was understood: places in code points,
// and the mentions that have none.
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

func (env *environment) exportPredictions(ctx context.Context, store *results.Store, run results.RunInfo, w *jsonl.Writer) error {
	plan, err := env.scorePlan(ctx, store, run.ID)
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

func (env *environment) exportPrompts(ctx context.Context, store *results.Store, run results.RunInfo, w *jsonl.Writer) error {
	plan, err := env.scorePlan(ctx, store, run.ID)
	if err != nil {
		return err
	}
	dataset, err := env.findDataset(run.Keys["dataset"])
	if err != nil {
		return err
	}
	renderer, err := env.renderer(ctx, run.Keys, dataset)
	if err != nil {
		return err
	}
	return writeQueries(w, renderer, plan.Documents, 0)
}

// writeQueries writes the queries of documents, one a line, of the first ones or
// (limit 0) of all.
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

// queryLine is one query, byte for byte as it was sent.
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
