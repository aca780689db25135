package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/prompts"
)

// Renderer prepares the prompts of a dataset. It reads the train split if the prompts
// have demonstrations, or if the query set depends on frequencies.
func (b *Bench) Renderer(ctx context.Context, p ner.Plan, dataset *datasets.Dataset) (*prompts.Renderer, error) {
	if p.Imported != "" {
		return nil, errors.New("the predictions were imported: their prompts are unknown")
	}
	settings := PromptSettings(p, dataset)
	var err error
	pr := PromptDataset(dataset)
	if settings.Own, err = b.OwnFamilies(settings.Family); err != nil {
		return nil, err
	}
	if err := b.Describe(&pr); err != nil {
		return nil, err
	}
	shots := settings.Shots != "" && settings.Shots != "0"
	if byFrequency := strings.HasSuffix(settings.Queries, ":frequency"); shots || byFrequency {
		docs, err := b.Documents(ctx, dataset, selectionOf(p).train(datasets.NativeGold))
		if err != nil {
			return nil, fmt.Errorf("demonstrations and frequencies need the train split: %w", err)
		}
		pr.Frequency = map[ner.EntityType]int{}
		for d, err := range docs {
			if err != nil {
				return nil, err
			}
			for _, s := range d.Spans {
				pr.Frequency[s.Type]++
			}
			if shots {
				pr.Train = append(pr.Train, d)
			}
		}
	}
	r, err := prompts.New(pr, settings)
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	return r, nil
}

// DocumentsRequest describes documents that are of no dataset.
type DocumentsRequest struct {
	Name  string // of the dataset in the prompts
	Types []answers.TypeName
	Train []*ner.Document // to choose demonstrations from
}

// DocumentsRenderer prepares the prompts of documents that are of no dataset. Their
// dataset has the id "documents".
func (b *Bench) DocumentsRenderer(p ner.Plan, r DocumentsRequest) (*prompts.Renderer, error) {
	settings := PromptSettings(p, &datasets.Dataset{Title: r.Name})
	var err error
	if settings.Own, err = b.OwnFamilies(settings.Family); err != nil {
		return nil, err
	}
	dataset := prompts.Dataset{ID: "documents", Train: r.Train}
	for _, t := range r.Types {
		dataset.Types = append(dataset.Types, prompts.TypeInfo{Name: t.Natural, Native: string(t.Natural)})
	}
	if err := b.Describe(&dataset); err != nil {
		return nil, err
	}
	renderer, err := prompts.New(dataset, settings)
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	return renderer, nil
}

// longestPrompt renders the prompts of a text of that many bytes. It returns the
// size of the longest prompt in bytes, the largest limit of an answer in tokens, and
// one of the prompts.
func longestPrompt(r *prompts.Renderer, bytes int) (size, answer int, example ner.Prompt, err error) {
	text := strings.Repeat("x", bytes)
	d := &ner.Document{Text: text}
	queries, err := r.AllQueries(d)
	if err != nil {
		return 0, 0, example, err
	}
	for i := range queries {
		size = max(size, queries[i].Prompt.Size())
		answer = max(answer, queries[i].Prompt.MaxTokens)
		example = queries[i].Prompt
	}
	return size, answer, example, nil
}
