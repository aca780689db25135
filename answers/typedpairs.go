package answers

import (
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// longestLabel is the largest length of a label before a mention, in code points.
const longestLabel = 60

// readTypedPairs reads "type: mention; type: mention" (docs/spec/prompts.md §4.5).
func readTypedPairs(r *reply) ner.Prediction {
	c := r.collector()
	text, step := cutBehind(r, c, ";\n")
	switch {
	case text == "":
		return r.conclude(c, "none", false)
	case strings.EqualFold(text, "none"):
		return r.conclude(c, step, true)
	case noneWord(text):
		return r.conclude(c, "none_word", true)
	}
	known, lines := false, strings.Contains(text, "\n")
	for line := range strings.SplitSeq(withASCII(text), "\n") {
		plain := line
		if plain = undecorated(line, ""); plain != strings.TrimFunc(line, isSpace) {
			lines = true
		}
		for _, part := range splitPairs(plain) {
			label, said, ok := cutLabel(part)
			said = strings.TrimFunc(said, isSpace)
			if !ok || label == "" || said == "" {
				lines = lines || part != "" || len(plain) > 0
				if !ok {
					said = part
				}
				c.dropStray(said)
				continue
			}
			if _, _, resolves := r.types.resolve(label); resolves {
				known = true
			}
			if noneWord(said) {
				lines = true
				continue
			}
			mentions := severalMentions(said, r.document)
			lines = lines || len(mentions) > 1
			for _, m := range mentions {
				c.addNamed(m, label)
			}
		}
	}
	if step == "strict" && lines {
		step = "lines"
	}
	return r.conclude(c, step, known)
}

// splitPairs splits a line at each semicolon that is before a label or at the end.
func splitPairs(line string) []string {
	var parts []string
	from := 0
	for i := 0; i < len(line); i++ {
		if line[i] != ';' {
			continue
		}
		next := line[i+1:]
		end := strings.IndexAny(next, ":;")
		label := ""
		if end >= 0 && next[end] == ':' {
			label = strings.TrimFunc(next[:end], isSpace)
		}
		if strings.TrimFunc(next, isSpace) == "" || label != "" && utf8.RuneCountInString(label) <= longestLabel {
			parts = append(parts, line[from:i])
			from = i + 1
		}
	}
	return append(parts, line[from:])
}

// severalMentions reads a mention with commas as several if the document has each
// part and not the whole.
func severalMentions(said string, d *ner.Document) []string {
	if !strings.Contains(said, ",") || strings.Contains(d.Text, said) {
		return []string{said}
	}
	parts := strings.Split(said, ",")
	for i, p := range parts {
		parts[i] = strings.TrimFunc(p, isSpace)
		if parts[i] == "" || !strings.Contains(d.Text, parts[i]) {
			return []string{said}
		}
	}
	return parts
}
