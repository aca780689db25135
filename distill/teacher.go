package distill

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"nerbench/internal/fault"
	"nerbench/internal/jsonl"
	"nerbench/ner"
)

// Variants are those of the teacher's prompt (docs/spec/prompts.md §6.1): a name for each
// type, or a sentence that defines it.
var Variants = []string{"type", "definition"}

// The prompt of the teacher (docs/spec/prompts.md §6.1).
const (
	teacherSystem = "You are a helpful information extraction system."
	teacherTask   = `Given a passage, your task is to extract all entities and %s. The output should be in a list of tuples of the following format: [("entity 1", "type of entity 1"), ... ].`
	askType       = "identify their entity types"
	askDefinition = "concepts, and define their type using a short sentence"
	passageMark   = "Passage: "
	entitiesMark  = "Entities:" // of a base model
)

// MaxTokens is the usual limit of an answer of the teacher.
const MaxTokens = 1024

// Demonstration is a passage with its entities, for a base model as the teacher.
type Demonstration struct {
	Text     string   `json:"text"`
	Entities []Entity `json:"entities"`
}

// Asking writes the prompts of a teacher. The zero value is not ready: see [NewAsking].
type Asking struct {
	task  string
	shown string // the demonstrations; empty: a chat
	shots int
	sum   string // of the file of demonstrations
}

// NewAsking returns the prompts of a variant as a chat.
func NewAsking(variant string) (*Asking, error) {
	switch variant {
	case "type":
		return &Asking{task: fmt.Sprintf(teacherTask, askType)}, nil
	case "definition":
		return &Asking{task: fmt.Sprintf(teacherTask, askDefinition)}, nil
	}
	return nil, fault.Usagef("distill construct: variant %q: unknown%s", variant, ner.Choices(variant, Variants))
}

// Demonstrate makes the prompts texts to be completed, for a base model. The file has a
// [Demonstration] a line; kept.jsonl is such a file.
func (a *Asking) Demonstrate(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("demonstrations: %w", err)
	}
	var b strings.Builder
	err = jsonl.Read(bytes.NewReader(content), func(_ int, line []byte) error {
		var d Demonstration
		if err := json.Unmarshal(line, &d); err != nil {
			return fmt.Errorf(`want {"text": "...", "entities": [{"text": "...", "type": "..."}]}: %w`, err)
		}
		if err := d.check(); err != nil {
			return err
		}
		a.shots++
		fmt.Fprintf(&b, "%s%s\n%s %s\n\n", passageMark, d.Text, entitiesMark, tuples(d.Entities))
		return nil
	})
	if err == nil && a.shots == 0 {
		err = errors.New("it has no demonstration")
	}
	if err != nil {
		return fmt.Errorf("demonstrations: %s: %w", file, err)
	}
	sum := sha256.Sum256(content)
	a.shown, a.sum = b.String(), hex.EncodeToString(sum[:])
	return nil
}

// check reports what would teach the model a wrong form.
func (d *Demonstration) check() error {
	if strings.TrimFunc(d.Text, ner.IsSpace) == "" {
		return errors.New("it has no text")
	}
	if d.Entities == nil {
		return errors.New(`it has no field entities: want "entities": [] for a text without them`)
	}
	for _, e := range d.Entities {
		switch {
		case e.Text == "" || e.Type == "":
			return errors.New("an entity without text or type")
		case !strings.Contains(d.Text, e.Text):
			return fmt.Errorf("the entity %q does not occur in the text", e.Text)
		}
	}
	return nil
}

// tuples writes entities in the form of the prompt.
func tuples(entities []Entity) string {
	var parts []string
	for _, e := range entities {
		pair := ner.JSONList([]string{e.Text, e.Type}, ", ")
		parts = append(parts, "("+pair[1:len(pair)-1]+")")
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// Prompt is the prompt about a text, without limits of the answer but the stop strings.
func (a *Asking) Prompt(text string) ner.Prompt {
	if a.shown == "" {
		return ner.Prompt{Messages: []ner.Message{
			{Role: "system", Content: teacherSystem},
			{Role: "user", Content: a.task + "\n\n" + passageMark + text},
		}}
	}
	return ner.Prompt{
		Text: a.task + "\n\n" + a.shown + passageMark + text + "\n" + entitiesMark,
		Stop: []string{"\n\n", "\n" + strings.TrimSpace(passageMark)},
	}
}

// Keys are the keys of a run with these prompts, but for the variant.
func (a *Asking) Keys() map[string]string {
	p, h := a.Prompt(""), sha256.New()
	for _, m := range p.Messages {
		fmt.Fprintf(h, "%s\n%s\n", m.Role, m.Content)
	}
	fmt.Fprintf(h, "%s", p.Text)
	keys := map[string]string{"family": "distill", "family_hash": ner.ShortHash(h)}
	if a.shots > 0 {
		keys["shots"] = fmt.Sprint(a.shots)
	}
	return keys
}

// Demonstrations is the checksum of the file of demonstrations; empty: there is none.
func (a *Asking) Demonstrations() string { return a.sum }

// stops adds stop strings to those of a prompt.
func stops(p *ner.Prompt, more []string) {
	for _, s := range more {
		if !slices.Contains(p.Stop, s) {
			p.Stop = append(p.Stop, s)
		}
	}
}

// Query is the query about a passage, whose answer has at most maxTokens tokens, and ends at
// one of further stop strings.
func (a *Asking) Query(d *ner.Document, maxTokens int, stop []string) ner.Query {
	p := a.Prompt(d.Text)
	p.MaxTokens = maxTokens
	stops(&p, stop)
	return ner.Query{Document: d, Prompt: p}
}
