package bundles

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// member is a member of the zip.
type member struct {
	name string
	size int64
	crc  uint32
	open func() (io.Reader, error)
	done func() error // called when the content was written; may be nil
}

// newMember is a member with a content in memory.
func newMember(name string, content []byte) member {
	open := func() (io.Reader, error) { return bytes.NewReader(content), nil }
	return member{name: name, size: int64(len(content)), crc: crc32.ChecksumIEEE(content), open: open}
}

// firstDay is 1980-01-01 in the form of a zip, which has no earlier day.
const firstDay = 1<<5 | 1

// writeZip writes members, without a time and without compression.
func writeZip(w io.Writer, members []member) error {
	z := zip.NewWriter(w)
	for _, m := range members {
		header := &zip.FileHeader{
			Name: m.name, Method: zip.Store, CRC32: m.crc, CompressedSize64: uint64(m.size), UncompressedSize64: uint64(m.size),
			//lint:ignore SA1019 CreateRaw writes this field, not its successor
			ModifiedDate: firstDay,
		}
		header.SetMode(0o644)
		to, err := z.CreateRaw(header)
		if err != nil {
			return err
		}
		from, err := m.open()
		if err != nil {
			return err
		}
		if n, err := io.Copy(to, from); err != nil || n != m.size {
			return errors.Join(fmt.Errorf("%s: %d of %d bytes", m.name, n, m.size), err)
		}
		if m.done == nil {
			continue
		}
		if err := m.done(); err != nil {
			return err
		}
	}
	return z.Close()
}

// endSize is the size of the end of a zip without a comment.
const endSize = 22

// readZip lists the members of a zip that [writeZip] wrote. It does not read them.
func readZip(file io.ReaderAt, size int64) ([]*zip.File, error) {
	var end [endSize]byte
	if size < endSize {
		return nil, zip.ErrFormat
	}
	if _, err := file.ReadAt(end[:], size-endSize); err != nil {
		return nil, err
	}
	// The list of a zip with many members is long, so their number is read first.
	if !bytes.HasPrefix(end[:], []byte("PK\x05\x06")) {
		return nil, fmt.Errorf("its end is %w", errNotWritten)
	}
	if n := binary.LittleEndian.Uint16(end[10:]); n > maxRuns+3 {
		return nil, fmt.Errorf("%d members: more than %d", n, maxRuns+3)
	}
	z, err := zip.NewReader(file, size)
	if err != nil {
		return nil, err
	}
	return z.File, nil
}

// sameBytes compares what is written with a file.
type sameBytes struct {
	file   *bufio.Reader
	buffer []byte
	place  int64
}

func newSameBytes(file io.ReaderAt, size int64) *sameBytes {
	return &sameBytes{file: bufio.NewReaderSize(io.NewSectionReader(file, 0, size), 1<<16)}
}

func (s *sameBytes) Write(p []byte) (int, error) {
	if len(p) > len(s.buffer) {
		s.buffer = make([]byte, len(p))
	}
	there := s.buffer[:len(p)]
	if n, err := io.ReadFull(s.file, there); err != nil {
		return 0, fmt.Errorf("byte %d: the file ends: %w", s.place+int64(n), errNotWritten)
	}
	for i := range p {
		if p[i] != there[i] {
			return 0, fmt.Errorf("byte %d: %w", s.place+int64(i), errNotWritten)
		}
	}
	s.place += int64(len(p))
	return len(p), nil
}

// end demands that the file has no further bytes.
func (s *sameBytes) end() error {
	if _, err := s.file.ReadByte(); err == nil {
		return fmt.Errorf("byte %d: %w", s.place, errNotWritten)
	}
	return nil
}
