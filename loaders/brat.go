package loaders

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// readBrat reads the family brat (docs/spec/formats.md §2): pairs NAME.txt and
// NAME.ann in byte order of their names, or in the order of a split list, which is
// a JSON file of names by split. A pattern may select either file of a pair. Offsets
// are code points of the whole file, with its byte order mark and carriage returns;
// if the mentions' own texts require it, those of the text without them, or UTF-16 code
// units.
//
// Policy: in an .ann file only lines that begin with T are mentions; the others are
// skipped and counted (other_lines). A mention whose own text is not at its offsets
// is counted (text_mismatch). A discontinuous mention becomes one span from its first
// start to its last end (discontinuous). If the documents of the set are lines, the
// first line is a title (title_lines) unless the set's fields make it a
// document; blank lines are skipped, and mentions that cross a line end are dropped
// (over_line_end). A text without an .ann file was not annotated
// (texts_without_annotations).
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
	b := &brat{reading: r, read: map[string]bool{}}
	for _, name := range names {
		if err := r.within(name, withSuffix(".txt"), b.document); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := r.within(name, withSuffix(".ann"), b.annotations); err != nil {
			return err
		}
	}
	if b.without != "" && len(b.read) == r.tally.Repairs["texts_without_annotations"] {
		return fmt.Errorf("%s: no annotations found: expected a file NAME.ann beside each NAME.txt", r.shown(b.without))
	}
	return nil
}

// brat are the texts that are read, so that a pattern may select both files of a
// pair.
type brat struct {
	*reading
	read    map[string]bool
	without string // the first text without annotations
}

// annotations reads the document of an .ann file that was not read by its text.
func (b *brat) annotations(name string) error {
	text := strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".ann") + ".txt"
	if b.read[text] || b.read[text+".gz"] {
		return nil
	}
	if err := b.document(text); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%s: its text %s is missing", b.shown(name), path.Base(text))
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

func (b *brat) document(name string) error {
	bytes, err := b.raw(name)
	if err != nil {
		return err
	}
	b.read[name] = true
	raw, text := string(bytes), string(b.clean(bytes))
	mentions, err := b.mentions(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".txt") + ".ann")
	if errors.Is(err, fs.ErrNotExist) {
		b.tally.Repairs["texts_without_annotations"]++
		if b.without == "" {
			b.without = name
		}
		return nil
	}
	if err != nil {
		return err
	}
	spans, err := b.place(text, mentions, rulersOf(raw, text)...)
	if err != nil {
		return err
	}
	if strings.HasPrefix(b.set.Unit, "line") {
		return b.bratLines(text, spans)
	}
	return b.emit(&ner.Document{Text: text}, spans)
}

// mentions reads an .ann file.
func (b *brat) mentions(name string) ([]placed, error) {
	var mentions []placed
	number := 0
	err := b.lines(name, func(line []byte) error {
		number++
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
			b.tally.Repairs["other_lines"]++
			return nil
		}
		m, err := bratMention(line)
		m.where = fmt.Sprintf("%s:%d", b.shown(name), number)
		mentions = append(mentions, m)
		return err
	})
	return mentions, err
}

// bratMention reads "T1 TAB label start end;start end TAB text".
func bratMention(line []byte) (placed, error) {
	columns := bytes.SplitN(line, []byte("\t"), 3)
	if len(columns) < 2 {
		return placed{}, fmt.Errorf("expected T<n>, label with offsets, and text, separated by tabs")
	}
	name, offsets, ok := strings.Cut(string(columns[1]), " ")
	if !ok {
		return placed{}, fmt.Errorf("%q: expected a label and offsets", columns[1])
	}
	m := placed{label: name}
	if len(columns) == 3 {
		own := string(columns[2])
		m.own = &own
	}
	numbers := strings.FieldsFunc(offsets, func(r rune) bool { return r == ' ' || r == ';' })
	if len(numbers) < 2 || len(numbers)%2 != 0 {
		return placed{}, fmt.Errorf("%q: expected pairs of offsets", offsets)
	}
	for i := 0; i < len(numbers); i += 2 {
		start, err1 := strconv.Atoi(numbers[i])
		end, err2 := strconv.Atoi(numbers[i+1])
		if err1 != nil || err2 != nil {
			return placed{}, fmt.Errorf("%q: expected pairs of offsets", offsets)
		}
		m.fragments = append(m.fragments, [2]int{start, end})
	}
	return m, nil
}

// bratLines makes a document of each line that is not blank, without the title.
func (r *reading) bratLines(text string, spans []labelled) error {
	titled := r.set.Fields == nil || r.set.Fields.FirstLine != "document"
	slices.SortStableFunc(spans, func(a, b labelled) int { return a.start - b.start })
	next, start := 0, 0
	for number, line := range strings.SplitAfter(text, "\n") {
		end := start + len(line)
		body := strings.TrimSuffix(line, "\n")
		var own []labelled
		for ; next < len(spans) && spans[next].start < end; next++ {
			s := spans[next]
			switch {
			case number == 0 && titled:
				r.tally.Repairs["spans_in_title"]++
			case s.end > start+len(body):
				r.tally.Repairs["over_line_end"]++
			default:
				s.start, s.end = s.start-start, s.end-start
				own = append(own, s)
			}
		}
		start = end
		if number == 0 && titled {
			r.tally.Repairs["title_lines"]++
			continue
		}
		if strings.Trim(body, " \t\u00a0") == "" {
			continue
		}
		if err := r.emit(&ner.Document{Text: body}, own); err != nil {
			return err
		}
	}
	return nil
}
