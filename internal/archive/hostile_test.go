package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/internal/names"
)

// rawZip writes a zip without the checks of the writer: each entry says what it likes about
// its content. count is the number of entries at the end; below 0: the true one.
func rawZip(count int, entries ...rawEntry) []byte {
	var b, directory []byte
	for _, e := range entries {
		at := len(b)
		if e.at > 0 {
			at = e.at - 1
		} else {
			b = append(b, "PK\x03\x04"...)
			b = e.fields(b)
			b = append(append(b, e.name...), e.content...)
		}
		directory = append(directory, "PK\x01\x02\x14\x03"...)
		directory = e.fields(directory)
		directory = append(directory, make([]byte, 6)...) // comment, disk, internal attributes
		directory = binary.LittleEndian.AppendUint32(directory, e.mode<<16)
		directory = binary.LittleEndian.AppendUint32(directory, uint32(at))
		directory = append(directory, e.name...)
	}
	if count < 0 {
		count = len(entries)
	}
	start := len(b)
	b = append(append(b, directory...), "PK\x05\x06\x00\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(count)), uint16(count))
	b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(len(directory))), uint32(start))
	return append(b, 0, 0)
}

// rawEntry is an entry of a zip.
type rawEntry struct {
	name, content         string
	flags, method         uint16
	sum, packed, unpacked uint32
	mode                  uint32
	at                    int // place of the local header, plus 1; 0: its own
}

// plainEntry is an entry that is stored as it is.
func plainEntry(name, content string) rawEntry {
	n := uint32(len(content))
	return rawEntry{name: name, content: content, sum: crc32.ChecksumIEEE([]byte(content)), packed: n, unpacked: n, mode: 0o100600}
}

func (e rawEntry) with(change func(*rawEntry)) rawEntry { change(&e); return e }

func (e rawEntry) fields(b []byte) []byte {
	for _, v := range []uint16{20, e.flags, e.method, 0, 0} {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	for _, v := range []uint32{e.sum, e.packed, e.unpacked} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(len(e.name))), 0)
}

// paxOf is a tar archive with records of PAX.
func paxOf(t testing.TB, h tar.Header, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&h); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rawTar is a tar archive with one header in which a field is replaced.
func rawTar(t testing.TB, at int, field string, e entry) []byte {
	t.Helper()
	b := tarOf(t, e)
	copy(b[at:], field)
	copy(b[148:156], "        ")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// hostile is an archive that is made to do harm, and what becomes of it: an error, or its
// members.
type hostile struct {
	name, file string
	content    []byte
	err        string
	members    []string // name=content, sorted; nil: none
}

func hostileArchives(t testing.TB) []hostile {
	good := entry{"a.txt", "good", 0}
	zipped := zipOf(t, good)
	long := strings.Repeat("n", 10_000)
	many := make([]rawEntry, 1<<17)
	for i := range many {
		many[i] = plainEntry("n", "").with(func(e *rawEntry) { e.at = min(i, 1) })
	}
	bad := func(change func(*rawEntry)) []byte {
		return rawZip(-1, plainEntry("b.txt", "content").with(change))
	}
	gz := func(b []byte) []byte { return gzipOf(t, b) }
	tarred := tarOf(t, good)
	return []hostile{
		{"a link", "x.tar", tarOf(t, good, entry{"link", "../../etc/passwd", tar.TypeSymlink}), "", []string{"a.txt=good"}},
		{"a hard link", "x.tar", tarOf(t, good, entry{"link", "/etc/passwd", tar.TypeLink}), "", []string{"a.txt=good"}},
		{"a device", "x.tar", tarOf(t, good, entry{"zero", "", tar.TypeChar}), "", []string{"a.txt=good"}},
		{"a disk", "x.tar", tarOf(t, good, entry{"disk", "", tar.TypeBlock}), "", []string{"a.txt=good"}},
		{"a pipe", "x.tar", tarOf(t, good, entry{"pipe", "", tar.TypeFifo}), "", []string{"a.txt=good"}},
		{"a file through a link", "x.tar", tarOf(t, entry{"d", "/tmp", tar.TypeSymlink}, entry{"d/x", "x", 0}), "", []string{"d/x=x"}},
		{"a link in a zip", "x.zip", rawZip(-1, plainEntry("link", "/etc/passwd").with(func(e *rawEntry) { e.mode = 0o120777 }), plainEntry("a.txt", "good")), "", []string{"a.txt=good"}},
		{"a device in a zip", "x.zip", rawZip(-1, plainEntry("zero", "").with(func(e *rawEntry) { e.mode = 0o20666 })), "", nil},
		{"parents", "x.zip", zipOf(t, good, entry{"../../x", "x", 0}), "member ", nil},
		{"parents in the middle", "x.tgz", gz(tarOf(t, entry{"a/../../x", "x", 0})), "member ", nil},
		{"parents in PAX", "x.tar", paxOf(t, tar.Header{Name: "../" + strings.Repeat("é", 60), Mode: 0o600, Typeflag: tar.TypeReg}, ""), "member ", nil},
		{"an absolute name", "x.tar", tarOf(t, entry{"/etc/x", "x", 0}), "member ", nil},
		{"a name of Windows", "x.zip", zipOf(t, entry{`C:\x`, "x", 0}), "member ", nil},
		{"a device of Windows", "x.zip", zipOf(t, entry{"a/NUL.txt", "x", 0}), "member ", nil},
		{"a name with a line break", "x.zip", zipOf(t, entry{"a\nb", "x", 0}), "member ", nil},
		{"a name with a null", "x.zip", rawZip(-1, plainEntry("a\x00b", "x")), "member ", nil},
		{"a name that is not UTF-8", "x.zip", rawZip(-1, plainEntry("a\xff", "x")), "", []string{"a\xff=x"}},
		{"a name without letters", "x.zip", rawZip(-1, plainEntry("", "x")), "member ", nil},
		{"a name of 10 KB", "x.zip", zipOf(t, entry{long, "x", 0}), "member ", nil},
		{"a name of 10 KB in a tar", "x.tar", paxOf(t, tar.Header{Name: long, Mode: 0o600, Typeflag: tar.TypeReg, Format: tar.FormatGNU}, ""), "member ", nil},
		{"a name of 60 KB of folders", "x.zip", zipOf(t, entry{strings.Repeat("d/", 30_000) + "x", "x", 0}), "member ", nil},
		{"two members of one name", "x.zip", zipOf(t, good, entry{"a.txt", "second", 0}), "", []string{"a.txt=second"}},
		{"two members of one name in a tar", "x.tar", tarOf(t, good, entry{"./a.txt", "second", 0}), "", []string{"a.txt=second"}},
		{"a file and a folder of one name", "x.tar", tarOf(t, entry{"a", "file", 0}, entry{"a/b", "below", 0}), "", []string{"a/b=below", "a=file"}},
		{"a bomb", "x.zip", zipOf(t, entry{"x", strings.Repeat("\x00", 8<<20), 0}), ErrLimit.Error(), nil},
		{"a bomb in a tar", "x.tgz", gz(tarOf(t, entry{"x", strings.Repeat("\x00", 8<<20), 0})), ErrLimit.Error(), nil},
		{"a bomb of headers", "x.tgz", gz(bytes.Repeat(tarOf(t, entry{"d/", "", tar.TypeDir})[:512], 1<<14)), ErrLimit.Error(), nil},
		{"a bomb of nothing", "x.tgz", gz(make([]byte, 8<<20)), "", nil}, // two empty blocks are the end of a tar
		{"holes", "x.tar", sparse(t, 1<<50), ErrLimit.Error(), nil},
		{"an archive in an archive", "x.zip", rawZip(-1, plainEntry("inner.zip", string(zipped))), "", []string{"inner.zip=" + string(zipped)}},
		{"a zip in its comment", "x.zip", append(slices.Clone(zipped), zipOf(t, entry{"b.txt", "other", 0})...), "", []string{"b.txt=other"}},
		{"many entries", "x.zip", rawZip(-1, many...), ErrLimit.Error(), nil},
		{"a count of 65535", "x.zip", rawZip(65535, plainEntry("b.txt", "x")), "unexpected EOF", nil},
		{"an encrypted member", "x.zip", bad(func(e *rawEntry) { e.flags = 1; e.content = "secret!" }), "zip: ", nil},
		{"an unknown method", "x.zip", bad(func(e *rawEntry) { e.method = 14 }), "unsupported compression", nil},
		{"a wrong checksum", "x.zip", bad(func(e *rawEntry) { e.sum++ }), "checksum error", nil},
		{"more content than its size", "x.zip", bad(func(e *rawEntry) { e.unpacked = 2 }), "zip: ", nil},
		{"less content than its size", "x.zip", bad(func(e *rawEntry) { e.unpacked = 1 << 30 }), "unexpected EOF", nil},
		{"a size of 4 GB", "x.zip", bad(func(e *rawEntry) { e.packed, e.unpacked = 0xfffffffe, 0xfffffffe }), "b.txt: unexpected EOF", nil},
		{"compressed bytes that are none", "x.zip", bad(func(e *rawEntry) { e.method = 8 }), "b.txt: unexpected EOF", nil},
		{"a member beyond the file", "x.zip", rawZip(-1, plainEntry("b.txt", "x").with(func(e *rawEntry) { e.at = 1 << 30 })), "b.txt: ", nil},
		{"members at one place", "x.zip", rawZip(-1, plainEntry("b.txt", "same"), plainEntry("c.txt", "same").with(func(e *rawEntry) { e.at = 1 })), "", []string{"b.txt=same", "c.txt=same"}},
		{"a member in the directory", "x.zip", rawZip(-1, plainEntry("b.txt", "x"), plainEntry("c.txt", "x").with(func(e *rawEntry) { e.at = 37 })), "zip: ", nil},
		{"a cut zip", "x.zip", zipped[:len(zipped)-10], "zip: ", nil},
		{"a cut tar", "x.tar", tarred[:514], "unexpected EOF", nil},
		{"a cut gzip", "x.tgz", gz(tarred)[:60], "unexpected EOF", nil},
		{"a gzip with another checksum", "x.tgz", func() []byte { b := gz(tarred); b[len(b)-5] ^= 1; return b }(), "gzip: invalid checksum", nil},
		{"a gzip with an endless name", "x.tgz", append([]byte{0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0}, bytes.Repeat([]byte{'n'}, 1<<20)...), "gzip: ", nil},
		{"bytes after a gzip", "x.tgz", append(gz(tarred), "garbage"...), "", []string{"a.txt=good"}},
		{"a negative size", "x.tar", rawTar(t, 124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", good), "archive/tar: ", nil},
		{"a huge size", "x.tar", rawTar(t, 124, "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff", good), "a.txt: unexpected EOF", nil},
		{"a size that is no number", "x.tar", rawTar(t, 124, "99999999999\x00", good), "archive/tar: ", nil},
		{"a header with a wrong checksum", "x.tar", append([]byte("b"), tarred[1:]...), "archive/tar: ", nil},
		{"an unknown type", "x.tar", rawTar(t, 156, "Z", good), "", nil},
		{"records of PAX without an end", "x.tar", rawTar(t, 156, "x", entry{"p", "99999 path=x\n", 0}), "archive/tar: ", nil},
		{"records of PAX of 10 MB", "x.tar", rawTar(t, 156, "x", entry{"p", strings.Repeat("20 comment=xxxxxxxx\n", 1<<16)[:1<<20+1], 0}), ErrLimit.Error(), nil},
		{"a global header", "x.tar", append(rawTar(t, 156, "g", entry{"g", "20 path=../../outer\n", 0})[:1024], tarred...), "", []string{"a.txt=good"}},
		{"another format", "x.zip", []byte("Rar!\x1a\x07\x01\x00"), "zip: ", nil},
		{"nothing", "x.zip", nil, "zip: ", nil},
	}
}

// TestHostileArchives: each hostile archive is an error of one short line, or gives the
// members that a user expects, within the limits. Then the same archives are damaged at
// random.
func TestHostileArchives(t *testing.T) {
	all := hostileArchives(t)
	c := campaign.Start(t, campaign.Size{Short: 10 * len(all), Full: 2000 * len(all)})
	t.Setenv("TMPDIR", t.TempDir())
	for n := range c.Tries {
		h := all[n%len(all)]
		whole := n < len(all)
		content := h.content
		if !whole {
			content = campaign.Damage(c.Random, content)
		}
		var members []string
		var err error
		if used := campaign.Memory(t, func() { members, err = read(t, h.name, h.file, content) }); used > 100<<20 {
			t.Errorf("%s: %d MiB were allocated", h.name, used>>20)
		}
		if err != nil {
			c.Saw(1, "were refused")
			if line := err.Error(); len(line) > 2000 || strings.ContainsAny(line, "\n\x1b") {
				t.Errorf("%s: error of %d bytes: %.300q", h.name, len(line), line)
			}
		} else {
			c.Saw(1, "were read")
		}
		if !whole {
			continue
		}
		switch {
		case h.err != "" && (err == nil || !strings.Contains(err.Error(), h.err)):
			t.Errorf("%s: error %v, want %q", h.name, err, h.err)
		case h.err == "" && (err != nil || !slices.Equal(members, h.members)):
			t.Errorf("%s: %.300q, %v; want %q", h.name, members, err, h.members)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("temporary files remain: %v, %v", left, err)
	}
}

// read is what [Open] makes of an archive. It checks the names and the limits.
func read(t *testing.T, what, name string, content []byte) (members []string, err error) {
	t.Helper()
	var total int64
	found := map[string]string{}
	err = Each(t.Context(), open(t, content, false), name, small, func(name string, _ int64, in io.Reader) error {
		if local, err := names.Local(name); err != nil || local != name {
			t.Errorf("%s: name %q: %q, %v", what, name, local, err)
		}
		b, err := io.ReadAll(in)
		found[name] = string(b)
		total += int64(len(b))
		return err
	})
	if total > small.Bytes {
		t.Errorf("%s: %d bytes are read", what, total)
	}
	for name, content := range found {
		members = append(members, name+"="+content)
	}
	slices.Sort(members)
	return members, err
}

// TestManyEntries: the directory of a zip is not kept in memory if it is too large, whatever
// it says about its length.
func TestManyEntries(t *testing.T) {
	one := rawZip(-1, plainEntry("", "").with(func(e *rawEntry) { e.at = 1 }))
	entry, end := one[:46], one[46:]
	packed := append(bytes.Repeat(entry, 2_000_000), end...)
	binary.LittleEndian.PutUint32(packed[len(packed)-10:], uint32(46*2_000_000))
	var err error
	if used := campaign.Memory(t, func() {
		err = Each(t.Context(), open(t, packed, false), "x.zip", DefaultLimits, func(string, int64, io.Reader) error { return nil })
	}); !errors.Is(err, ErrLimit) || used > 400<<20 {
		t.Errorf("%d MiB were allocated, error %v", used>>20, err)
	}
	if _, err := zip.NewReader(bytes.NewReader(rawZip(-1, plainEntry("b", "x"))), int64(len(rawZip(-1, plainEntry("b", "x"))))); err != nil {
		t.Errorf("rawZip: %v", err)
	}
}
