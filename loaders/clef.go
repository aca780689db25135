package loaders

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// clefColumns are file, spans, concept, and pairs of value and cue.
const clefColumns = 22

// readClef reads the family clef-pipe (docs/spec/formats.md §2): texts NAME.txt,
// and NAME.pipe.txt with one mention per line in 22 columns. The second column
// contains a-b[,c-d…], code points of the text, ends exclusive.
//
// Policy: fragments become one span from the first start to the last end, and count
// as discontinuous if there is a gap. A text without annotations has no mentions
// (texts_without_annotations).
func readClef(r *reading) error {
	texts, err := r.all(func(name string) bool {
		return strings.HasSuffix(name, ".txt") && !strings.HasSuffix(name, ".pipe.txt")
	})
	if err != nil {
		return err
	}
	pipes, err := r.all(withSuffix(".pipe.txt"))
	if err != nil {
		return err
	}
	annotations := companionsOf(pipes, ".pipe.txt")
	if len(texts) > 0 && len(pipes) == 0 {
		return fmt.Errorf("no annotations: files NAME.pipe.txt")
	}
	for _, t := range texts {
		pipe, _, err := annotations.take(t, t.stem(".txt"))
		if err != nil {
			return fmt.Errorf("%s: %w", r.shown(t.name), err)
		}
		if err := r.clefDocument(t, pipe); err != nil {
			return err
		}
	}
	return annotations.left(".txt")
}

func (r *reading) clefDocument(t, pipe member) error {
	whole, err := r.wholeOf(t)
	if err != nil {
		return err
	}
	d := &ner.Document{Text: string(whole)}
	if pipe.name == "" {
		r.tally.Repairs["texts_without_annotations"]++
		return r.emit(d, nil)
	}
	points := ner.NewCodePoints(d.Text)
	var spans []labelled
	err = r.at(pipe, func(name string) error {
		return r.lines(name, func(line []byte) error {
			if line == nil {
				return errLong
			}
			if err := checkUTF8(line); err != nil || len(line) == 0 {
				return err
			}
			columns := strings.Split(string(line), "|")
			if len(columns) != clefColumns {
				return fmt.Errorf("%d columns, expected %d separated by |", len(columns), clefColumns)
			}
			s, err := r.clefMention(points, columns[1])
			spans = append(spans, s)
			return err
		})
	})
	if err != nil {
		return err
	}
	return r.emit(d, spans)
}

func (r *reading) clefMention(points ner.CodePoints, fragments string) (labelled, error) {
	var pieces []ner.Range // in code points
	for f := range strings.SplitSeq(fragments, ",") {
		from, to, ok := strings.Cut(f, "-")
		a, err1 := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if !ok || err1 != nil || err2 != nil || a >= b {
			return labelled{}, fmt.Errorf("spans %q: expected a-b, or several separated by commas", fragments)
		}
		pieces = append(pieces, ner.Range{Start: a, End: b})
	}
	slices.SortFunc(pieces, func(a, b ner.Range) int { return a.Start - b.Start })
	whole, gap := pieces[0], false
	for _, p := range pieces[1:] {
		gap = gap || p.Start > whole.End
		whole.End = max(whole.End, p.End)
	}
	s, err := r.pointSpan(points, whole.Start, whole.End, "")
	s.gap = gap
	return s, err
}
