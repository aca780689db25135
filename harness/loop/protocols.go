package loop

import (
	"slices"
	"strings"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// protocolItems returns the items that the protocols of other systems compare in one
// document (docs/spec/metrics.md §9). given are its answers, nil for imported
// predictions.
func (r *PassageParser) protocolItems(d *ner.Document, given []ner.Answer, predictions []ner.Prediction) map[metrics.Protocol]metrics.Items {
	if len(r.protocols) == 0 {
		return nil
	}
	p := protocolInput{
		document: d, given: given, published: given != nil && r.options.Reader != "ladder",
		gold: goldMentions(d), words: documentWords(d),
	}
	for _, prediction := range predictions {
		for _, m := range prediction.Mentions {
			p.read = append(p.read, m.Mention)
		}
	}
	items := map[metrics.Protocol]metrics.Items{}
	for _, protocol := range r.protocols {
		items[protocol] = p.items(protocol)
	}
	return items
}

// protocolInput is the input for the items of one document.
type protocolInput struct {
	document  *ner.Document
	given     []ner.Answer
	published bool // answers are parsed by the published parser
	gold      []ner.Mention
	read      []ner.Mention
	words     []string
}

func (p *protocolInput) items(protocol metrics.Protocol) metrics.Items {
	switch protocol {
	case metrics.GNER:
		// The published parser returns joined tokens, other mentions are as in the
		// text. Gold must have the same form, so that a perfect answer scores 1.
		gold := p.gold
		if p.published {
			gold = goldOfTokens(p.document)
		}
		return metrics.Items{Gold: answers.GNERItems(gold), Pred: answers.GNERItems(p.predicted(p.gner))}
	case metrics.InstructUIE:
		return p.wholeStrings(answers.InstructUIEItems)
	case metrics.B2NER:
		return p.wholeStrings(answers.B2NERItems)
	case metrics.GoLLIE:
		return metrics.Items{Gold: answers.GoLLIEItems(p.gold), Pred: answers.GoLLIEItems(answers.GoLLIEFilter(p.document.Text, p.read))}
	case metrics.GoLLIEUnfiltered:
		return metrics.Items{Gold: answers.GoLLIEItems(p.gold), Pred: answers.GoLLIEItems(p.read)}
	case metrics.ReasoningNER:
		return metrics.Items{Gold: answers.ReasoningNERGold(p.gold, p.offered()), Pred: answers.ReasoningNERItems(p.predicted(p.reasoning))}
	}
	return metrics.Items{}
}

// predicted returns the typed mentions of a document: from the published parser if
// it is used, else from the ladder or the import.
func (p *protocolInput) predicted(published func(ner.Answer) []ner.Mention) []ner.Mention {
	if !p.published {
		return p.read
	}
	var found []ner.Mention
	for _, a := range p.answered() {
		found = append(found, published(a)...)
	}
	return found
}

// answered returns the answers to queries that were sent. A query that was too long
// was not sent (docs/spec/metrics.md §1.4).
func (p *protocolInput) answered() []ner.Answer {
	return slices.DeleteFunc(slices.Clone(p.given), func(a ner.Answer) bool { _, unread := a.Completion.Finish.Outcome(); return unread })
}

func (p *protocolInput) gner(a ner.Answer) []ner.Mention {
	return answers.GNEREntities(p.words, answers.PublishedGNER(a.Completion.Text, p.words, a.Types))
}

func (p *protocolInput) reasoning(a ner.Answer) []ner.Mention {
	found, _ := answers.PublishedReasoningNER(a.Completion.Text) // if the original fails, it finds nothing
	return found
}

// wholeStrings returns items of the form "type: entity".
func (p *protocolInput) wholeStrings(itemsOf func(string) []string) metrics.Items {
	typed := func(answer string) []ner.Mention {
		var out []ner.Mention
		for _, item := range itemsOf(answer) {
			t, _, _ := strings.Cut(item, ":")
			out = append(out, ner.Mention{Text: item, Type: ner.EntityType(t)})
		}
		return out
	}
	items := metrics.Items{Gold: typed(answers.InstructUIEAnswer(p.gold))}
	if !p.published {
		items.Pred = typed(answers.InstructUIEAnswer(p.read))
		return items
	}
	for _, a := range p.answered() {
		items.Pred = append(items.Pred, typed(a.Completion.Text)...)
	}
	return items
}

// offered returns the types in the queries. Imported predictions have no queries:
// then it returns the types of the gold.
func (p *protocolInput) offered() []ner.EntityType {
	var types []ner.EntityType
	for _, a := range p.given {
		types = append(types, a.Types...)
	}
	if p.given == nil {
		for _, m := range p.gold {
			types = append(types, m.Type)
		}
	}
	return types
}

// documentWords returns the tokens of a document, or without tokens its text split
// at white space.
func documentWords(d *ner.Document) []string {
	if d.Tokens == nil {
		return answers.Words(d.Text)
	}
	words := make([]string, len(d.Tokens))
	for i, t := range d.Tokens {
		words[i] = d.Text[t.Start:t.End]
	}
	return words
}

// goldMentions returns the gold strings of a document, ordered by (start, end).
func goldMentions(d *ner.Document) []ner.Mention {
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	out := make([]ner.Mention, len(spans))
	for i, s := range spans {
		out[i] = ner.Mention{Text: d.Surface(s), Type: s.Type}
	}
	return append(out, d.Mentions...)
}

// goldOfTokens returns the gold strings as GNER does: the tokens of a span joined by
// spaces (docs/spec/metrics.md §9.1, step 5). If the edges of a span are not those of
// tokens, its string is the text.
func goldOfTokens(d *ner.Document) []ner.Mention {
	out := make([]ner.Mention, len(d.Spans))
	for i, s := range d.Spans {
		out[i] = ner.Mention{Text: d.Surface(s), Type: s.Type}
		first := slices.IndexFunc(d.Tokens, func(t ner.Range) bool { return t.Start == s.Start })
		last := slices.IndexFunc(d.Tokens, func(t ner.Range) bool { return t.End == s.End })
		if first < 0 || last < first {
			continue
		}
		var words []string
		for _, t := range d.Tokens[first : last+1] {
			words = append(words, d.Text[t.Start:t.End])
		}
		out[i].Text = strings.Join(words, " ")
	}
	return append(out, d.Mentions...)
}
