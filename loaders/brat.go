package loaders

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// readBrat reads the family brat (docs/spec/formats.md §2): pairs NAME.txt and
// NAME.ann in byte order of their names, or in the order of a split list, which is
// a JSON file of names by split. Offsets are code points of the whole text.
//
// Policy: in an .ann file only lines that begin with T are mentions; the others are
// skipped and counted (other_lines). The mention's own text is not used. A
// discontinuous mention becomes one span from its first start to its last end
// (discontinuous). If the documents of the set are lines, the title (the first
// line) and blank lines are skipped, and mentions that cross a line end are dropped
// (over_line_end).
func readBrat(r *reading) error {
	names, err := r.files()
	if err != nil {
		return err
	}
	if path.Ext(names[0]) == ".json" {
		if names, err = r.splitList(names[0], names[1:]); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := r.within(name, withSuffix(".txt"), r.bratDocument); err != nil {
			return err
		}
	}
	return nil
}

// splitList sorts the files of a folder in the order of a split list.
func (r *reading) splitList(list string, names []string) ([]string, error) {
	text, err := r.whole(list)
	if err != nil {
		return nil, err
	}
	var splits map[string][]string
	if err := unmarshal(text, &splits); err != nil {
		return nil, fmt.Errorf("%s: expected names by split: %w", path.Base(list), err)
	}
	key := string(r.part.Name)
	if r.part.Name == ner.Dev {
		key = "devel"
	}
	at := map[string]string{}
	for _, name := range names {
		at[path.Base(name)] = name
	}
	var ordered []string
	for _, id := range splits[key] {
		name, ok := at[id+".txt"]
		if !ok {
			return nil, &MissingError{Dataset: r.dataset.ID, Set: r.set.Name, Split: r.part.Name, Path: path.Join(r.dataset.DataDir, id+".txt")}
		}
		ordered = append(ordered, name)
	}
	return ordered, nil
}

func (r *reading) bratDocument(name string) error {
	b, err := r.whole(name)
	if err != nil {
		return err
	}
	text := string(b)
	points := ner.NewCodePoints(text)
	var spans []labelled
	err = r.lines(strings.TrimSuffix(name, ".txt")+".ann", func(line []byte) error {
		if line == nil {
			return errLong
		}
		if err := checkUTF8(line); err != nil {
			return err
		}
		switch {
		case len(line) == 0:
			return nil
		case line[0] != 'T':
			r.tally.Repairs["other_lines"]++
			return nil
		}
		s, err := r.bratMention(points, line)
		spans = append(spans, s)
		return err
	})
	if err != nil {
		return err
	}
	if strings.HasPrefix(r.set.Unit, "line") {
		return r.bratLines(text, spans)
	}
	return r.emit(&ner.Document{Text: text}, spans)
}

// bratMention reads "T1 TAB label start end;start end TAB text".
func (r *reading) bratMention(points ner.CodePoints, line []byte) (labelled, error) {
	columns := bytes.SplitN(line, []byte("\t"), 3)
	if len(columns) < 2 {
		return labelled{}, fmt.Errorf("expected T<n>, label with offsets, and text, separated by tabs")
	}
	name, offsets, ok := strings.Cut(string(columns[1]), " ")
	if !ok {
		return labelled{}, fmt.Errorf("%q: expected a label and offsets", columns[1])
	}
	fragments := strings.FieldsFunc(offsets, func(r rune) bool { return r == ' ' || r == ';' })
	if len(fragments) < 2 || len(fragments)%2 != 0 {
		return labelled{}, fmt.Errorf("%q: expected pairs of offsets", offsets)
	}
	numbers := make([]int, len(fragments))
	for i, f := range fragments {
		n, err := strconv.Atoi(f)
		if err != nil {
			return labelled{}, fmt.Errorf("%q: expected pairs of offsets", offsets)
		}
		numbers[i] = n
	}
	s, err := r.pointSpan(points, slices.Min(numbers), slices.Max(numbers), name)
	s.gap = len(numbers) > 2
	return s, err
}

// bratLines makes a document of each line after the title that is not blank.
func (r *reading) bratLines(text string, spans []labelled) error {
	slices.SortStableFunc(spans, func(a, b labelled) int { return a.start - b.start })
	next, start := 0, 0
	for number, line := range strings.SplitAfter(text, "\n") {
		end := start + len(line)
		body := strings.TrimSuffix(line, "\n")
		var own []labelled
		for ; next < len(spans) && spans[next].start < end; next++ {
			s := spans[next]
			switch {
			case number == 0:
				r.tally.Repairs["spans_in_title"]++
			case s.end > start+len(body):
				r.tally.Repairs["over_line_end"]++
			default:
				s.start, s.end = s.start-start, s.end-start
				own = append(own, s)
			}
		}
		start = end
		if number == 0 || strings.Trim(body, " \t\u00a0") == "" {
			continue
		}
		if err := r.emit(&ner.Document{Text: body}, own); err != nil {
			return err
		}
	}
	return nil
}
