package loaders

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"

	"nerbench/datasets"
	"nerbench/ner"
)

// Fingerprint accumulates the counts and checksums of the documents of a split.
type Fingerprint struct {
	lock         datasets.Lock
	texts, spans hash.Hash
	line         []byte
}

// NewFingerprint returns the fingerprint of no documents.
func NewFingerprint() *Fingerprint {
	return &Fingerprint{
		lock:  datasets.Lock{ByType: map[ner.EntityType]int{}},
		texts: sha256.New(), spans: sha256.New(),
	}
}

// Add adds the next document, in order.
func (f *Fingerprint) Add(d *ner.Document) {
	f.line = append(append(f.line[:0], d.Text...), '\n')
	f.texts.Write(f.line)
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	points := ner.NewCodePoints(d.Text)
	for _, s := range spans {
		b := strconv.AppendInt(f.line[:0], int64(f.lock.Documents), 10)
		b = strconv.AppendInt(append(b, '\t'), int64(points.CodePoint(s.Start)), 10)
		b = strconv.AppendInt(append(b, '\t'), int64(points.CodePoint(s.End)), 10)
		b = append(append(append(b, '\t'), s.Type...), '\n')
		f.spans.Write(b)
		f.line = b
		f.lock.ByType[s.Type]++
	}
	f.lock.Documents++
	f.lock.Tokens += len(d.Tokens)
	f.lock.Spans += len(spans)
}

// Lock returns the counts and checksums so far, without the dropped spans, which
// are in the [Tally].
func (f *Fingerprint) Lock() datasets.Lock {
	l := f.lock
	l.TextsSHA256 = hex.EncodeToString(f.texts.Sum(nil))
	l.SpansSHA256 = hex.EncodeToString(f.spans.Sum(nil))
	return l
}

// DataKey is the run key "data". It changes if a text or a span changes. It is the
// first 16 hexadecimal digits of the SHA-256 of both fingerprints.
func (f *Fingerprint) DataKey() string { return DataKey(f.Lock()) }

// DataKey is the run key "data" of documents with a lock.
func DataKey(l datasets.Lock) string {
	sum := sha256.Sum256([]byte(l.TextsSHA256 + l.SpansSHA256))
	return hex.EncodeToString(sum[:])[:16]
}
