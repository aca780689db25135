package distill

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"nerbench/distill/corpus"
	"nerbench/internal/atomicfile"
	"nerbench/internal/strict"
)

// The files of a folder of constructed data.
const (
	CorpusFile   = "corpus.toml"    // a [Corpus]
	PassagesFile = "passages.jsonl" // a [Passage] a line, in the order of the sample
	AnswersFile  = "answers.db"     // a store with the answers of the teacher
	KeptFile     = "kept.jsonl"     // a [Kept] a line
	DroppedFile  = "dropped.jsonl"  // a [Dropped] a line
)

// Corpus is the file corpus.toml: where the passages of a folder are from, what was removed
// and why, and who the teacher is.
type Corpus struct {
	Corpus   CorpusFiles `toml:"corpus" json:"corpus"`
	Passages Sample      `toml:"passages" json:"passages"`
	Removed  Removed     `toml:"removed" json:"removed"`
	Teacher  Teacher     `toml:"teacher" json:"teacher"`
	Filters  Filters     `toml:"filters" json:"filters"`
	Tests    []TestSet   `toml:"tests" json:"tests"` // by dataset
	Kept     Derived     `toml:"kept" json:"kept"`
	// Files are the first [FilesNamed] files.
	Files []corpus.File `toml:"files" json:"files"`
}

// FilesNamed is the largest number of files that corpus.toml names.
const FilesNamed = 1000

// CorpusFiles is what was read of a corpus.
type CorpusFiles struct {
	Files  int    `toml:"files" json:"files"`
	Bytes  int64  `toml:"bytes" json:"bytes"`
	SHA256 string `toml:"sha256" json:"sha256"` // of the names and checksums of all files
	Texts  int    `toml:"texts" json:"texts"`
	// Faulty is the number of texts that cannot be read.
	Faulty int    `toml:"faulty" json:"faulty"`
	Field  string `toml:"field" json:"field"` // of the text
	ID     string `toml:"id" json:"id"`       // field of the id; empty: id, if there is one
}

// Sample says how passages were cut and chosen.
type Sample struct {
	Passages int    `toml:"passages" json:"passages"`
	SHA256   string `toml:"sha256" json:"sha256"` // of passages.jsonl
	// Tokens names the tokenizer: words, server, or gguf:FILE. Tokenizer identifies the
	// latter two.
	Tokens    string `toml:"tokens" json:"tokens"`
	Tokenizer string `toml:"tokenizer" json:"tokenizer"`
	Chunk     int    `toml:"chunk" json:"chunk"` // the largest number of tokens of a passage
	Size      int    `toml:"sample" json:"sample"`
	Seed      int    `toml:"seed" json:"seed"`
	// Decontaminate is the suite of datasets against whose test sets passages were compared;
	// off: none.
	Decontaminate string `toml:"decontaminate" json:"decontaminate"`
}

// TestSet is the test set of a dataset whose texts are in no passage.
type TestSet struct {
	Dataset string `toml:"dataset" json:"dataset"`
	Data    string `toml:"data" json:"data"` // its fingerprint, as the key data of a run
}

// Teacher is the model that was asked, and how.
type Teacher struct {
	Model  string `toml:"model" json:"model"`
	Digest string `toml:"digest" json:"digest"` // of its weights; empty: it is known by name
	Server string `toml:"server" json:"server"`
	// Variant is that of the prompt: type or definition.
	Variant string `toml:"variant" json:"variant"`
	// Demonstrations is the checksum of the file of demonstrations; empty: the teacher was
	// asked as a chat.
	Demonstrations string `toml:"demonstrations" json:"demonstrations"`
	// Run is the id of the run in answers.db, a hash of all that can change an answer.
	Run string `toml:"run" json:"run"`
	// Keys are the keys of that run.
	Keys map[string]string `toml:"keys" json:"keys"`
}

// Derived describes kept.jsonl and dropped.jsonl: what the filters made of the answers.
type Derived struct {
	Answers  int `toml:"answers" json:"answers"` // passages with an answer
	Passages int `toml:"passages" json:"passages"`
	Entities int `toml:"entities" json:"entities"`
	Types    int `toml:"types" json:"types"`
	// Conflicts are entities with more than two types that were kept.
	Conflicts int `toml:"conflicts" json:"conflicts"`
	// Kept and DroppedFile are the checksums of the files.
	Kept        string `toml:"kept_sha256" json:"kept_sha256"`
	DroppedFile string `toml:"dropped_sha256" json:"dropped_sha256"`
	// Dropped counts entities, and passages, by filter.
	Dropped map[Reason]int `toml:"dropped" json:"dropped"`
}

// Derive counts what the filters made of a number of answers.
func (d *Data) Derive(answers int) Derived {
	frequency := Frequency(d.Kept)
	out := Derived{Answers: answers, Passages: len(d.Kept), Types: len(frequency), Dropped: map[Reason]int{}}
	for _, n := range frequency {
		out.Entities += n
	}
	for _, one := range d.Dropped {
		if one.Kept {
			out.Conflicts++
		} else {
			out.Dropped[one.Why]++
		}
	}
	return out
}

// ReadCorpus reads the file corpus.toml of a folder.
func ReadCorpus(dir string) (Corpus, error) {
	var c Corpus
	err := checkIsFolder(dir)
	if err == nil {
		err = strict.ReadTOML(os.DirFS(dir), CorpusFile, &c)
	}
	if err != nil {
		return c, fmt.Errorf("%s: %w", dir, err)
	}
	return c, nil
}

// checkIsFolder returns an error for a file.
func checkIsFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return errors.New("it is no folder")
	}
	return nil
}

// Write writes the file corpus.toml of a folder.
func (c *Corpus) Write(dir string) error {
	return atomicfile.Write(filepath.Join(dir, CorpusFile), func(w io.Writer) error {
		_, err := io.WriteString(w, "# Written by nerbench distill construct. Do not change it: the passages and answers belong to it.\n\n")
		return cmp.Or(err, strict.WriteTOML(w, c))
	})
}

// SetFiles records the files that were read, in the order in which they were read.
func (c *Corpus) SetFiles(r *corpus.Report) {
	s := &c.Corpus
	s.Files, s.Bytes, s.Texts, s.Faulty = len(r.Files), 0, r.Texts, r.Faulty
	for _, f := range r.Files {
		s.Bytes += f.Bytes
	}
	s.SHA256 = sumOf(r.Files)
	c.Files = slices.Clone(r.Files[:min(len(r.Files), FilesNamed)])
}

// sumOf is the checksum of the names and checksums of files.
func sumOf(files []corpus.File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s  %s\n", f.SHA256, f.Name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Difference is a setting that differs from that of a folder.
type Difference struct{ Name, Folder, Wanted string }

func (d Difference) String() string {
	return fmt.Sprintf("%s: the folder has %s, this command %s", d.Name, none(d.Folder), none(d.Wanted))
}

func none(s string) string { return cmp.Or(s, "none") }

// Differences lists the settings of c that were chosen otherwise in another file, which
// need not have what is known only once the corpus is read.
func (c *Corpus) Differences(wanted *Corpus) []Difference {
	var list []Difference
	for _, p := range []struct{ name, folder, wanted string }{
		{"--field", c.Corpus.Field, wanted.Corpus.Field},
		{"--id", c.Corpus.ID, wanted.Corpus.ID},
		{"--tokens", c.Passages.Tokens, wanted.Passages.Tokens},
		{"--chunk", strconv.Itoa(c.Passages.Chunk), strconv.Itoa(wanted.Passages.Chunk)},
		{"--sample", strconv.Itoa(c.Passages.Size), strconv.Itoa(wanted.Passages.Size)},
		{"--seed", strconv.Itoa(c.Passages.Seed), strconv.Itoa(wanted.Passages.Seed)},
		{"--decontaminate", c.Passages.Decontaminate, wanted.Passages.Decontaminate},
		{"--variant", c.Teacher.Variant, wanted.Teacher.Variant},
		{"--demonstration", short(c.Teacher.Demonstrations), short(wanted.Teacher.Demonstrations)},
	} {
		ofTeacher := p.name == "--variant" || p.name == "--demonstration"
		if p.folder != p.wanted && !(ofTeacher && c.Teacher.Run == "") { // it was not asked yet
			list = append(list, Difference{p.name, p.folder, p.wanted})
		}
	}
	return list
}

// short is the beginning of a checksum.
func short(sum string) string { return sum[:min(len(sum), 12)] }

// FileDifferences compares the files of a corpus with those that were read. Files without a
// checksum are compared by name and size.
func (c *Corpus) FileDifferences(files []corpus.File) []Difference {
	bytes := int64(0)
	for _, f := range files {
		bytes += f.Bytes
	}
	s := &c.Corpus
	if len(files) != s.Files || bytes != s.Bytes {
		return []Difference{{"corpus", fmt.Sprintf("%d files of %d bytes", s.Files, s.Bytes), fmt.Sprintf("%d files of %d bytes", len(files), bytes)}}
	}
	for i, was := range c.Files {
		switch is := files[i]; {
		case is.Name != was.Name:
			return []Difference{{"corpus", "the file " + was.Name, is.Name}}
		case is.Bytes != was.Bytes:
			return []Difference{{was.Name, fmt.Sprintf("%d bytes", was.Bytes), fmt.Sprintf("%d bytes", is.Bytes)}}
		case is.SHA256 != "" && is.SHA256 != was.SHA256:
			return []Difference{{was.Name, "the checksum " + short(was.SHA256), short(is.SHA256)}}
		}
	}
	if len(files) > len(c.Files) && files[0].SHA256 != "" { // files that are not named
		if sum := sumOf(files); sum != s.SHA256 {
			return []Difference{{"corpus", "files with the checksum " + short(s.SHA256), short(sum)}}
		}
	}
	return nil
}
