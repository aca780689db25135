// Package sample holds invented passages of the nine domains of the benchmark, with
// gold spans, so that the whole program can run without data. It is in the public
// domain (CC0); see README.md.
package sample

import (
	"embed"
	"fmt"
	"strings"
	"unicode"
)

// Passage is one invented passage. Offsets are bytes.
type Passage struct {
	Text   string
	Tokens [][2]int
	Spans  []Span
}

// Span is an entity: Text[Start:End).
type Span struct {
	Start, End int
	Type       string
}

//go:embed corpus/*.txt
var corpus embed.FS

// Read returns the passages of a domain ("social-media") and a split ("train",
// "test").
func Read(domain, split string) ([]Passage, error) {
	name := domain + "." + split + ".txt"
	text, err := corpus.ReadFile("corpus/" + name)
	if err != nil {
		return nil, fmt.Errorf("sample: domain %q, split %q: not found", domain, split)
	}
	var passages []Passage
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		p, err := parse(line)
		if err != nil {
			return nil, fmt.Errorf("sample: %s:%d: %w", name, i+1, err)
		}
		passages = append(passages, p)
	}
	return passages, nil
}

// parse reads a passage with entities written as [text|type]. Tokens are separated
// by spaces.
func parse(line string) (Passage, error) {
	var p Passage
	var text strings.Builder
	for rest := line; rest != ""; {
		before, after, found := strings.Cut(rest, "[")
		if strings.ContainsAny(before, "|]") {
			return p, fmt.Errorf("%q: a bracket or bar outside an entity", before)
		}
		text.WriteString(before)
		if !found {
			break
		}
		entity, behind, closed := strings.Cut(after, "]")
		surface, typ, named := strings.Cut(entity, "|")
		if !closed || !named || surface == "" || typ == "" || strings.ContainsAny(entity, "[") {
			return p, fmt.Errorf("%q: want [text|type]", "["+entity)
		}
		start := text.Len()
		text.WriteString(surface)
		p.Spans = append(p.Spans, Span{start, text.Len(), typ})
		rest = behind
	}
	p.Text = text.String()
	p.Tokens = tokens(p.Text)
	return p, nil
}

// tokens are the parts of a text between spaces.
func tokens(text string) (out [][2]int) {
	start := -1
	for i, r := range text {
		switch blank := unicode.IsSpace(r); {
		case blank && start >= 0:
			out, start = append(out, [2]int{start, i}), -1
		case !blank && start < 0:
			start = i
		}
	}
	if start >= 0 {
		out = append(out, [2]int{start, len(text)})
	}
	return out
}
