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

	"nerbench/internal/names"
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

const (
	// endSize is the size of the end of a zip without a comment.
	endSize = 22
	// locatorSize is the size of what is before it in a zip with numbers of 64 bits.
	locatorSize = 20
	// maxList is the largest size of the list of members, in bytes: the longest names of
	// files, beside their ending, and 46 more for each member.
	maxList = (maxRuns + 3) * (names.MaxElement + 64)
)

// readZip lists the members of a zip that [writeZip] wrote. It does not read them.
func readZip(file io.ReaderAt, size int64) ([]*zip.File, error) {
	if size < endSize {
		return nil, zip.ErrFormat
	}
	last := make([]byte, min(size, locatorSize+endSize))
	if _, err := file.ReadAt(last, size-int64(len(last))); err != nil {
		return nil, err
	}
	locator, end := last[:len(last)-endSize], last[len(last)-endSize:]
	// The list of a zip with many members is long, so their number is read first.
	if !bytes.HasPrefix(end, []byte("PK\x05\x06")) {
		return nil, fmt.Errorf("its end is %w", errNotWritten)
	}
	if n := binary.LittleEndian.Uint16(end[10:]); n > maxRuns+3 {
		return nil, fmt.Errorf("%d members: more than %d", n, maxRuns+3)
	}
	// The library takes this number modulo 65536, and reads as many members as it finds
	// from the place of the list on, which may be in an end of 64 bits.
	length, place := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if length > maxList || place+length+endSize != size || bytes.HasPrefix(locator, []byte("PK\x06\x07")) {
		return nil, fmt.Errorf("its list of members is %w", errNotWritten)
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
