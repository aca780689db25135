package answers

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// PublishedGNER parses an answer "word(label) word(label) …" like GNER's evaluator
// (docs/spec/metrics.md §9.1, steps 1 to 3). It returns one BIO label for each word of the
// passage. types are those of the query.
func PublishedGNER(answer string, words []string, types []ner.EntityType) []string {
	said, labels := gnerPairs(answer)
	for i, label := range labels {
		if !gnerOffered(label, types) {
			labels[i] = "O"
		}
	}
	out := slices.Repeat([]string{"O"}, len(words))
	for i, j := range matchWords(lowerAll(words), lowerAll(said)) {
		if j >= 0 {
			out[i] = labels[j]
		}
	}
	return out
}

// gnerPairs finds the labels of an answer and the words before them (step 1). A label
// without a word is dropped.
func gnerPairs(answer string) (words, labels []string) {
	answer = strings.TrimFunc(answer, isSpace)
	from := 0 // behind the previous label
	for i := 0; i < len(answer); {
		label, n := gnerLabel(answer[i:])
		if n == 0 {
			i++
			continue
		}
		if word := strings.TrimFunc(answer[from:i], isSpace); word != "" {
			words, labels = append(words, word), append(labels, strings.TrimFunc(label, isSpace))
		}
		i += n
		from = i
	}
	return words, labels
}

// gnerLabel reads "(O)", "(B-…)" or "(I-…)" at the start of s; n is its length,
// 0 if there is none.
func gnerLabel(s string) (label string, n int) {
	if strings.HasPrefix(s, "(O)") {
		return "O", len("(O)")
	}
	if !strings.HasPrefix(s, "(B-") && !strings.HasPrefix(s, "(I-") {
		return "", 0
	}
	end := strings.IndexAny(s, ")\n")
	if end < 0 || s[end] == '\n' {
		return "", 0
	}
	return s[1:end], end + 1
}

// gnerOffered reports whether a label is exactly B- or I- and an offered type
// (step 2).
func gnerOffered(label string, types []ner.EntityType) bool {
	if !strings.HasPrefix(label, "B-") && !strings.HasPrefix(label, "I-") {
		return false
	}
	return slices.Contains(types, ner.EntityType(label[2:]))
}

// GNEREntities returns the entities of words with BIO labels (docs/spec/metrics.md §9.1,
// step 4): the texts are words joined by spaces, the type is that of the last word.
func GNEREntities(words, labels []string) []ner.Mention {
	var found []ner.Mention
	var current []string
	var last string
	end := func() {
		if len(current) > 0 {
			found = append(found, ner.Mention{Text: strings.Join(current, " "), Type: ner.EntityType(typeOfLabel(last))})
		}
		current = nil
	}
	for i, label := range labels {
		if strings.HasPrefix(label, "B") || label == "O" {
			end()
		}
		if label != "O" {
			current, last = append(current, words[i]), label
		}
	}
	end()
	return found
}

// typeOfLabel returns a label without its first two code points.
func typeOfLabel(label string) string {
	points := runes(label)
	return string(points[min(2, len(points)):])
}

// matchWords returns, for each word of a passage, the index of the matching word of an
// answer, or -1 (docs/spec/metrics.md §9.1, step 3): by equal lists, else a subsequence,
// else a longest common subsequence.
func matchWords(passage, answer []string) []int {
	matched := make([]int, len(passage))
	j := 0
	for i, w := range passage {
		matched[i] = -1
		if j < len(answer) && answer[j] == w {
			matched[i] = j
			j++
		}
	}
	if j < len(answer) {
		longestCommon(passage, answer, matched)
	}
	return matched
}

func lowerAll(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = Lower(w)
	}
	return out
}
