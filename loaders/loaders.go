package loaders

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/archive"
	"nerbench/ner"
)

// formats lists the families that can be read. A new family is a function in its
// own file and a line here.
var formats = map[string]format{
	"ace-apf":          readACE,
	"bc2gm-native":     readBC2GM,
	"bioc-json":        readBioCJSON,
	"bioc-xml":         readBioCXML,
	"brat":             readBrat,
	"chemdner-tsv":     readChemdner,
	"clef-pipe":        readClef,
	"conll":            readConll,
	"conll-2012":       readConll2012,
	"conll-layered":    readConllLayered,
	"conllu":           readConllU,
	"csv-offsets":      readCSVOffsets,
	"csv-tokens":       readCSVTokens,
	"documents":        readDocumentFiles,
	"dygie-json":       readDygie,
	"ebmnlp-native":    readEBMNLP,
	"genia-xml":        readGenia,
	"hf-parquet":       readParquet,
	"i2b2-2006-xml":    readI2B2Deid,
	"i2b2-con":         readI2B2Con,
	"i2b2-tags-xml":    readI2B2Tags,
	"instructuie-json": readInstructUIE,
	"json-index":       readIndex,
	"jsonl-spans":      readJSONLSpans,
	"jsonl-tokens":     readJSONLTokens,
	"mrc-json":         readMRC,
	"nersuite":         readNersuite,
	"oneie-jsonl":      readOneIE,
	"pubtator":         readPubtator,
	"scirex-json":      readScirex,
	"sofc-layers":      readSOFC,
	"spert-json":       readSpert,
	"uniner-json":      readUniNERJSON,
	"webanno-tsv":      readWebAnno,
}

// format reads the files of a reading and passes each document to [reading.emit].
// It also returns nil if emit stopped the reading.
type format func(r *reading) error

// Options selects the documents that are read from a dataset.
type Options struct {
	Set   string // empty: the primary set
	Split ner.Split
	// Gold is the gold rule: empty or [datasets.NativeGold] for the native gold,
	// [datasets.WithoutSentenceFinal] for that of the UniversalNER test files.
	Gold datasets.UniNERGold
	// View is "all" or empty for the documents of the files, or [Table6View] for the
	// documents that the paper counted.
	View string
	// Seed selects the documents of splits that are not in the release ([Made]).
	Seed int
}

// Tally counts documents and their parts. It is complete when all documents have
// been read.
type Tally struct {
	Tokens int
	// ByLabel counts kept spans by native label.
	ByLabel map[string]int
	// Dropped counts the spans of labels that the label map drops.
	Dropped map[string]int
	// Repairs counts repaired or skipped items, by kind, such as orphan_i: an I- tag
	// that begins a span.
	Repairs map[string]int
	// Duplicates counts spans that were left out because they equal another one.
	Duplicates int
}

// MissingError reports that a file of a dataset is not in the data folder. It wraps
// [fs.ErrNotExist].
type MissingError struct {
	Dataset string
	Set     string
	Split   ner.Split
	Path    string // below the data folder
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("dataset %s: %s: file %s: missing", e.Dataset, e.Split, e.Path)
}

// Unwrap returns [fs.ErrNotExist].
func (e *MissingError) Unwrap() error { return fs.ErrNotExist }

// Supported reports whether there is a loader for a set of the dataset; the empty
// name is the primary set.
func Supported(dataset *datasets.Dataset, set string) bool {
	s, err := dataset.Set(set)
	if err != nil || formats[s.Family] == nil {
		return false
	}
	// There is no search yet for files without fixed names.
	return !slices.ContainsFunc(s.Splits, func(p datasets.Part) bool { return len(p.Files) == 0 })
}

// Families lists the format families that have a loader.
func Families() []string { return slices.Sorted(maps.Keys(formats)) }

// Present reports whether all files of a split are in the data folder; the error is
// a [MissingError] if one is not. It reads their content only if a name is not
// found.
func Present(ctx context.Context, data fs.FS, dataset *datasets.Dataset, o Options) error {
	r, err := newReading(ctx, data, dataset, o)
	if err != nil {
		return err
	}
	_, err = r.files()
	return err
}

// Documents streams one split of a dataset, in the order of its files. data is the
// data folder, which contains a folder for each dataset
// ([datasets.Dataset.DataDir]). The returned error concerns the selection: an
// unknown set or split, no loader, a missing file ([MissingError]). Malformed
// content ends the iteration with an error "dataset: file:line: why".
func Documents(ctx context.Context, data fs.FS, dataset *datasets.Dataset, o Options) (iter.Seq2[*ner.Document, error], *Tally, error) {
	r, err := newReading(ctx, data, dataset, o)
	if err != nil {
		return nil, nil, err
	}
	if _, err := r.files(); err != nil {
		return nil, nil, err
	}
	tally := &Tally{}
	return func(yield func(*ner.Document, error) bool) {
		r := *r // each iteration counts from zero
		err := r.draw()
		if err == nil {
			r.start(tally, yield)
			err = r.read()
		}
		if err != nil && !r.stopped {
			yield(nil, fmt.Errorf("dataset %s: %w", dataset.ID, err))
		}
	}, tally, nil
}

// read reads all documents of the part.
func (r *reading) read() (err error) {
	defer func() {
		if closing := r.closeArchives(); err == nil {
			err = closing
		}
	}()
	err = formats[r.set.Family](r)
	if err == errStopped && !r.stopped {
		err = nil // the split may end before its files
	}
	if err == nil && r.met == 0 {
		err = &unreadable{
			fmt.Errorf("%s: %s: no %s documents found: the file is empty or in another format", r.part.Name, r.part.Files[0].Path, r.set.Family),
			"compare the file with the form of the family in docs/formats.md, and with family and its table in the dataset file",
		}
	}
	if err == nil {
		err = r.out.end()
	}
	r.labels.count(r.tally)
	return err
}

// draw selects the documents of a made split, which requires counting them.
func (r *reading) draw() error {
	if !r.made {
		return nil
	}
	all := *r
	n := 0
	all.start(&Tally{}, func(*ner.Document, error) bool { n++; return true })
	if err := all.read(); err != nil {
		return err
	}
	id := func(i int) string { return fmt.Sprintf("%s/%s/%d", r.dataset.ID, r.part.Name, i) }
	r.drawn = drawn(r.dataset, r.split, r.seed, n, id)
	return nil
}

// reading is the state of reading one split.
type reading struct {
	selected
	ctx     context.Context
	data    fs.FS
	dataset *datasets.Dataset
	set     *datasets.Set
	split   ner.Split
	gold    datasets.UniNERGold
	counts  string // the view
	seed    int
	drawn   []bool // documents of a made split; nil: all
	labels  *labelMap
	out     stage
	// archives are the unpacked archives: several files of a split may be in one.
	archives map[string]*archive.Files

	tally   *Tally
	yield   func(*ner.Document, error) bool
	unended int // bytes that were read since the last document
	met     int // documents of the files
	index   int // of the next document of the split
	id      []byte
	prefix  int  // length of the common prefix of ids
	marks   int  // emitted as documents
	stopped bool // the consumer has stopped
}

func newReading(ctx context.Context, data fs.FS, dataset *datasets.Dataset, o Options) (*reading, error) {
	set, err := dataset.Set(o.Set)
	if err != nil {
		return nil, err
	}
	if formats[set.Family] == nil {
		return nil, fmt.Errorf("dataset %s: set %s: no loader for the format family %s (supported: %s)",
			dataset.ID, set.Name, set.Family, strings.Join(Families(), ", "))
	}
	s, err := selectPart(dataset, set, o)
	if err != nil {
		return nil, err
	}
	r := &reading{selected: s, ctx: ctx, data: data, dataset: dataset, set: set, split: o.Split, gold: o.Gold, seed: o.Seed}
	if o.View == Table6View {
		r.counts = o.View
	}
	return r, nil
}

func (r *reading) start(t *Tally, yield func(*ner.Document, error) bool) {
	*t = Tally{ByLabel: map[string]int{}, Dropped: map[string]int{}, Repairs: map[string]int{}}
	r.labels = newLabelMap(r.dataset, r.set)
	r.id = fmt.Appendf(nil, "%s/%s/", r.dataset.ID, r.part.Name)
	r.prefix = len(r.id)
	r.tally, r.yield, r.unended, r.met, r.index, r.stopped = t, yield, 0, 0, 0, false
	r.out = r.stages(r.deliver)
	r.archives = map[string]*archive.Files{}
}

// labelled is a span with its native label.
type labelled struct {
	start, end int
	*label
	gap bool // the mention is discontinuous
}

var errStopped = errors.New("stopped")

// emit applies the rules of all formats to a document and its spans, in the order
// of the file, and passes it on. It returns an error to stop the reading.
func (r *reading) emit(d *ner.Document, spans []labelled) error {
	r.met++
	r.unended = 0
	if r.met <= r.part.First {
		clear(r.tally.Repairs) // documents of other splits are skipped
		return nil
	}
	if d.ID == "" {
		r.id = strconv.AppendInt(r.id[:r.prefix], int64(r.index), 10)
		d.ID = string(r.id)
	}
	r.index++
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if r.part.End > 0 && r.met > r.part.End {
		return errStopped // the other documents are in other splits
	}
	if r.drawn != nil && (r.index > len(r.drawn) || !r.drawn[r.index-1]) {
		return nil
	}
	r.tally.Tokens += len(d.Tokens)
	r.keep(d, spans)
	if err := r.out.document(d); err != nil {
		return err
	}
	if r.met == r.part.End {
		return errStopped // before items of other splits are counted
	}
	return nil
}

// mark processes a document mark between documents.
func (r *reading) mark() error {
	r.tally.Repairs["document_marks"]++
	return r.out.mark()
}

// deliver passes a document to the consumer.
func (r *reading) deliver(d *ner.Document) error {
	if d.ID == "" {
		d.ID = fmt.Sprintf("%s/%s/mark%d", r.dataset.ID, r.part.Name, r.marks)
		r.marks++
	}
	if !r.yield(d, nil) {
		r.stopped = true
		return errStopped
	}
	return nil
}

// keep gives a document its spans: those that the label map and the gold rule keep,
// without duplicates (docs/spec/formats.md §1).
func (r *reading) keep(d *ner.Document, spans []labelled) {
	if len(spans) > 0 {
		d.Spans = make([]ner.Span, 0, len(spans))
	}
	seen := spanSet{}
	for _, s := range spans {
		if s.Drop {
			s.dropped++
			continue
		}
		if r.gold == datasets.WithoutSentenceFinal && s.end == len(d.Text) {
			r.tally.Repairs["sentence_final_left_out"]++
			continue
		}
		span := ner.Span{Start: s.start, End: s.end, Type: s.Type}
		if seen.has(d.Spans, span) {
			r.tally.Duplicates++
			continue
		}
		d.Spans = append(d.Spans, span)
		s.kept++
		if s.gap {
			r.tally.Repairs["discontinuous"]++
		}
	}
}

// spanSet finds equal spans: by a search among few spans, by a map among many.
type spanSet map[ner.Span]bool

// has reports whether a span is in the set, and adds it.
func (seen *spanSet) has(before []ner.Span, s ner.Span) bool {
	const few = 32
	if len(before) < few {
		return slices.Contains(before, s)
	}
	if len(*seen) == 0 {
		*seen = make(spanSet, 2*few)
		for _, b := range before {
			(*seen)[b] = true
		}
	}
	found := (*seen)[s]
	(*seen)[s] = true
	return found
}
