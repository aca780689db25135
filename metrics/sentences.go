package metrics

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"unicode/utf8"
)

// Sentence is a sentence of a column file, with entities in tokens.
type Sentence struct {
	// Words are the first column; nil if there are only tags.
	Words      []string
	Tokens     int
	Gold, Pred []Chunk
}

// Sentences reads a column file sentence by sentence (docs/spec/metrics.md §4.5),
// for statistics that [Columns] does not count. It ends after the first error,
// which is a [LineError].
func Sentences(r io.Reader, scheme Scheme, mode Mode) iter.Seq2[Sentence, error] {
	return func(yield func(Sentence, error) bool) {
		columns := 0
		s := sentenceReader{columnReader: columnReader{scorer: newFileScorer(scheme, mode), columns: &columns}}
		in := bufio.NewReaderSize(r, blockSize)
		for number := 1; ; number++ {
			text, err := readLine(in)
			end := errors.Is(err, io.EOF)
			if err != nil && !end {
				yield(Sentence{}, &LineError{number, err})
				return
			}
			line, _ := cutLine(text)
			if columns == 0 {
				columns, _, _ = lastColumns(line)
			}
			n, _, _ := lastColumns(line)
			if n == 0 && len(s.gold) > 0 {
				if !yield(s.sentence(), nil) {
					return
				}
			}
			if err := s.word(line, n); err != nil {
				yield(Sentence{}, &LineError{number, err})
				return
			}
			if end {
				if len(s.gold) > 0 {
					yield(s.sentence(), nil)
				}
				return
			}
		}
	}
}

// sentenceReader keeps the words of the sentence with its tags.
type sentenceReader struct {
	columnReader
	words []string
}

func (s *sentenceReader) word(line []byte, columns int) error {
	if columns == 0 {
		return nil
	}
	if err := s.line(line); err != nil {
		return err
	}
	if !utf8.Valid(line) {
		return ErrTagBytes
	}
	if columns > 2 {
		s.words = append(s.words, firstColumn(line))
	}
	return nil
}

// sentence decodes the tags of the sentence and starts the next one.
func (s *sentenceReader) sentence() Sentence {
	out := Sentence{
		Words: s.words, Tokens: len(s.gold),
		Gold: s.chunks(&s.scorer.gold, s.gold), Pred: s.chunks(&s.scorer.pred, s.pred),
	}
	s.words, s.gold, s.pred = nil, s.gold[:0], s.pred[:0]
	return out
}

func (s *sentenceReader) chunks(d *decoder, tags []tag) []Chunk {
	var out []Chunk
	for _, c := range d.decode(tags, s.scorer.scheme, s.scorer.mode) {
		out = append(out, Chunk{int(c.start), int(c.end), s.scorer.reader.types[c.typ]})
	}
	return out
}

func firstColumn(line []byte) string {
	start := 0
	for line[start] == ' ' || line[start] == '\t' {
		start++
	}
	end := start
	for end < len(line) && line[end] != ' ' && line[end] != '\t' {
		end++
	}
	return string(line[start:end])
}

// readLine reads a line with its end, up to the length limit. At the end of the
// stream it returns the rest and io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	long := append([]byte(nil), line...)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(long) > largestBlock {
			return nil, errBlockTooLong
		}
		line, err = in.ReadSlice('\n')
		long = append(long, line...)
	}
	return long, err
}
