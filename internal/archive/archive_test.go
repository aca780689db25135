package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/internal/names"
)

// entry is a member of a test archive; typ is a type of tar, 0 for a regular file.
type entry struct {
	name, content string
	typ           byte
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o600, Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		if e.typ != 0 {
			h.Typeflag, h.Linkname, h.Size = e.typ, e.content, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.typ == 0 {
			if _, err := io.WriteString(w, e.content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		switch e.typ {
		case tar.TypeSymlink, tar.TypeLink: // a zip has no hard links
			h.SetMode(fs.ModeSymlink | 0o777)
		case tar.TypeChar:
			h.SetMode(fs.ModeDevice | fs.ModeCharDevice | 0o600)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packings are the ways to pack the same members.
var packings = []struct {
	name string
	pack func(testing.TB, ...entry) []byte
}{
	{"x.zip", zipOf},
	{"x.tar", tarOf},
	{"x.tar.gz", func(t testing.TB, entries ...entry) []byte { return gzipOf(t, tarOf(t, entries...)) }},
	{"X.TGZ", func(t testing.TB, entries ...entry) []byte { return gzipOf(t, tarOf(t, entries...)) }},
}

// open returns a file with these bytes. With streamed, it does not implement
// io.ReaderAt.
func open(t testing.TB, content []byte, streamed bool) fs.File {
	t.Helper()
	f, err := fstest.MapFS{"x": {Data: content}}.Open("x")
	if err != nil {
		t.Fatal(err)
	}
	if streamed {
		return struct{ fs.File }{f}
	}
	return f
}

// small are limits that tests can exceed.
var small = Limits{Members: 100, Bytes: 1 << 20, Ratio: 10, Free: 1 << 16}

func TestMembers(t *testing.T) {
	entries := []entry{
		{"b/two.txt", "two", 0}, {"./one.txt", "one", 0}, {"b/.hidden", "x", 0}, {"__MACOSX/b/two.txt", "x", 0},
		{"link", "/etc/passwd", tar.TypeSymlink}, {"device", "", tar.TypeChar}, {"folder/", "", tar.TypeDir}, {"empty", "", 0}, {"b/Icon\r", "x", 0},
		{"hard", "one.txt", tar.TypeLink},
	}
	want := map[string]string{"b/two.txt": "two", "one.txt": "one", "empty": ""}
	for _, p := range packings {
		for _, streamed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, streamed %t", p.name, streamed), func(t *testing.T) {
				t.Setenv("TMPDIR", t.TempDir())
				packed := p.pack(t, entries...)
				got := map[string]string{}
				err := Each(t.Context(), open(t, packed, streamed), p.name, small, func(name string, size int64, content io.Reader) error {
					b, err := io.ReadAll(content)
					if int64(len(b)) != size {
						t.Errorf("%s: size %d, read %d bytes", name, size, len(b))
					}
					got[name] = string(b)
					return err
				})
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("each: %q, error %v, want %q", got, err, want)
				}
				checkFiles(t, open(t, packed, streamed), p.name, want)
				if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
					t.Errorf("temporary files remain: %v, %v", left, err)
				}
			})
		}
	}
}

// checkFiles opens an archive and compares its files, which are read from last to
// first.
func checkFiles(t *testing.T, packed fs.File, name string, want map[string]string) {
	t.Helper()
	files, err := Open(t.Context(), packed, name, small)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	}()
	found := files.Names()
	if len(found) != len(want) || !slices.IsSorted(found) {
		t.Errorf("names %q", found)
	}
	for _, name := range slices.Backward(found) {
		b, err := fs.ReadFile(files, name)
		if err != nil || string(b) != want[name] {
			t.Errorf("%s: %q, error %v, want %q", name, b, err, want[name])
		}
	}
	if _, err := files.Open("nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nosuch: error %v", err)
	}
}

// Names that point outside, and names that some systems read as another one.
func TestRefusedNames(t *testing.T) {
	for _, name := range []string{
		"../x", "a/../../x", "/etc/passwd", "..", "./..", "a/../..", "", "a/../x", "a/b/c/d/../../../x", `..\x`, `a\..\..\x`, `\\host\x`,
		"a/x\n", "a/x\x1b[2J", "nul", "a/con.txt", strings.Repeat("x", 256), strings.Repeat("x/", 600) + "x",
	} {
		for _, p := range packings {
			if name == "" && p.name != "x.zip" {
				continue // the tar writer refuses it
			}
			t.Run(fmt.Sprintf("%s %.40q", p.name, name), func(t *testing.T) {
				err := Each(t.Context(), open(t, p.pack(t, entry{name, "x", 0}), false), p.name, small, func(name string, _ int64, _ io.Reader) error {
					t.Errorf("%q is visited", name)
					return nil
				})
				if !errors.Is(err, names.ErrOutside) && !errors.Is(err, names.ErrUnusable) || len(name) < 100 && !strings.Contains(err.Error(), strconv.Quote(name)) {
					t.Errorf("error %v, want the name", err)
				}
			})
		}
	}
}

// sparse is a tar archive of 2 kB with one file of holes. The tar writer cannot
// write sparse files, so the names of the records are changed afterwards.
func sparse(t testing.TB, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	records := map[string]string{
		"XNU.sparse.major": "0", "XNU.sparse.minor": "1", "XNU.sparse.numblocks": "1", "XNU.sparse.map": "0,0", "XNU.sparse.size": strconv.FormatInt(size, 10),
	}
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "holes", Mode: 0o600, Typeflag: tar.TypeReg, PAXRecords: records}), w.Close()); err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("XNU.sparse"), []byte("GNU.sparse"))
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<18)
	many := make([]entry, 101)
	for i := range many {
		many[i] = entry{strconv.Itoa(i), "", 0}
	}
	skipped := entry{"dir/.hidden", strings.Repeat("\x00", 2<<20), 0}
	for _, tc := range []struct {
		name, file string
		content    []byte
	}{
		{"one large member in a zip", "x.zip", zipOf(t, entry{"x", strings.Repeat("\x00", 2<<20), 0})},
		{"one large member in a tar.gz", "x.tgz", gzipOf(t, tarOf(t, entry{"x", strings.Repeat("\x00", 2<<20), 0}))},
		{"a large member that is skipped", "x.tgz", gzipOf(t, tarOf(t, skipped, entry{"x", "", 0}))},
		{"members with a large total size", "x.zip", zipOf(t, entry{"a", zeros, 0}, entry{"b", zeros, 0}, entry{"c", zeros, 0}, entry{"d", zeros, 0}, entry{"e", "x", 0})},
		{"holes in a tar", "x.tar", sparse(t, 1<<40)},
		{"many members in a zip", "x.zip", zipOf(t, many...)},
		{"many members in a tar", "x.tar", tarOf(t, many...)},
		{"a large archive that is copied first", "streamed.zip", append(make([]byte, 2<<20), zipOf(t, entry{"x", "x", 0})...)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			in := open(t, tc.content, strings.HasPrefix(tc.file, "streamed"))
			files, err := Open(t.Context(), in, tc.file, small)
			if !errors.Is(err, ErrLimit) {
				t.Errorf("error %v, want ErrLimit", err)
			}
			if files != nil {
				t.Error("files are returned with the error")
			}
			if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
				t.Errorf("temporary files remain: %v, %v", left, err)
			}
		})
	}
}

func TestEachRefuses(t *testing.T) {
	cut := tarOf(t, entry{"x", "content", 0})[:515]
	for _, tc := range []struct {
		name, file, content, want string
	}{
		{"not a zip", "x.zip", "x", "zip: not a valid zip file"},
		{"not a gzip file", "x.tgz", "x", "gzip: "},
		{"truncated", "x.tar", string(cut), "unexpected EOF"},
		{"not an archive", "x.rar", "x", "x.rar: not an archive"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Open(t.Context(), open(t, []byte(tc.content), false), tc.file, small)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// A pass through an archive stops when its context ends or visit fails.
func TestEachStops(t *testing.T) {
	errVisit := errors.New("enough")
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			packed := p.pack(t, entry{"a", "x", 0}, entry{"b", "x", 0})
			visited := 0
			err := Each(ctx, open(t, packed, false), p.name, small, func(string, int64, io.Reader) error {
				visited++
				cancel()
				return nil
			})
			if !errors.Is(err, context.Canceled) || visited != 1 {
				t.Errorf("error %v after %d members", err, visited)
			}
			err = Each(t.Context(), open(t, packed, false), p.name, small, func(string, int64, io.Reader) error { return errVisit })
			if !errors.Is(err, errVisit) || !strings.HasPrefix(err.Error(), "a: ") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// FuzzEach reads damaged archives: no name points outside, the limits hold, and
// [Open] and [Each] agree.
func FuzzEach(f *testing.F) {
	for i, p := range packings[:3] {
		f.Add(byte(i), p.pack(f, entry{"a/b", "content", 0}, entry{"../x", "x", 0}))
		f.Add(byte(i), p.pack(f, entry{"a/b", "content", 0}, entry{"a/b", "again", 0}, entry{"link", "x", tar.TypeSymlink}))
	}
	f.Add(byte(1), sparse(f, 1<<10))
	f.Fuzz(func(t *testing.T, kind byte, packed []byte) {
		name := packings[kind%3].name
		var total int64
		got := map[string]string{}
		err := Each(t.Context(), open(t, packed, false), name, small, func(name string, _ int64, content io.Reader) error {
			if local, err := names.Local(name); err != nil || local != name {
				t.Errorf("name %q: %q, %v", name, local, err)
			}
			b, err := io.ReadAll(content)
			got[name] = string(b)
			total += int64(len(b))
			return err
		})
		if total > small.Bytes {
			t.Errorf("%d bytes are read", total)
		}
		files, opening := Open(t.Context(), open(t, packed, false), name, small)
		if fmt.Sprint(err) != fmt.Sprint(opening) {
			t.Fatalf("each: %v, open: %v", err, opening)
		}
		if opening != nil {
			return
		}
		defer files.Close()
		for name, want := range got {
			if b, err := fs.ReadFile(files, name); err != nil || string(b) != want {
				t.Errorf("%q: %q, error %v, want %q", name, b, err, want)
			}
		}
	})
}

// BenchmarkOpen unpacks 5,000 members of 2 kB, and BenchmarkEach reads them into memory.
func BenchmarkOpen(b *testing.B) {
	packed := manyMembers(b)
	for b.Loop() {
		files, err := Open(b.Context(), open(b, packed, false), "x.tar.gz", DefaultLimits)
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range files.Names() {
			if _, err := fs.ReadFile(files, name); err != nil {
				b.Fatal(err)
			}
		}
		if err := files.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEach(b *testing.B) {
	packed := manyMembers(b)
	for b.Loop() {
		err := Each(b.Context(), open(b, packed, false), "x.tar.gz", DefaultLimits, func(_ string, _ int64, content io.Reader) error {
			_, err := io.ReadAll(content)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func manyMembers(b *testing.B) []byte {
	b.Helper()
	entries := make([]entry, 5000)
	for i := range entries {
		entries[i] = entry{fmt.Sprintf("texts/%d.txt", i), strings.Repeat(fmt.Sprintf("Mira left Essa %d. ", i), 100), 0}
	}
	return gzipOf(b, tarOf(b, entries...))
}
