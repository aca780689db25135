package distill

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nerbench/internal/atomicfile"
	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/internal/jsonl"
)

// Data is what a folder of constructed data holds, without the answers of the teacher.
type Data struct {
	Corpus   Corpus
	Kept     []*Kept // in the order of the passages
	Dropped  []Dropped
	Passages int // all passages of the sample
}

// ReadDir reads a folder that construct has written, with the filters that it applied.
// Cut files, and lines that are no records, are errors with their file and line. So are files
// that differ from the checksums in corpus.toml: construct was stopped before it wrote them.
func ReadDir(ctx context.Context, dir string) (*Data, error) {
	c, err := ReadCorpus(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &fault.Hint{Err: fmt.Errorf("distill: %s: no %s in it", dir, CorpusFile), Advice: "nerbench distill construct CORPUS -m MODEL --out " + dir}
	}
	if err != nil {
		return nil, err
	}
	d := &Data{Corpus: c, Passages: c.Passages.Passages}
	if d.Kept, err = readRecords[*Kept](ctx, dir, KeptFile); err != nil {
		return nil, unfinished(dir, err)
	}
	if d.Dropped, err = readRecords[Dropped](ctx, dir, DroppedFile); err != nil {
		return nil, unfinished(dir, err)
	}
	if d.Unanswered() < 0 {
		return nil, fmt.Errorf("distill: %s: %d passages, less than %s and %s have: the file is damaged", filepath.Join(dir, CorpusFile), d.Passages, KeptFile, DroppedFile)
	}
	for _, of := range [][2]string{{KeptFile, c.Kept.Kept}, {DroppedFile, c.Kept.DroppedFile}} {
		file := filepath.Join(dir, of[0])
		sum, err := checksum.Files(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("distill: %w", err)
		}
		if sum != of[1] && of[1] != "" {
			err := fmt.Errorf("distill: %s: its checksum is not that of %s", file, CorpusFile)
			return nil, &fault.Hint{Err: err, Advice: "the construction of " + dir + " did not end, or the file was changed: run its command again"}
		}
	}
	return d, nil
}

// unfinished adds advice to the error about a file that construct writes at its end.
func unfinished(dir string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &fault.Hint{Err: err, Advice: "the construction of " + dir + " did not end: run its command again"}
}

// ReadPassages reads the passages of a folder.
func ReadPassages(ctx context.Context, dir string) ([]Passage, error) {
	return readRecords[Passage](ctx, dir, PassagesFile)
}

// readRecords reads a file of one record a line.
func readRecords[T any](ctx context.Context, dir, name string) ([]T, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("distill: %w", err)
	}
	defer f.Close()
	var list []T
	err = jsonl.Read(f, func(_ int, line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		var record T
		if err := json.Unmarshal(line, &record); err != nil {
			return fmt.Errorf("no record of %s: %w", name, err)
		}
		list = append(list, record)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("distill: %s: %w", filepath.Join(dir, name), err)
	}
	return list, nil
}

// WriteRecords replaces a file of one record a line.
func WriteRecords[T any](path string, records []T) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		for i := range records {
			if err := e.Encode(&records[i]); err != nil {
				return err
			}
		}
		return b.Flush()
	})
}

// Reasons counts what the filters dropped. Conflicts that are only counted are in it.
func (d *Data) Reasons() map[Reason]int {
	n := map[Reason]int{}
	for _, dropped := range d.Dropped {
		n[dropped.Why]++
	}
	return n
}

// Unanswered is the number of passages whose answer is not there yet.
func (d *Data) Unanswered() int {
	n := d.Passages - len(d.Kept)
	for _, dropped := range d.Dropped {
		if dropped.OfPassage() {
			n--
		}
	}
	return n
}

// OfPassage reports whether a whole passage was dropped.
func (d Dropped) OfPassage() bool { return d.Why == Unparseable || d.Why == NoEntityLeft }
