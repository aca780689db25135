package repository

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"nerbench/harness"
	"nerbench/internal/atomicfile"
	"nerbench/reports/site"
)

// buildInput identifies all that a site is made of.
type buildInput struct {
	// outside is the checksum of the program, the options, the data, the user's definitions,
	// and all files of the repository beside its cache; pairs that of the folder cache/pairs,
	// to which a build adds.
	outside, pairs [sha256.Size]byte
}

func readInput(ctx context.Context, b *harness.Bench, folder *os.Root, r BuildRequest) (in buildInput, err error) {
	beside, err := b.SumSiteInput(r.Site)
	if err != nil {
		return in, err
	}
	outside, pairs := sha256.New(), sha256.New()
	fmt.Fprintf(outside, "%x\n", beside)
	err = fs.WalkDir(folder.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".git" && d.IsDir():
			return fs.SkipDir
		case ctx.Err() != nil || d.IsDir():
			return ctx.Err()
		}
		to := outside
		if strings.HasPrefix(name, pairsFolder+"/") {
			to = pairs
		} else if isCached(name) {
			return nil
		}
		fmt.Fprintf(to, "%q %v\n", name, d.Type())
		if !d.Type().IsRegular() { // which a build refuses
			return nil
		}
		sum, err := sumOf(folder, name)
		fmt.Fprintf(to, "%x\n", sum)
		return err
	})
	in.outside, in.pairs = [sha256.Size]byte(outside.Sum(nil)), [sha256.Size]byte(pairs.Sum(nil))
	return in, err
}

func sumOf(folder *os.Root, name string) (sum [sha256.Size]byte, err error) {
	f, err := folder.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return [sha256.Size]byte(h.Sum(nil)), err
}

// key is the checksum of the input, of the folder of the site, and of the list of its
// files: another build may have replaced them.
func (in buildInput) key(out string, list [sha256.Size]byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %x %x %x", out, in.outside, in.pairs, list)
	return hex.EncodeToString(h.Sum(nil))
}

// builtNote is what a folder of the user has about the last build of a site.
type builtNote struct {
	Key   string `json:"key"`
	Built Built  `json:"built"`
}

// notePath is the file about the site in a folder.
func notePath(notes, out string) (path, absolute string, err error) {
	if absolute, err = filepath.Abs(out); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(absolute))
	return filepath.Join(notes, hex.EncodeToString(sum[:])+".json"), absolute, nil
}

// unchanged describes the site in the folder of a request; ok is false unless this program
// built it of this input, without skipping anything.
func (in buildInput) unchanged(r BuildRequest) (built Built, ok bool) {
	path, out, err := notePath(r.Notes, r.Out)
	if err != nil {
		return built, false
	}
	text, err := os.ReadFile(path)
	var note builtNote
	if err != nil || json.Unmarshal(text, &note) != nil {
		return built, false
	}
	list, err := site.ListSum(r.Out)
	if err != nil || in.key(out, list) != note.Key {
		return built, false
	}
	found, ok := site.Existing(r.Out)
	built = note.Built
	built.Folder, built.Unchanged = r.Out, true
	built.Computed, built.Cached = 0, built.Computed+built.Cached
	return built, ok && found.List == list
}

// keep notes a site that was built.
func (in buildInput) keep(r BuildRequest, built Built, list [sha256.Size]byte) error {
	path, out, err := notePath(r.Notes, r.Out)
	if err != nil {
		return err
	}
	text, err := json.Marshal(builtNote{in.key(out, list), built})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(r.Notes, 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error { _, err := w.Write(text); return err })
}
