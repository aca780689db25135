package answers

import (
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// readLabelled reads "word(label) word(label)" (docs/spec/prompts.md §4.6).
func readLabelled(r *reply) ner.Prediction {
	said, labels, rest := labelledWords(r.answer)
	if len(labels) == 0 {
		return r.conclude(nil, "none", false)
	}
	d, c := r.document, r.collector()
	types := make([]ner.EntityType, len(labels)) // empty: O
	folded := make([]bool, len(labels))
	entities := false
	var unknown []int
	for i, label := range labels {
		if label == "O" {
			continue
		}
		entities = true
		t, byFold, ok := r.types.resolve(label[2:])
		switch {
		case ok:
			types[i], folded[i] = t, byFold
		case r.unknown:
			types[i] = ner.Unknown
		default:
			unknown = append(unknown, i)
		}
	}
	words := d.Words()
	own := make([]string, len(words))
	for i, w := range words {
		own[i] = Lower(d.Text[w.Start:w.End])
	}
	lowered := lowerAll(said)
	prose := cutProse(said, lowered, own)
	for _, i := range unknown {
		c.drop(ner.UnknownType, labels[i][2:], said[i])
	}
	partner := matchWords(own, lowered)
	step, matched := matchStep(partner, len(said))
	if 2*matched < len(words) && !entities {
		return r.conclude(nil, "none", false)
	}
	for i, lost := range unmatched(partner, len(said)) {
		if lost && types[i] != "" {
			c.drop(ner.LostWord, "", said[i])
		}
	}
	spans, orphans := lenientSpans(d, c, words, partner, labels, types, folded)
	switch {
	case r.finish == ner.FinishLength && step != "strict":
		step = "cut"
	case step == "strict" && (orphans || prose || rest != ""):
		step = "echo"
	}
	p := r.conclude(c, step, true)
	p.Spans = sortedSpans(spans)
	return p
}

// labelledWords finds the labels of an answer and the word before each, stripped;
// rest is the text after the last label.
func labelledWords(answer string) (words, labels []string, rest string) {
	from := 0 // after the previous label
	end := -1 // end of the current parenthesis or line, so that it is found only once
	for i := 0; i < len(answer); {
		label, n := "", 0
		if answer[i] == '(' {
			if end < i {
				end = i + strings.IndexAny(answer[i:], ")\n")
			}
			if end < i {
				break // no label ends
			}
			label, n = gnerLabel(answer[i : end+1])
		}
		if n == 0 {
			i++
			continue
		}
		words, labels = append(words, strings.TrimFunc(answer[from:i], isSpace)), append(labels, strings.TrimFunc(label, isSpace))
		i += n
		from = i
	}
	return words, labels, strings.TrimFunc(answer[from:], isSpace)
}

// cutProse cuts off text without labels before the labelled words: of a word with white
// space that is none of the document's, only the part behind the last white space is
// labelled. It reports whether there was any.
func cutProse(said, lowered, own []string) (any bool) {
	var known map[string]bool
	for i, w := range lowered {
		at := strings.LastIndexFunc(w, isSpace)
		if at < 0 {
			continue
		}
		if known == nil {
			known = make(map[string]bool, len(own))
			for _, o := range own {
				known[o] = true
			}
		}
		if known[w] {
			continue
		}
		_, n := utf8.DecodeRuneInString(w[at:])
		lowered[i] = w[at+n:]
		said[i] = said[i][strings.LastIndexFunc(said[i], isSpace)+n:]
		any = true
	}
	return any
}

// matchStep returns how the words of an answer match those of the document, and the
// number of matched words of the document.
func matchStep(partner []int, said int) (step string, matched int) {
	for _, j := range partner {
		if j >= 0 {
			matched++
		}
	}
	switch {
	case matched == said && said == len(partner):
		return "strict", matched
	case matched == said:
		return "subsequence", matched
	}
	return "align", matched
}

// unmatched reports which words of the answer have no match.
func unmatched(partner []int, said int) []bool {
	lost := make([]bool, said)
	for i := range lost {
		lost[i] = true
	}
	for _, j := range partner {
		if j >= 0 {
			lost[j] = false
		}
	}
	return lost
}

// lenientSpans converts labels to spans (docs/spec/metrics.md §4, lenient): B- begins a
// span, I- continues a span of its type, or begins one, which is an orphan.
func lenientSpans(d *ner.Document, c *collector, words []ner.Range, partner []int, labels []string, types []ner.EntityType, folded []bool) (spans []ner.Span, orphans bool) {
	for i := 0; i < len(words); {
		j := partner[i]
		if j < 0 || types[j] == "" {
			i++
			continue
		}
		t := types[j]
		var flags []ner.Flag
		if folded[j] {
			flags = append(flags, ner.TypeFold)
		}
		if labels[j][0] == 'I' {
			flags, orphans = append(flags, ner.OrphanI), true
		}
		start := words[i].Start
		for i++; i < len(words) && partner[i] >= 0 && types[partner[i]] == t && labels[partner[i]][0] == 'I'; i++ {
		}
		end := words[i-1].End
		spans = append(spans, ner.Span{Start: start, End: end, Type: t})
		c.keep(d.Text[start:end], t, flags...)
	}
	return spans, orphans
}
