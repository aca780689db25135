package answers

import (
	"strings"

	"nerbench/ner"
)

// readSegments reads "type: a, b | type: None" (docs/spec/prompts.md §4.4).
func readSegments(r *reply) ner.Prediction {
	c := r.collector()
	text, step := cutBehind(r, c, "|,\n")
	if text == "" {
		return r.conclude(c, "none", false)
	}
	if noneWord(text) {
		return r.conclude(c, "none_word", true)
	}
	known, lines := false, strings.Contains(text, "\n")
	for line := range strings.SplitSeq(withASCII(text), "\n") {
		if lines {
			line = undecorated(line, "Entity:")
			if line == "" {
				continue
			}
		}
		for segment := range strings.SplitSeq(line, "|") {
			label, said, ok := cutLabel(segment)
			if !ok || label == "" {
				lines = true
				c.dropStray(segment)
				continue
			}
			if _, _, resolves := r.types.resolve(label); resolves {
				known = true
			}
			for text := range strings.SplitSeq(said, ",") {
				if text = strings.TrimFunc(text, isSpace); text == "" {
					lines = true
				} else if !noneWord(text) {
					c.addNamed(text, label)
				}
			}
		}
	}
	if step == "strict" && lines {
		step = "lines"
	}
	return r.conclude(c, step, known)
}

// cutBehind removes the text after the last of some marks, if the answer reached the
// token limit, because that text is incomplete.
func cutBehind(r *reply, c *collector, marks string) (text, step string) {
	if r.finish != ner.FinishLength {
		return r.answer, "strict"
	}
	end := strings.LastIndexAny(r.answer, marks) + 1
	if rest := strings.TrimFunc(r.answer[end:], isSpace); rest != "" {
		c.cut(rest)
	}
	return strings.TrimFunc(r.answer[:end], isSpace), "cut"
}

// withASCII returns a text with full-width punctuation as the ASCII one, if it has no
// ASCII colon.
func withASCII(text string) string {
	if strings.Contains(text, ":") || !strings.Contains(text, "：") {
		return text
	}
	return strings.NewReplacer("：", ":", "；", ";", "｜", "|", "，", ",").Replace(text)
}

// cutLabel splits "type: mentions" at the first colon.
func cutLabel(s string) (label, said string, ok bool) {
	label, said, ok = strings.Cut(s, ":")
	return strings.TrimFunc(label, isSpace), said, ok
}

// dropStray counts text without a type in a list of types and mentions.
func (c *collector) dropStray(text string) {
	if text = strings.TrimFunc(text, isSpace); strings.Trim(text, "`|;:.,*- ") != "" {
		c.drop(ner.WithoutLabel, "", text)
	}
}

// undecorated returns a line without a bullet, bold marks, and a word that some models
// begin with.
func undecorated(line, first string) string {
	line = strings.TrimFunc(line, isSpace)
	if strings.HasPrefix(line, "**") {
		line = strings.TrimPrefix(line, "**")
	} else if rest, ok := bullet(line); ok {
		line = rest
	}
	line = strings.ReplaceAll(line, "**", "")
	if first != "" {
		line = strings.TrimPrefix(line, first)
	}
	return strings.TrimFunc(line, isSpace)
}

// conclude returns the prediction of a parser. read is set if the answer has the form of
// the family. A step for an incomplete answer is a failure if the answer reached the
// token limit.
func (r *reply) conclude(c *collector, step string, read bool) ner.Prediction {
	if !read {
		return ner.Prediction{Step: "none", Outcome: unread(r.finish)}
	}
	p := ner.Prediction{Step: step, Mentions: c.mentions, Dropped: c.dropped, Outcome: ner.Repaired}
	switch {
	case step == "cut", step == "unclosed" && r.finish != ner.FinishStop:
		p.Outcome = ner.Truncated
	case step != "strict" || r.finish == ner.FinishLength:
	case len(c.mentions)+len(c.dropped) == 0:
		p.Outcome = ner.Empty
	default:
		p.Outcome = ner.OK
	}
	return judged(p, c)
}

// unread returns the outcome of an answer that does not have the form of the family.
func unread(finish ner.Finish) ner.Outcome {
	if finish == ner.FinishLength {
		return ner.Truncated
	}
	return ner.NoStructure
}
