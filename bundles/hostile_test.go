package bundles

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// membersOf are the members of a bundle.
func membersOf(t testing.TB, content []byte) []member {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var members []member
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, newMember(f.Name, b))
	}
	return members
}

func contentOf(t testing.TB, m member) []byte {
	t.Helper()
	r, err := m.open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sha256Of(t testing.TB, m member) string {
	sum := sha256.Sum256(contentOf(t, m))
	return hex.EncodeToString(sum[:])
}

func zipped(t testing.TB, members []member) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeZip(&b, members); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compressed(t testing.TB, text string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(text), nil)
}

func unpackedLines(t testing.TB, content []byte) string {
	t.Helper()
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := r.DecodeAll(content, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// zeros is a stream of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestZeros: members that unpack to 2 GB of zeros are refused, without the memory for it.
func TestZeros(t *testing.T) {
	var packedZeros bytes.Buffer
	w, err := zstd.NewWriter(&packedZeros, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, 2<<30); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		bytes int64
		want  string
	}{
		"as announced":    {2 << 30, "more than 200 times its size"},
		"more announced":  {2<<30 + 1, "bytes: want 1 to"},
		"fewer announced": {15 << 20, "line 1: has no end"},
		"a long line":     {free + 200*(64<<10), "more than 16777216 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			m := someManifest()
			members := membersOf(t, written(t, m, someLines, nil))
			answers := members[1 : len(members)-1]
			answers[0] = newMember(answers[0].name, packedZeros.Bytes())
			m.Runs[0].Answers.Bytes = tc.bytes
			manifest, err := encodeManifest(m)
			if err != nil {
				t.Fatal(err)
			}
			content := packed(t, manifest, answers)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err = opened(t, content)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 200 {
				t.Errorf("%d MiB were allocated", used)
			}
		})
	}
}

// TestHostileZips: zips that are none of a bundle are refused, and nothing is written.
func TestHostileZips(t *testing.T) {
	whole := membersOf(t, written(t, someManifest(), someLines, signedBy(someKey(t, 1))))
	with := func(change func([]member) []member) []byte {
		return zipped(t, change(append([]member{}, whole...)))
	}
	other := func(write func(*zip.Writer)) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		write(z)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	many := make([]member, 70_000)
	for i := range many {
		many[i] = newMember(fmt.Sprintf("answers/%d", i), nil)
	}
	for _, tc := range []struct {
		name, want string
		content    []byte
	}{
		{"no zip", "not a valid zip file", []byte("x")},
		{"text", "its end is not in the form that nerbench writes", bytes.Repeat([]byte("text "), 100)},
		{"no members", "not a bundle", zipped(t, nil)},
		{"absolute path", `member "/etc/passwd": not part of a bundle`, with(func(m []member) []member { m[1].name = "/etc/passwd"; return m })},
		{"path outside", `member "answers/../../x", want answers/open.jsonl.zst`, with(func(m []member) []member {
			m[1].name = "answers/../../x"
			return resummed(t, m)
		})},
		{"a member more", `member "more": not part of a bundle`, with(func(m []member) []member {
			return append([]member{m[0], newMember("more", nil)}, m[1:]...)
		})},
		{"a member less", "SHA256SUMS: line 2: not the checksum of", with(func(m []member) []member { return append(m[:1], m[2:]...) })},
		{"members in another order", "not a bundle: want the members", with(func(m []member) []member { m[0], m[1] = m[1], m[0]; return m })},
		{"answers in another order", `member "answers/shut.jsonl.zst", want answers/open.jsonl.zst`, with(func(m []member) []member {
			m[1], m[2] = m[2], m[1]
			return resummed(t, m)
		})},
		{"a link", `member "manifest.json": not a file`, other(func(z *zip.Writer) {
			h := &zip.FileHeader{Name: manifestName, Method: zip.Store}
			h.SetMode(fs.ModeSymlink | 0o777)
			f, _ := z.CreateHeader(h)
			_, _ = io.WriteString(f, "/etc/passwd")
		})},
		{"compressed by the zip", "compressed by the zip", other(func(z *zip.Writer) {
			f, _ := z.Create(manifestName)
			_, _ = f.Write(make([]byte, 1000))
		})},
		{"written by another program", "byte 4: not in the form that nerbench writes", other(func(z *zip.Writer) {
			for _, m := range whole {
				f, _ := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
				_, _ = f.Write(contentOf(t, m))
			}
		})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := opened(t, tc.content)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
	for _, n := range []int{1004, 70_000} {
		if _, _, err := opened(t, zipped(t, many[:n])); err == nil || !strings.Contains(err.Error(), "members: more than 1003") {
			t.Errorf("%d members: error is %v", n, err)
		}
	}
	// The end of a zip can say that a long list is a short one.
	for name, lie := range map[string]func(content, end []byte){
		"a number modulo 65536": func(_, _ []byte) {},
		"no length":             func(_, end []byte) { binary.LittleEndian.PutUint32(end[12:], 0) },
		"a length of 64 bits":   func(_, end []byte) { binary.LittleEndian.PutUint32(end[12:], 1<<32-1) },
		"an end of 64 bits": func(content, end []byte) { // the library looks for it if the length is 0xffff
			binary.LittleEndian.PutUint32(end[12:], 1<<16-1)
			binary.LittleEndian.PutUint32(end[16:], uint32(len(content)-endSize-(1<<16-1)))
			copy(content[len(content)-endSize-locatorSize:], "PK\x06\x07")
		},
	} {
		content := zipped(t, many)
		end := content[len(content)-endSize:]
		binary.LittleEndian.PutUint16(end[10:], 1000)
		lie(content, end)
		if _, _, err := opened(t, content); err == nil || !strings.Contains(err.Error(), "its list of members is not in the form that nerbench writes") {
			t.Errorf("many members, %s: error is %v", name, err)
		}
	}
	if _, err := Open(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "nosuch")); !os.IsNotExist(err) && !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no file: %v", err)
	}
}

// resummed replaces the checksums and the signature.
func resummed(t testing.TB, members []member) []member {
	t.Helper()
	var sums []sum
	for _, m := range members[:len(members)-2] {
		sums = append(sums, sum{m.name, sha256Of(t, m)})
	}
	text := encodeSums(sums)
	signature, err := someKey(t, 1).Sign(text, Namespace)
	if err != nil {
		t.Fatal(err)
	}
	return append(members[:len(members)-2], newMember(sumsName, text), newMember(signatureName, signature))
}

// FuzzOpen: no bytes end the program, or are accepted unless they are what is written.
func FuzzOpen(f *testing.F) {
	f.Add(written(f, someManifest(), someLines, signedBy(someKey(f, 1))))
	f.Add(written(f, someManifest(), someLines, nil))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, _, _ = opened(t, content)
	})
}

// FuzzManifest: a manifest that is accepted is written as it was read.
func FuzzManifest(f *testing.F) {
	text, err := encodeManifest(someManifestWithSums())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":1,"runs":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeManifest(text)
		if err != nil {
			return
		}
		if again, err := encodeManifest(m); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q is written as %q, %v", text, again, err)
		}
	})
}
