package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

// probeTexts are texts that tokenizers split differently: empty lines, blanks, digits,
// typographic signs, other scripts, control strings.
var probeTexts = []string{
	"one two", "one\ntwo", "one\n\ntwo", "one\n\n\ntwo\n", "  indented\ttext  ", "12345 3.14 1,000",
	"“quoted” – it’s naïve…", "東京 и Москва", "🚀👩‍🔬", "[\"a\", {\"b\": 1}]", "don't can't I'll", "HELLO WorldWide",
}

// checkTokens compares how the server of a model splits texts with the vocabulary of the
// model's file: of the reference if the user names one, else the file of the server if it
// can be read here. The same weights give other answers to other tokens.
func (p *probe) checkTokens(ctx context.Context, first []passageQueries) (verdict string, same bool, err error) {
	file := strings.TrimPrefix(p.request.Reference, "gguf/")
	if file == "" {
		if file = p.model.File; file == "" {
			return "", true, nil // no model of a server, or the server does not report its file
		}
		f, err := os.Open(file)
		if err != nil {
			return "unchecked: the model file of the server cannot be read here (--reference gguf/FILE names a copy)", true, nil
		}
		f.Close()
	}
	vocabulary, err := open.OpenVocabulary(file, p.request.Local.Library, p.bench.Getenv)
	if err != nil {
		if p.request.Reference != "" {
			return "", false, err
		}
		return fmt.Sprintf("unchecked: %v", err), true, nil
	}
	defer vocabulary.Close()
	return p.compareTokens(ctx, first, vocabulary.Count)
}

// compareTokens sends texts and counts those whose number of tokens differs.
func (p *probe) compareTokens(ctx context.Context, first []passageQueries, count func(*ner.Prompt) (int, error)) (verdict string, same bool, err error) {
	var queries []ner.Query
	for _, text := range probeTexts {
		queries = append(queries, ner.Query{Prompt: ner.Prompt{Text: text, MaxTokens: 1}})
	}
	for _, a := range first {
		for _, q := range a.queries {
			if q.Prompt.Chat() { // the template of the server may differ from that of the file
				continue
			}
			q.Prompt.MaxTokens, q.Prompt.Schema = 1, nil
			queries = append(queries, q)
		}
	}
	limited, cancel := context.WithTimeoutCause(ctx, p.request.TimeLimit, errCheckTime)
	defer cancel()
	got, err := p.complete(limited, queries)
	switch {
	case err != nil && ctx.Err() == nil && context.Cause(limited) == errCheckTime:
		return "unchecked: no answers within " + p.request.TimeLimit.String(), true, nil
	case errors.Is(err, runners.ErrFatal) && !errors.Is(err, runners.ErrTemporary): // a server of chats only
		return fmt.Sprintf("unchecked: %v", err), true, nil
	case err != nil:
		return "", false, fmt.Errorf("tokenisation: %w", err)
	}
	compared, differ, example := 0, 0, ""
	for i := range got {
		server := got[i].PromptTokens
		if server == 0 {
			continue
		}
		own, err := count(&queries[i].Prompt)
		if err != nil {
			return "", false, err
		}
		compared++
		if server == own {
			continue
		}
		if differ++; example == "" {
			example = fmt.Sprintf("%s has %d tokens by the model file, %d on the server", shortened(queries[i].Prompt.Text), own, server)
		}
	}
	switch {
	case compared == 0:
		return "unchecked: the server does not report the tokens of completion prompts", true, nil
	case differ > 0:
		return fmt.Sprintf("differs from the model file in %d of %d texts: %s", differ, compared, example), false, nil
	}
	return fmt.Sprintf("the same as by the model file (%d texts)", compared), true, nil
}

// shortened is the beginning of a text on one line.
func shortened(text string) string {
	const most = 40
	more := ""
	if runes := []rune(text); len(runes) > most {
		text, more = string(runes[:most]), " …"
	}
	return "“" + strings.NewReplacer("\n", "⏎", "\t", "⇥").Replace(text) + "”" + more
}

// checkReference checks the form of the reference.
func checkReference(reference string) error {
	if reference == "" || strings.HasPrefix(reference, "gguf/") && len(reference) > len("gguf/") {
		return nil
	}
	return fault.Usagef("check: reference %q: want gguf/FILE, the file of the model", reference)
}
