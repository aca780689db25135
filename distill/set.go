package distill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"nerbench/internal/atomicfile"
	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/internal/jsonl"
	"nerbench/internal/parallel"
	"nerbench/internal/strict"
)

// The files of a SET.
const (
	trainFile = "train.jsonl"
	devFile   = "dev.jsonl"
	buildFile = "build.toml"
)

// Set is training data: conversations, and how they were made.
type Set struct {
	Build Build
	Train []Conversation
	Dev   []Conversation
}

// Build is the file build.toml of a SET: all that its conversations depend on.
type Build struct {
	Settings Settings `toml:"settings" json:"settings"`
	Counts   Counts   `toml:"counts" json:"counts"`
	// Seen are the datasets of the benchmark whose train split is in the data.
	Seen []string `toml:"seen" json:"seen"`
	// Train and Dev are the files with the conversations.
	Train SetFile `toml:"train" json:"train"`
	Dev   SetFile `toml:"dev" json:"dev"`
	// Table1 has the statistics of the constructed data, without the datasets.
	Table1  Table1   `toml:"table1" json:"table1"`
	Sources []Source `toml:"source" json:"source"`
	Mix     []Mixed  `toml:"mix" json:"mix"`
}

// Settings are the choices of a build.
type Settings struct {
	Negatives string  `toml:"negatives" json:"negatives"` // one of [Strategies]
	Ratio     float64 `toml:"ratio" json:"ratio"`         // negatives for each type of a passage
	Guard     string  `toml:"guard" json:"guard"`         // none, surface
	Order     string  `toml:"order" json:"order"`         // of questions: shuffled, listed
	Unclosed  string  `toml:"unclosed" json:"unclosed"`   // drop, keep
	Verbatim  string  `toml:"verbatim" json:"verbatim"`   // drop, keep: entities that do not occur
	Conflict  string  `toml:"conflict" json:"conflict"`   // keep, drop
	MaxTokens int     `toml:"max_tokens" json:"max_tokens"`
	// Tokens is how the tokens of a conversation were counted: words, or gguf:FILE with the
	// digest Tokenizer.
	Tokens    string  `toml:"tokens" json:"tokens"`
	Tokenizer string  `toml:"tokenizer" json:"tokenizer"`
	Dev       float64 `toml:"dev" json:"dev"` // share of the passages
	Seed      int     `toml:"seed" json:"seed"`
	// Suite are the datasets of the supervised mix, at most Cap documents of each; empty: no
	// mix.
	Suite string `toml:"suite" json:"suite"`
	Cap   int    `toml:"cap" json:"cap"`
	// Variant is that of the family uniner for which the conversations are training data,
	// such as "repo". A dataset line ("+nl") is only in conversations with a dataset.
	Variant string `toml:"variant" json:"variant"`
}

// Counts are the numbers of a build.
type Counts struct {
	Passages      int `toml:"passages" json:"passages"`           // with a conversation: kept passages, and documents of datasets
	Conversations int `toml:"conversations" json:"conversations"` // more, if passages were split
	Questions     int `toml:"questions" json:"questions"`
	Negatives     int `toml:"negatives" json:"negatives"` // of the questions
	Split         int `toml:"split" json:"split"`         // passages with several conversations
	// TooLong are questions that do not fit beside their passage. PassagesLeft are passages
	// of which no question fits.
	TooLong      int `toml:"too_long" json:"too_long"`
	PassagesLeft int `toml:"passages_left" json:"passages_left"`
}

// SetFile is a file with conversations.
type SetFile struct {
	Conversations int    `toml:"conversations" json:"conversations"`
	SHA256        string `toml:"sha256" json:"sha256"`
}

// Source is constructed data in a SET.
type Source struct {
	Dir string `toml:"dir" json:"dir"` // as named in the command
	// Kept is the SHA-256 of its passages with their entities, as kept.jsonl has them with
	// the filters of the build.
	Kept     string         `toml:"kept" json:"kept"`
	Passages int            `toml:"passages" json:"passages"` // kept ones
	Dropped  map[Reason]int `toml:"dropped" json:"dropped"`
	// Corpus is its file corpus.toml, without the names of files, with the filters of the
	// build.
	Corpus Corpus `toml:"corpus" json:"corpus"`
}

// NewSource describes constructed data in a SET.
func NewSource(ctx context.Context, dir string, d *Data) (Source, error) {
	lines, err := linesOf(d.Kept)
	if err != nil {
		return Source{}, err
	}
	s := Source{Dir: dir, Passages: len(d.Kept), Dropped: d.Reasons(), Corpus: d.Corpus}
	s.Corpus.Files = nil
	s.Kept, err = checksum.Of(ctx, bytes.NewReader(lines))
	return s, err
}

// Mixed is a dataset of the supervised mix.
type Mixed struct {
	Dataset     string `toml:"dataset" json:"dataset"`         // its id
	Name        string `toml:"name" json:"name"`               // in the dataset line
	Fingerprint string `toml:"fingerprint" json:"fingerprint"` // of the train split: the key "data" of runs
	Documents   int    `toml:"documents" json:"documents"`     // of the train split
	// Taken of them were chosen. Asked of those are in the data: a question fits beside them,
	// and, without negatives, they have a mention.
	Taken   int    `toml:"taken" json:"taken"`
	Asked   int    `toml:"asked" json:"asked"`
	Licence string `toml:"licence" json:"licence"`
}

// ReadSet reads a SET, and compares its files with the checksums of build.toml.
func ReadSet(dir string) (*Set, error) {
	s := &Set{}
	err := checkIsFolder(dir)
	if err == nil {
		err = strict.ReadTOML(os.DirFS(dir), buildFile, &s.Build)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err := fmt.Errorf("training data %s: no file %s", dir, buildFile)
		return nil, &fault.Hint{Err: err, Advice: "nerbench distill build DIR --out " + dir}
	}
	if err != nil {
		return nil, fmt.Errorf("training data %s: %w", dir, err)
	}
	if s.Train, err = readConversations(filepath.Join(dir, trainFile), s.Build.Train); err != nil {
		return nil, err
	}
	if s.Dev, err = readConversations(filepath.Join(dir, devFile), s.Build.Dev); err != nil {
		return nil, err
	}
	for _, list := range [][]Conversation{s.Train, s.Dev} {
		for i := range list {
			list[i].paragraph = s.Build.Settings.Base() == "paragraph"
		}
	}
	return s, nil
}

// readConversations reads a file whose checksum is known.
func readConversations(name string, of SetFile) ([]Conversation, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("training data: %w", err)
	}
	sum, err := checksum.Of(context.Background(), bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if sum != of.SHA256 {
		return nil, fmt.Errorf("training data: %s: checksum %s, want %s as in %s: the file was changed", name, sum, of.SHA256, buildFile)
	}
	var list []Conversation
	err = jsonl.Read(bytes.NewReader(text), func(_ int, line []byte) error {
		var c Conversation
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		list = append(list, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("training data: %s: %w", name, err)
	}
	return list, nil
}

// Write writes a SET into a folder, build.toml last. It sets the checksums of its files in
// Build. Equal sets are equal files. A folder with another SET is an error, and stays as
// it is.
func (s *Set) Write(ctx context.Context, dir string) error {
	train, err := linesOf(s.Train)
	if err != nil {
		return err
	}
	dev, err := linesOf(s.Dev)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		of    *SetFile
		lines []byte
		n     int
	}{{&s.Build.Train, train, len(s.Train)}, {&s.Build.Dev, dev, len(s.Dev)}} {
		sum, err := checksum.Of(ctx, bytes.NewReader(f.lines))
		if err != nil {
			return err
		}
		*f.of = SetFile{Conversations: f.n, SHA256: sum}
	}
	var build bytes.Buffer
	if err := strict.WriteTOML(&build, s.Build); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, CorpusFile)); err == nil {
		return &fault.UsageError{Err: fmt.Errorf("--out %s: the folder has constructed data: want another one", dir)}
	}
	files := []struct {
		name    string
		content []byte
	}{{trainFile, train}, {devFile, dev}, {buildFile, build.Bytes()}}
	for _, f := range files {
		old, err := os.ReadFile(filepath.Join(dir, f.name))
		if err == nil && !bytes.Equal(old, f.content) {
			err := fmt.Errorf("training data %s: %s exists, and differs", dir, f.name)
			return &fault.Hint{Err: err, Advice: "name another folder with --out"}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("training data: %w", err)
		}
	}
	for _, f := range files {
		err := atomicfile.Write(filepath.Join(dir, f.name), func(w io.Writer) error {
			_, err := w.Write(f.content)
			return err
		})
		if err != nil {
			return fmt.Errorf("training data: %w", err)
		}
	}
	return nil
}

// linesOf writes values as JSON Lines, with all processors.
func linesOf[T any](values []T) ([]byte, error) {
	parts := runtime.GOMAXPROCS(0)
	lines, errs := make([]bytes.Buffer, parts), make([]error, parts)
	parallel.Each(parts, func(part int) {
		w := jsonl.NewWriter(&lines[part])
		for i := part * len(values) / parts; i < (part+1)*len(values)/parts && errs[part] == nil; i++ {
			errs[part] = w.Write(&values[i])
		}
		errs[part] = errors.Join(errs[part], w.Flush())
	})
	all := make([][]byte, parts)
	for i := range lines {
		all[i] = lines[i].Bytes()
	}
	return bytes.Join(all, nil), errors.Join(errs...)
}
