package bundles

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"nerbench/ner"
)

// The limits of a bundle. Bytes of the lines are counted after they are unpacked. Each
// member may unpack to ratio bytes for each of its own, beside the first free ones.
const (
	MaxUnpacked = 2 << 30
	MaxMember   = 64 << 20
	maxManifest = 16 << 20
	maxLine     = 16 << 20
	ratio       = 200
	free        = 16 << 20
	window      = 8 << 20 // of the compression
)

// The names of members.
const (
	manifestName  = "manifest.json"
	sumsName      = "SHA256SUMS"
	signatureName = "SHA256SUMS.sig"
)

// answersName is the name of the member with the answers on a dataset.
func answersName(dataset string) string { return "answers/" + dataset + ".jsonl.zst" }

// Bundle is an open bundle. The caller must close it.
type Bundle struct {
	Manifest *Manifest
	// Digest is the SHA-256 of SHA256SUMS, which identifies the content. It does not
	// depend on the signature.
	Digest string
	// Signer is whose key signed the bundle; nil: it is not signed.
	Signer *Signer

	file      *os.File
	answers   map[string]packedAnswers // by dataset
	signature []byte
}

// packedAnswers are the compressed answers of a run.
type packedAnswers struct {
	size int64
	open func() (io.Reader, error)
}

// Open opens a bundle. It verifies the form of all bytes, the checksums, the signature
// and the manifest. The lines are verified by [Bundle.Passages].
func Open(ctx context.Context, path string) (*Bundle, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	b := &Bundle{file: file}
	if err := b.read(ctx); err != nil {
		file.Close()
		return nil, fmt.Errorf("bundle: %s: %w", path, err)
	}
	return b, nil
}

// Close closes the file.
func (b *Bundle) Close() error { return b.file.Close() }

func (b *Bundle) read(ctx context.Context) error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	files, err := readZip(b.file, info.Size())
	if err != nil {
		return err
	}
	if err := checkMembers(files); err != nil {
		return err
	}
	content, sums, err := b.compare(ctx, files, info.Size())
	if err != nil {
		return err
	}
	written := content[sumsName]
	if want := encodeSums(sums); !bytes.Equal(want, written) {
		return fmt.Errorf("%s: %s", sumsName, differentSum(want, written))
	}
	if b.Manifest, err = decodeManifest(content[manifestName]); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	sum := sha256.Sum256(written)
	b.Digest = hex.EncodeToString(sum[:])
	if err := b.findAnswers(files); err != nil {
		return err
	}
	if signature, signed := content[signatureName]; signed {
		b.signature = signature
		if b.Signer, err = Verify(written, signature, Namespace); err != nil {
			return fmt.Errorf("%s: %w", signatureName, err)
		}
	}
	return nil
}

// checkMembers verifies the names, order and sizes of members before one is read.
func checkMembers(files []*zip.File) error {
	for _, f := range files {
		most := uint64(maxManifest)
		if isAnswers(f.Name) {
			most = MaxMember
		}
		switch {
		case !f.Mode().IsRegular():
			return fmt.Errorf("member %q: not a file", f.Name)
		case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64:
			return fmt.Errorf("member %q: compressed by the zip: %w", f.Name, errNotWritten)
		case f.CompressedSize64 > most:
			return fmt.Errorf("member %q: %d bytes: more than %d", f.Name, f.CompressedSize64, most)
		}
	}
	last := len(files) - 1
	if last >= 0 && files[last].Name == signatureName {
		last--
	}
	if last < 1 || files[0].Name != manifestName || files[last].Name != sumsName {
		return fmt.Errorf("not a bundle: want the members %s, answers, %s, %s, in this order", manifestName, sumsName, signatureName)
	}
	for _, f := range files[1:last] {
		if !isAnswers(f.Name) {
			return fmt.Errorf("member %q: not part of a bundle", f.Name)
		}
	}
	return nil
}

func isAnswers(name string) bool { return strings.HasPrefix(name, "answers/") }

// sum is the checksum of a member.
type sum struct{ name, sha256 string }

// compare reads every byte of the file, and demands that it is what [writeZip] writes. It
// returns the contents of the small members, and the checksums of those that are listed.
func (b *Bundle) compare(ctx context.Context, files []*zip.File, size int64) (content map[string][]byte, sums []sum, err error) {
	content = map[string][]byte{}
	var members []member
	for _, f := range files {
		hash, check, keep := sha256.New(), crc32.NewIEEE(), &bytes.Buffer{}
		members = append(members, member{
			name: f.Name, size: int64(f.CompressedSize64), crc: f.CRC32,
			open: func() (io.Reader, error) {
				raw, err := f.OpenRaw()
				if err != nil {
					return nil, fmt.Errorf("member %q: %w", f.Name, err)
				}
				if isAnswers(f.Name) {
					return io.TeeReader(raw, io.MultiWriter(hash, check)), ctx.Err()
				}
				return io.TeeReader(raw, io.MultiWriter(hash, check, keep)), ctx.Err()
			},
			done: func() error {
				if check.Sum32() != f.CRC32 {
					return fmt.Errorf("member %q: wrong checksum in the zip", f.Name)
				}
				if f.Name != sumsName && f.Name != signatureName {
					sums = append(sums, sum{f.Name, hex.EncodeToString(hash.Sum(nil))})
				}
				content[f.Name] = keep.Bytes()
				return nil
			},
		})
	}
	same := newSameBytes(b.file, size)
	if err := writeZip(same, members); err != nil {
		return nil, nil, err
	}
	return content, sums, same.end()
}

// encodeSums writes checksums as sha256sum does.
func encodeSums(sums []sum) []byte {
	var b bytes.Buffer
	for _, s := range sums {
		fmt.Fprintf(&b, "%s  %s\n", s.sha256, s.name)
	}
	return b.Bytes()
}

// differentSum names the first line that is not as it should be.
func differentSum(want, written []byte) string {
	lines := strings.Split(string(written), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(lines) || lines[i] != line {
			_, name, _ := strings.Cut(line, "  ")
			return fmt.Sprintf("line %d: not the checksum of %q", i+1, name)
		}
	}
	return "more lines than members"
}

// findAnswers finds the member of each run.
func (b *Bundle) findAnswers(files []*zip.File) error {
	var answers []*zip.File
	for _, f := range files {
		if isAnswers(f.Name) {
			answers = append(answers, f)
		}
	}
	if len(answers) != len(b.Manifest.Runs) {
		return fmt.Errorf("%d members with answers of %d runs", len(answers), len(b.Manifest.Runs))
	}
	b.answers = map[string]packedAnswers{}
	var unpacked int64
	for i, f := range answers {
		r := &b.Manifest.Runs[i]
		if f.Name != answersName(r.Dataset()) {
			return fmt.Errorf("run %s: member %q, want %s", r.ID, f.Name, answersName(r.Dataset()))
		}
		b.answers[r.Dataset()] = packedAnswers{int64(f.CompressedSize64), f.OpenRaw}
		if unpacked += r.Answers.Bytes; unpacked > MaxUnpacked {
			return fmt.Errorf("it unpacks to more than %d bytes", int64(MaxUnpacked))
		}
		if err := checkRatio(int64(f.CompressedSize64), r.Answers.Bytes); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// checkRatio refuses a member that unpacks to far more than its size.
func checkRatio(packed, unpacked int64) error {
	if unpacked > free+ratio*packed {
		return fmt.Errorf("its %d bytes unpack to %d: more than %d times its size", packed, unpacked, ratio)
	}
	return nil
}

// Run returns the run on a dataset; nil: there is none.
func (b *Bundle) Run(dataset string) *Run {
	for i := range b.Manifest.Runs {
		if r := &b.Manifest.Runs[i]; r.Dataset() == dataset {
			return r
		}
	}
	return nil
}

// Passages yields the lines of a run, in order. It verifies each line, and at the end
// the checksum of all, and that their counts add up to those of the manifest. It ends
// after the first error. Few lines are in memory at once.
func (b *Bundle) Passages(r *Run) iter.Seq2[*Passage, error] {
	return func(yield func(*Passage, error) bool) {
		if err := b.eachLine(r, func(p *Passage) bool { return yield(p, nil) }); err != nil && !errors.Is(err, errEnough) {
			yield(nil, fmt.Errorf("%s: %w", answersName(r.Dataset()), err))
		}
	}
}

// errEnough ends the reading of lines.
var errEnough = errors.New("enough")

func (b *Bundle) eachLine(r *Run, yield func(*Passage) bool) error {
	raw, err := b.answers[r.Dataset()].open()
	if err != nil {
		return err
	}
	unpacked, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return err
	}
	defer unpacked.Close()
	hash := sha256.New()
	// One byte more than announced is enough to find that there are more.
	lines := &lineReader{in: bufio.NewReaderSize(io.TeeReader(io.LimitReader(unpacked, r.Answers.Bytes+1), hash), int(min(r.Answers.Bytes+1, 1<<16)))}
	sums := newSums(r)
	for place := 0; ; place++ {
		line, err := lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", place+1, err)
		}
		var p Passage
		if err := decodeLine(line, place, r, &p); err != nil {
			return fmt.Errorf("line %d: %w", place+1, err)
		}
		sums.add(&p)
		if !yield(&p) {
			return errEnough
		}
	}
	if lines.bytes != r.Answers.Bytes {
		return fmt.Errorf("%d bytes or more, the manifest has %d", lines.bytes, r.Answers.Bytes)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != r.Answers.SHA256 {
		return errors.New("the lines have another checksum than in the manifest")
	}
	return sums.check()
}

// lineReader reads lines of limited length. A line is valid until the next one is read.
type lineReader struct {
	in    *bufio.Reader
	long  []byte
	bytes int64
}

// next returns a line with its end, or [io.EOF].
func (l *lineReader) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = l.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			if l.long = append(l.long, line...); len(l.long) > maxLine {
				return nil, fmt.Errorf("more than %d bytes", maxLine)
			}
			line, err = l.in.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	l.bytes += int64(len(line))
	if err == io.EOF && len(line) > 0 {
		return nil, errors.New("has no end")
	}
	return line, err
}

// runSums adds up the lines of a run.
type runSums struct {
	run               *Run
	passages, queries int
	totals            []ner.Score
	outcomes          map[ner.Outcome]int
}

func newSums(r *Run) *runSums {
	return &runSums{run: r, totals: make([]ner.Score, len(r.Metrics)), outcomes: map[ner.Outcome]int{}}
}

func (s *runSums) add(p *Passage) {
	s.passages++
	s.queries += p.Queries()
	for i, score := range p.Scores() {
		s.totals[i] = s.totals[i].Add(score)
	}
	for _, o := range p.Outcomes {
		s.outcomes[o]++
	}
}

// check compares the sums with the manifest. Without outcomes in the lines, they are left
// to whoever parses the answers.
func (s *runSums) check() error {
	switch {
	case s.passages != s.run.Passages:
		return fmt.Errorf("%d passages, the manifest has %d", s.passages, s.run.Passages)
	case s.queries != s.run.Queries:
		return fmt.Errorf("%d queries, the manifest has %d", s.queries, s.run.Queries)
	}
	for i, m := range s.run.Metrics {
		if s.totals[i] != m.Total {
			return fmt.Errorf("metric %s: the counts of its passages add up to %v, the manifest has %v", m.ID, s.totals[i], m.Total)
		}
	}
	generated := func(o ner.Outcome, _ int) bool { return !o.Failure() }
	if onlyFailures := maps.Clone(s.run.Outcomes); s.run.Answers.Mode == WithSpans {
		maps.DeleteFunc(onlyFailures, generated)
		if len(onlyFailures) == len(s.run.Outcomes) { // the outcomes of answers with offsets are only their failures
			maps.DeleteFunc(s.outcomes, generated)
		}
	}
	if s.run.Answers.Mode == WithSpans && !maps.Equal(s.outcomes, s.run.Outcomes) {
		return fmt.Errorf("the outcomes of its queries are %s, the manifest has %s", outcomesText(s.outcomes), outcomesText(s.run.Outcomes))
	}
	return nil
}

func outcomesText(outcomes map[ner.Outcome]int) string {
	var parts []string
	for _, o := range slices.Sorted(maps.Keys(outcomes)) {
		parts = append(parts, fmt.Sprintf("%s %d", o, outcomes[o]))
	}
	return strings.Join(parts, ", ")
}
