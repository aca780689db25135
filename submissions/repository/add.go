package repository

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"nerbench/boards"
	"nerbench/bundles"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
)

// AddRequest describes a submission.
type AddRequest struct {
	Dir  string
	File string // the bundle
	User string // of keys/USER.pub
	// Key signs each run, if the bundle has several; nil: the bundle has one, and is signed.
	Key *bundles.Key
	// Blobs has the folder for answers that are too large for the repository.
	Blobs   Blobs
	largest int64 // of a file of answers in the repository; 0: maxBlob
}

// Added is what [Add] wrote.
type Added struct {
	Runs  []string `json:"runs"`
	Files []string `json:"files"` // new or changed, in the order in which they were written
	// Publish are files outside of the repository, which have to be published.
	Publish []Published `json:"publish"`
}

// Published is a file and the address at which it has to be.
type Published struct {
	File    string `json:"file"`
	Address string `json:"address"`
}

// Add adds the runs of a bundle to a repository. A run that is there is not replaced. It
// does not score the answers: [Verify] does.
func Add(ctx context.Context, r AddRequest) (Added, error) {
	out := Added{Runs: []string{}, Files: []string{}, Publish: []Published{}}
	if !userPattern.MatchString(r.User) {
		return out, fault.Usagef("board add: user %q: want letters, digits and hyphens, at most 39", r.User)
	}
	folder, err := open(r.Dir)
	if err != nil {
		return out, err
	}
	defer folder.Close()
	b, err := bundles.Open(ctx, r.File)
	if err != nil {
		return out, err
	}
	defer b.Close()
	a := adder{folder: folder, request: r, bundle: b, out: &out}
	if err := a.prepare(); err != nil {
		return out, fmt.Errorf("board: %w", err)
	}
	if err := a.write(); err != nil {
		return out, fmt.Errorf("board: %w", err)
	}
	return out, nil
}

type adder struct {
	folder      *os.Root
	request     AddRequest
	bundle      *bundles.Bundle
	out         *Added
	submissions []*Submission
	texts       [][]byte
	keyFile     []byte // nil: it is there
	log         []byte // as it is in the repository
	logged      map[string]bool
	address     string // of answers that are too large
}

// prepare checks all runs before a file is written.
func (a *adder) prepare() error {
	if err := a.readLog(); err != nil {
		return err
	}
	var signer *bundles.Signer
	for i := range a.bundle.Manifest.Runs {
		run := &a.bundle.Manifest.Runs[i]
		for _, err := range a.bundle.Passages(run) {
			if err != nil {
				return err
			}
		}
		part, err := a.bundle.Split(run, a.request.Key)
		if err != nil {
			return err
		}
		if signer, err = part.Check(); err != nil {
			return err
		}
		s := &Submission{User: a.request.User, Part: *part}
		text, err := s.encode()
		if err != nil {
			return err
		}
		if len(text) > maxRun {
			return fmt.Errorf("run %s: its file has %d bytes, more than %d", run.ID, len(text), maxRun)
		}
		there, err := a.isThere(s, text)
		if err != nil {
			return err
		} else if there {
			continue
		}
		if size := a.bundle.BlobSize(run); size > a.largest() {
			if err := a.findAddress(size); err != nil {
				return fmt.Errorf("%s: %w", s.blob(), err)
			}
		}
		a.submissions, a.texts = append(a.submissions, s), append(a.texts, text)
	}
	return a.checkKey(signer)
}

// isThere reports whether the repository has a run. With another content or at another
// place, it is an error.
func (a *adder) isThere(s *Submission, text []byte) (bool, error) {
	id := s.run().ID
	names, err := fs.Glob(a.folder.FS(), "submissions/*/*/"+id+".json")
	if err != nil || len(names) == 0 {
		return false, err
	}
	old, err := readFile(a.folder, names[0])
	switch {
	case err != nil:
		return false, err
	case names[0] == s.path() && bytes.Equal(old, text):
		return a.logged[id], nil // without its line in the log, an earlier call was interrupted
	}
	return false, &fault.Hint{
		Err:    fmt.Errorf("%s: is there with another content: a run that was merged never changes", names[0]),
		Advice: "if you ran the same model again, nerbench bundle attest records that its answers are the same",
	}
}

// readLog reads the log, and the runs that it has.
func (a *adder) readLog() (err error) {
	if a.log, err = readFile(a.folder, logName); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	events, invalid := parseLog(a.log)
	a.logged = map[string]bool{}
	for _, e := range events {
		a.logged[e.Run] = true
	}
	return errors.Join(err, invalid)
}

// checkKey demands that the signer is one of the user's keys; a new user gets one.
func (a *adder) checkKey(signer *bundles.Signer) error {
	name := keyPath(a.request.User)
	text, err := readFile(a.folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		a.keyFile = []byte(signer.Key + "\n")
		return nil
	}
	if err == nil && !hasKey(text, signer) {
		err = &fault.Hint{
			Err:    fmt.Errorf("%s: does not have the key that signed, %s", name, signer.Fingerprint),
			Advice: "sign with a key of this file (--key), or add the public key as a line, which the maintainers must accept",
		}
	}
	return err
}

func keyPath(user string) string { return path.Join("keys", user+".pub") }

// hasKey reports whether a file of public keys has that of a signer, in any line.
func hasKey(text []byte, signer *bundles.Signer) bool {
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0]+" "+fields[1] == signer.Key {
			return true
		}
	}
	return false
}

func (a *adder) write() error {
	if a.keyFile != nil {
		if err := a.file(keyPath(a.request.User), a.keyFile); err != nil {
			return err
		}
	}
	for i, s := range a.submissions {
		if err := a.blob(s); err != nil {
			return err
		}
		if err := a.model(s); err != nil {
			return err
		}
		if err := a.file(s.path(), a.texts[i]); err != nil {
			return err
		}
		a.out.Runs = append(a.out.Runs, s.run().ID)
		line, err := json.Marshal(Event{Event: "added", Run: s.run().ID, User: s.User})
		if err != nil {
			return err
		}
		a.log = append(append(a.log, line...), '\n')
	}
	if len(a.submissions) == 0 {
		return nil
	}
	return a.file(logName, a.log)
}

func (a *adder) file(name string, content []byte) error {
	a.out.Files = append(a.out.Files, name)
	return writeFile(a.folder, name, content)
}

// blob writes the answers of a run, unless they are there. Those that are too large for the
// repository are written into the user's cache, for an address of the board.
func (a *adder) blob(s *Submission) error {
	if _, err := a.folder.Stat(s.blob()); err == nil {
		return nil
	}
	write := func(w io.Writer) error { return a.bundle.CopyBlob(w, a.bundle.Run(s.run().Dataset())) }
	if a.bundle.BlobSize(a.bundle.Run(s.run().Dataset())) > a.largest() {
		file, err := a.request.Blobs.keep(s.Blob+".zst", write)
		a.out.Publish = append(a.out.Publish, Published{file, a.address + "/" + s.blob()})
		return err
	}
	a.out.Files = append(a.out.Files, s.blob())
	return atomicfile.WriteIn(a.folder, s.blob(), write)
}

// largest is the size of the largest file of answers in the repository.
func (a *adder) largest() int64 { return cmp.Or(a.request.largest, maxBlob) }

// findAddress finds the address for answers that are too large for the repository.
func (a *adder) findAddress(size int64) error {
	rules, err := boards.Read(a.folder.FS(), "board.toml")
	if err != nil {
		return err
	}
	if len(rules.Addresses) == 0 || a.request.Blobs.Cache == "" {
		return fmt.Errorf("%d bytes, more than %d, and board.toml has no addresses for larger ones", size, a.largest())
	}
	a.address = strings.TrimSuffix(rules.Addresses[0], "/")
	return nil
}

// model writes what the submitter says about a model, unless it is there.
func (a *adder) model(s *Submission) error {
	name := path.Join("models", s.model(), "model.toml")
	if _, err := a.folder.Stat(filepath.FromSlash(name)); err == nil {
		return nil
	}
	return a.file(name, modelFile(s.Manifest.Model))
}

// modelFile writes the facts of a model that are known.
func modelFile(m bundles.Model) []byte {
	var b bytes.Buffer
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %s\n", key, tomlString(value))
		}
	}
	line("name", m.Name)
	line("organisation", m.Organisation)
	line("title", m.Title)
	line("url", m.URL)
	line("licence", m.Licence)
	if m.OpenWeights != nil {
		fmt.Fprintf(&b, "open_weights = %v\n", *m.OpenWeights)
	}
	line("parameters", m.Parameters)
	line("released", m.Released)
	if m.Training != nil {
		list := make([]string, len(m.Training))
		for i, id := range m.Training {
			list[i] = tomlString(id)
		}
		fmt.Fprintf(&b, "training = [%s]\n", strings.Join(list, ", "))
	}
	return b.Bytes()
}

// tomlString is a string of TOML. Characters that a JSON string may have and one of TOML
// may not are escaped.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}
