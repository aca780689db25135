package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// AllCards returns the embedded model cards, then the user's own. The error joins
// those of invalid cards; the list has all others.
func (b *Bench) AllCards() ([]cards.Card, error) {
	list, faults, err := b.readCards()
	if err != nil {
		return nil, err
	}
	return list, joined(faults)
}

// readCards reads all cards; faults are the errors of invalid ones by name.
func (b *Bench) readCards() (list []cards.Card, faults map[string]error, err error) {
	if list, err = cards.Embedded(); err != nil || b.Cards == "" {
		return list, nil, err
	}
	if err := checkFolder("models", b.Cards); err != nil {
		return nil, nil, err
	}
	folder, err := cards.ReadFolder(os.DirFS(b.Cards))
	if err != nil {
		return nil, nil, fmt.Errorf("model cards in %s: %w", b.Cards, err)
	}
	faults = map[string]error{}
	for name, err := range folder.Faults {
		faults[name] = fmt.Errorf("model cards in %s:\n%w", b.Cards, err)
	}
	for _, c := range folder.Items {
		_, taken := cards.Find(list, c.Name)
		if taken == nil {
			err = errors.New("a card of that name exists")
		} else {
			err = b.lintCard(&c)
		}
		if err != nil {
			faults[c.Name] = fmt.Errorf("model cards in %s: %s: %w", b.Cards, c.Name, err)
			continue
		}
		for _, kind := range []string{"gguf/", "onnx/"} {
			if file, ok := strings.CutPrefix(c.Model, kind); ok && !filepath.IsAbs(file) {
				c.Model = kind + filepath.Join(b.Cards, file)
			}
		}
		if open.WeightsInFile(c.Weights) && !filepath.IsAbs(c.Weights) {
			c.Weights = filepath.Join(b.Cards, c.Weights)
		}
		list = append(list, c)
	}
	return list, faults, nil
}

// lintCard checks that the prompt family, the kind of model and the datasets of a
// card exist. A misspelt training dataset would otherwise count as unseen.
func (b *Bench) lintCard(c *cards.Card) error {
	v, err := b.variant(c.Family, c.Variant)
	if err != nil {
		return err
	}
	if v.Shape == "chat" && c.Shape != "chat" {
		return fmt.Errorf("shape: variant %s of family %s is a chat and cannot be sent as a %s", v.Name, c.Family, c.Shape)
	}
	if c.Model != "" {
		if err := open.Check(c.Model); err != nil {
			return fmt.Errorf("model: %v", err) // not a usage error: the card is invalid
		}
	}
	if err := open.CheckWeights(c.Weights); err != nil {
		return fmt.Errorf("%v", err) // no usage error, either
	}
	ds, err := b.usableDatasets()
	if err != nil {
		return err
	}
	var faults []error
	for _, id := range c.Training {
		if strings.HasPrefix(id, SamplePrefix) {
			_, err = b.FindDataset(id)
		} else {
			_, err = datasets.Find(ds, id)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("training: %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

// variant finds a variant of an embedded prompt family or one of the user's own.
func (b *Bench) variant(family, name string) (prompts.Variant, error) {
	own, err := b.OwnFamilies(family)
	if err != nil {
		return prompts.Variant{}, err
	}
	f, err := prompts.Find(family, own...)
	if err != nil {
		return prompts.Variant{}, err
	}
	return f.Named(name)
}

// FindCard finds a card by its name. If the card is invalid, its error is returned.
func (b *Bench) FindCard(name string) (*cards.Card, error) {
	list, faults, err := b.readCards()
	if err != nil {
		return nil, err
	}
	card, err := cards.Find(list, name)
	switch {
	case err != nil && faults[name] != nil:
		return nil, faults[name]
	case err != nil:
		return nil, fault.Usagef("%v", err)
	}
	return &card, nil
}

// takeCard completes a request from a card: the settings that the request leaves
// open, and the model if its name is that of a card. The card is nil if none is used.
func (b *Bench) takeCard(r *Request) (*cards.Card, error) {
	named := r.Card
	if named == "" {
		if open.Check(r.Plan.Model) == nil {
			return nil, nil
		}
		list, faults, err := b.readCards()
		if err != nil {
			return nil, err
		}
		if _, err := cards.Find(list, r.Plan.Model); err != nil && faults[r.Plan.Model] == nil {
			return nil, unknownModel(r.Plan.Model, list)
		}
		named = r.Plan.Model
	}
	card, err := b.FindCard(named)
	if err != nil {
		return nil, err
	}
	if r.Plan.Model == named {
		if r.Plan.Model = card.Model; card.Model == "" {
			return nil, &Hint{
				Err:    fault.Usagef("model card %s: it describes how to ask %s, but names no server", card.Name, card.Title),
				Advice: fmt.Sprintf("name its server: -m ollama/NAME --card %s, or vllm/NAME, gguf/FILE", card.Name),
			}
		}
	}
	if r.Local.Command == "" {
		r.Local.Command = card.Command
	}
	return card, b.askAsCard(&r.Plan, card)
}

// unknownModel is the error for a name that is neither of a kind of models nor of a
// card.
func unknownModel(name string, list []cards.Card) error {
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	if similar := ner.DidYouMean(name, names); similar != "" {
		return fault.Usagef("model %q: unknown%s", name, similar)
	}
	return open.Check(name)
}

// askAsCard sets the keys of a plan that are open from a card.
func (b *Bench) askAsCard(p *ner.Plan, card *cards.Card) error {
	if p.Family == "" {
		p.Family = card.Family
		if p.Variant == "" {
			p.Variant = card.Variant
		}
		v, err := b.variant(p.Family, p.Variant)
		if err != nil {
			return err
		}
		if card.Shape == "chat" && v.Shape != "chat" {
			p.As = "chat"
		}
	}
	if card.Think && p.Think == "" {
		p.Think = "on"
	}
	if p.Stop == nil && len(card.Stop) > 0 {
		p.Stop = card.Stop
	}
	return nil
}

// cardFacts returns the metadata that a card adds to a run.
func cardFacts(card *cards.Card, dataset string) map[string]string {
	if card == nil {
		return nil
	}
	facts := map[string]string{"card": card.Name, "seen": card.Saw(dataset)}
	if len(card.ThinkingMarks) > 0 {
		marks, _ := json.Marshal(card.ThinkingMarks) // strings
		facts["thinking_marks"] = string(marks)
	}
	return facts
}

// thinkingMarks returns the marks around the thinking in the answers of a run, beside
// those that are known for all models.
func thinkingMarks(facts map[string]string) ([]answers.ThinkingMark, error) {
	if facts["thinking_marks"] == "" {
		return nil, nil
	}
	var marks []string
	if err := json.Unmarshal([]byte(facts["thinking_marks"]), &marks); err != nil {
		return nil, fmt.Errorf("thinking_marks: %w", err)
	}
	mark, err := answers.ParseThinkingMark(marks)
	if err != nil {
		return nil, err
	}
	return []answers.ThinkingMark{mark}, nil
}
