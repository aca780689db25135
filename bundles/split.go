package bundles

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"nerbench/internal/checksum"
)

// Part is a bundle of one run in two pieces: the manifest with the signature, which
// people read, and the compressed answers. A repository keeps them apart; [Join] gives the
// bundle again.
type Part struct {
	// Blob is the SHA-256 of the compressed answers.
	Blob string `json:"blob"`
	// Signature signs the checksums of the bundle.
	Signature string    `json:"signature"`
	Manifest  *Manifest `json:"manifest"`
}

// sums are the checksums that the signature of the part signs.
func (p *Part) sums() ([]byte, error) {
	if len(p.Manifest.Runs) != 1 {
		return nil, fmt.Errorf("%d runs: want one", len(p.Manifest.Runs))
	}
	manifest, err := encodeManifest(p.Manifest)
	if err != nil {
		return nil, err
	}
	sha := sha256.Sum256(manifest)
	return encodeSums([]sum{{manifestName, hex.EncodeToString(sha[:])}, {answersName(p.Manifest.Runs[0].Dataset()), p.Blob}}), nil
}

// Digest is the digest of the bundle that [Join] gives ([Bundle.Digest]).
func (p *Part) Digest() (string, error) {
	sums, err := p.sums()
	digest := sha256.Sum256(sums)
	return hex.EncodeToString(digest[:]), err
}

// Check verifies the manifest and the signature of a part, and returns whose it is.
func (p *Part) Check() (*Signer, error) {
	if p.Manifest == nil {
		return nil, fmt.Errorf("manifest: is missing")
	}
	if err := p.Manifest.Check(); err != nil {
		return nil, err
	}
	sums, err := p.sums()
	if err != nil {
		return nil, err
	}
	return Verify(sums, []byte(p.Signature), Namespace)
}

// ErrNoKey says that [Bundle.Split] needs a key.
var ErrNoKey = errors.New("the signature of the bundle is about several runs, or there is none: want a key to sign each")

// Split returns the part of a run. A bundle of one run keeps its signature; of another
// one, each part is signed by key.
func (b *Bundle) Split(r *Run, key *Key) (*Part, error) {
	m := *b.Manifest
	m.Runs = runList{*r}
	p := &Part{Manifest: &m}
	hash := sha256.New()
	if err := b.CopyBlob(hash, r); err != nil {
		return nil, err
	}
	p.Blob = hex.EncodeToString(hash.Sum(nil))
	if len(b.Manifest.Runs) == 1 && b.signature != nil {
		p.Signature = string(b.signature)
		return p, nil
	}
	if key == nil {
		return nil, fmt.Errorf("run %s: %w", r.ID, ErrNoKey)
	}
	sums, err := p.sums()
	if err != nil {
		return nil, err
	}
	signature, err := key.Sign(sums, Namespace)
	p.Signature = string(signature)
	return p, err
}

// BlobSize is the size of the compressed answers of a run, in bytes.
func (b *Bundle) BlobSize(r *Run) int64 { return b.answers[r.Dataset()].size }

// CopyBlob copies the compressed answers of a run.
func (b *Bundle) CopyBlob(to io.Writer, r *Run) error {
	raw, err := b.answers[r.Dataset()].open()
	if err != nil {
		return err
	}
	_, err = io.Copy(to, raw)
	return err
}

// Join writes the bundle of a part, whose compressed answers are in a file.
func Join(to io.Writer, p *Part, blob *os.File) error {
	sums, err := p.sums()
	if err != nil {
		return err
	}
	manifest, err := encodeManifest(p.Manifest)
	if err != nil {
		return err
	}
	check := crc32.NewIEEE()
	size, err := io.Copy(check, io.LimitReader(blob, MaxMember+1))
	if err != nil || size > MaxMember {
		return fmt.Errorf("answers: more than %d bytes, or not readable: %w", MaxMember, err)
	}
	answers := member{
		name: answersName(p.Manifest.Runs[0].Dataset()), size: size, crc: check.Sum32(),
		open: func() (io.Reader, error) { return io.NewSectionReader(blob, 0, size), nil },
	}
	return writeZip(to, []member{newMember(manifestName, manifest), answers, newMember(sumsName, sums), newMember(signatureName, []byte(p.Signature))})
}

// Open opens a part, whose compressed answers are in a file, as [Open] does the bundle that
// [Join] gives, without making it. signer is that of [Part.Check]. The bundle closes the
// file, also if there is an error.
func (p *Part) Open(ctx context.Context, signer *Signer, blob *os.File) (*Bundle, error) {
	b := &Bundle{Manifest: p.Manifest, Signer: signer, file: blob, signature: []byte(p.Signature)}
	if err := b.readPart(ctx, p); err != nil {
		blob.Close()
		return nil, err
	}
	return b, nil
}

func (b *Bundle) readPart(ctx context.Context, p *Part) (err error) {
	if b.Digest, err = p.Digest(); err != nil {
		return err
	}
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	run := &p.Manifest.Runs[0]
	name, size := answersName(run.Dataset()), info.Size()
	switch {
	case !info.Mode().IsRegular():
		return errors.New("answers: not a file")
	case size > MaxMember:
		return fmt.Errorf("answers: %d bytes: more than %d", size, MaxMember)
	case run.Answers.Bytes > MaxUnpacked:
		return fmt.Errorf("it unpacks to more than %d bytes", int64(MaxUnpacked))
	}
	if err := checkRatio(size, run.Answers.Bytes); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	open := func() (io.Reader, error) { return io.NewSectionReader(b.file, 0, size), nil }
	raw, _ := open()
	if got, err := checksum.Of(ctx, raw); err != nil || got != p.Blob {
		return cmp.Or(err, fmt.Errorf("not the checksum of %q", name))
	}
	b.answers = map[string]packedAnswers{run.Dataset(): {size, open}}
	return nil
}
