package loaders

import (
	"fmt"
	"strconv"
	"strings"

	"nerbench/ner"
)

// readI2B2Con reads the family i2b2-con (docs/spec/formats.md §2): texts NAME.txt,
// and NAME.con with one mention per line, c="mention" L1:T1 L2:T2||t="label". Lines
// count from 1, tokens from 0, and the end token is inclusive. Tokens are separated
// by spaces and tabs. A mention may cross a line end.
//
// Policy: the mention's own string is not used. Mentions with labels that the
// dataset does not have are skipped and counted (other_labels). A text without a
// .con file was not annotated and is left out (texts_without_annotations). Members
// with "unannotated" in their path are not part of the corpus.
func readI2B2Con(r *reading) error {
	texts, err := r.all(annotated(".txt"))
	if err != nil {
		return err
	}
	concepts, err := r.all(annotated(".con"))
	if err != nil {
		return err
	}
	annotations := companionsOf(concepts, ".con")
	for _, t := range texts {
		c, found, err := annotations.take(t, t.stem(".txt"))
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", r.shown(t.name), err)
		case !found && len(concepts) == 0:
			return fmt.Errorf("%s: no annotations: expected a file %s.con", r.shown(t.name), t.stem(".txt"))
		case !found:
			r.tally.Repairs["texts_without_annotations"]++
		default:
			if err := r.conceptDocument(t, c); err != nil {
				return err
			}
		}
	}
	return annotations.left(".txt")
}

func annotated(suffix string) func(string) bool {
	return func(name string) bool {
		return strings.HasSuffix(name, suffix) && !strings.Contains(name, "unannotated")
	}
}

func (r *reading) conceptDocument(t, c member) error {
	whole, err := r.wholeOf(t)
	if err != nil {
		return err
	}
	text := string(whole)
	tokens := tokensByLine(text)
	var spans []labelled
	err = r.at(c, func(name string) error {
		return r.lines(name, func(line []byte) error {
			if line == nil {
				return errLong
			}
			if err := checkUTF8(line); err != nil || len(strings.TrimSpace(string(line))) == 0 {
				return err
			}
			places, label, err := parseConcept(string(line))
			if err != nil {
				return err
			}
			if _, err := r.labels.find([]byte(label)); err != nil {
				r.tally.Repairs["other_labels"]++
				return nil
			}
			first, err := tokenAt(tokens, places[0], places[1])
			if err != nil {
				return err
			}
			last, err := tokenAt(tokens, places[2], places[3])
			if err != nil {
				return err
			}
			s, err := r.span(first.Start, last.End, label)
			if err != nil {
				return err
			}
			if places[0] != places[2] {
				r.tally.Repairs["over_line_end"]++
			}
			spans = append(spans, s)
			return nil
		})
	})
	if err != nil {
		return err
	}
	return r.emit(&ner.Document{Text: text}, spans)
}

// parseConcept parses a line from its end, since the mention may contain quotes.
func parseConcept(line string) (places [4]int, label string, err error) {
	fault := fmt.Errorf("expected c=\"mention\" line:token line:token||t=\"label\"")
	line = strings.TrimSpace(line)
	at := strings.LastIndex(line, `||t="`)
	if at < 0 || !strings.HasPrefix(line, `c="`) {
		return places, "", fault
	}
	label, _, ok := strings.Cut(line[at+len(`||t="`):], `"`)
	quote := strings.LastIndexByte(line[:at], '"')
	if !ok || quote < len(`c="`) {
		return places, "", fault
	}
	numbers := strings.FieldsFunc(line[quote+1:at], func(c rune) bool { return c == ' ' || c == ':' })
	if len(numbers) != len(places) {
		return places, "", fault
	}
	for i, n := range numbers {
		if places[i], err = strconv.Atoi(n); err != nil {
			return places, "", fault
		}
	}
	return places, label, nil
}

// tokensByLine are the tokens of each line, in bytes of the text.
func tokensByLine(text string) [][]ner.Range {
	var all [][]ner.Range
	offset := 0
	for line := range strings.Lines(text) {
		var tokens []ner.Range
		start := -1
		for i := range len(line) + 1 {
			blank := i == len(line) || line[i] == ' ' || line[i] == '\t' || line[i] == '\n' || line[i] == '\r'
			switch {
			case blank && start >= 0:
				tokens = append(tokens, ner.Range{Start: offset + start, End: offset + i})
				start = -1
			case !blank && start < 0:
				start = i
			}
		}
		all = append(all, tokens)
		offset += len(line)
	}
	return all
}

func tokenAt(tokens [][]ner.Range, line, token int) (ner.Range, error) {
	if line < 1 || line > len(tokens) {
		return ner.Range{}, fmt.Errorf("line %d: the text has %d lines", line, len(tokens))
	}
	if token < 0 || token >= len(tokens[line-1]) {
		return ner.Range{}, fmt.Errorf("token %d of line %d: the line has %d tokens", token, line, len(tokens[line-1]))
	}
	return tokens[line-1][token], nil
}
