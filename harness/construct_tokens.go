package harness

import (
	"context"
	"path/filepath"
	"strings"
	"sync/atomic"

	"nerbench/distill"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/open"
)

const ggufTokens = "gguf:"

// checkTokens checks the name of a tokenizer.
func checkTokens(name string) error {
	file, gguf := strings.CutPrefix(name, ggufTokens)
	if name == "words" || name == "server" || gguf && file != "" {
		return nil
	}
	return fault.Usagef("--tokens %s: want words, server, or gguf:FILE", name)
}

// tokensName is the name of a tokenizer without the folders of its file.
func tokensName(name string) string {
	if file, gguf := strings.CutPrefix(name, ggufTokens); gguf {
		return ggufTokens + filepath.Base(file)
	}
	return name
}

// counter opens the tokenizer; nil: words are counted. remote: it counts by requests to a
// server, which can count several texts at once.
func (c *construction) counter(ctx context.Context) (count distill.Counter, remote bool, end func(), err error) {
	file, gguf := strings.CutPrefix(c.Tokens, ggufTokens)
	if c.Tokens == "server" {
		file, gguf = strings.CutPrefix(c.Ask.Plan.Model, "gguf/") // in the process: the tokenizer of its file
	}
	switch {
	case gguf:
		count, end, err = c.fileCounter(ctx, file)
		return count, false, end, err
	case c.Tokens == "server":
		count, end, err = c.serverCounter(ctx)
		return count, true, end, err
	}
	return nil, false, func() {}, nil
}

// fileCounter counts by the tokenizer of a model file.
func (c *construction) fileCounter(ctx context.Context, file string) (distill.Counter, func(), error) {
	count, digest, end, err := c.bench.fileCounter(ctx, file, c.Ask.Local.Library)
	c.corpus.Passages.Tokenizer = digest
	return count, end, err
}

// fileCounter counts by the tokenizer of a model file, which has a digest. end closes it.
func (b *Bench) fileCounter(ctx context.Context, file, library string) (count distill.Counter, digest string, end func(), err error) {
	v, err := open.OpenVocabulary(file, library, b.Getenv)
	if err != nil {
		return nil, "", nil, err
	}
	added, err := v.Count(&ner.Prompt{Text: ""}) // the beginning of a text
	if err == nil {
		digest, err = open.FileDigest(ctx, "gguf/"+file)
	}
	if err != nil {
		v.Close()
		return nil, "", nil, err
	}
	return func(text string) (int, error) {
		n, err := v.Count(&ner.Prompt{Text: text})
		return n - added, err
	}, digest, v.Close, nil
}

// wordBytes is the number of bytes for which a token of a passage has room in the context,
// if a server counts them.
const wordBytes = 16

// serverCounter counts by the tokenizer of the teacher's server. If it has no API for its
// tokenizer, each count is a query with an answer of one token.
func (c *construction) serverCounter(ctx context.Context) (distill.Counter, func(), error) {
	spec := c.bench.spec(c.Ask, c.card, constructing)
	query := func(text string) []ner.Query {
		p := ner.Prompt{Text: text, MaxTokens: 1}
		if c.Demonstrations == "" {
			p = ner.Prompt{Messages: []ner.Message{{Role: "user", Content: text}}, MaxTokens: 1}
		}
		return []ner.Query{{Document: &ner.Document{Text: text}, Prompt: p}}
	}
	spec.Longest, spec.LongestAnswer, spec.Example = c.Chunk*wordBytes, 1, query("x")[0].Prompt
	m, err := open.Open(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	var asked atomic.Int64
	count := func(text string) (int, error) {
		asked.Add(1)
		if m.Count != nil {
			return m.Count(ctx, text)
		}
		got, err := m.Runner.Complete(ctx, query(text))
		switch {
		case err != nil:
			return 0, err
		case got[0].Finish == ner.FinishTooLong:
			return c.Chunk + 1<<20, nil
		case got[0].PromptTokens == 0:
			return 0, fault.Usagef("--tokens server: the server of %s does not report the number of tokens: want words, or gguf:FILE", c.Ask.Plan.Model)
		}
		return got[0].PromptTokens, nil
	}
	one, err := count("x") // with what the template adds
	if err != nil {
		m.Close()
		return nil, nil, err
	}
	c.corpus.Passages.Tokenizer = m.Identity.Model
	what := "query"
	if m.Count != nil {
		what, one = "request", 1
	}
	end := func() {
		m.Close()
		note := "--tokens server: tokens were counted by %s to the teacher"
		if c.Plan {
			note += ", which the plan does not include"
		}
		c.bench.note(note, ner.Count(int(asked.Load()), what))
	}
	return func(text string) (int, error) {
		n, err := count(text)
		return n - one + 1, err
	}, end, nil
}
