package export

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"nerbench/distill"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/internal/jsonl"
	"nerbench/ner"
)

// Target is a program that reads training data.
type Target struct {
	Name    string
	Meaning string // one line
	// Start is the command that trains in the folder.
	Start string
	files func(*job) error
}

// Targets are the programs, in the order of help texts.
var Targets = []Target{
	{"trl", "TRL: messages, and a chat template that marks the answers", "python train.py MODEL OUT", trl},
	{"axolotl", "Axolotl: messages, each marked as trained or not", "axolotl train axolotl.yaml", axolotl},
	{"llamafactory", "LLaMA-Factory: ShareGPT, dataset_info.json", "python train.py llamafactory.yaml", llamaFactory},
	{"unsloth", "Unsloth: messages, and a chat template that marks the answers", "python train.py MODEL OUT", unsloth},
	{"fastchat", "FastChat and the released trainer: one array", "python train.py --data_path train.json …", fastChat},
	{"openai", "OpenAI fine-tuning: messages with weights", "python train.py MODEL", openAI},
	{"gliner", "GLiNER: words with spans, and negatives", "python train.py MODEL OUT", gliner},
	{"hf", "a dataset for the Hugging Face hub, with its card", "hf upload NAME . --repo-type dataset", hub},
}

// Names lists the names of the targets.
func Names() []string {
	names := make([]string, len(Targets))
	for i, t := range Targets {
		names[i] = t.Name
	}
	return names
}

// Find returns a target by its name.
func Find(name string) (Target, error) {
	for _, t := range Targets {
		if t.Name == name {
			return t, nil
		}
	}
	return Target{}, fault.Usagef("target %q: unknown (known: %s)%s", name, strings.Join(Names(), ", "), ner.DidYouMean(name, Names()))
}

// Result is what an export has written.
type Result struct {
	Target string   `json:"target"`
	Dir    string   `json:"dir"`
	Files  []string `json:"files"` // names in Dir, sorted
	Train  int      `json:"train"` // records
	Dev    int      `json:"dev"`
	Start  string   `json:"start"` // command that trains
	// Notes are remarks for the user, such as entities that a format cannot express.
	Notes []string `json:"notes,omitempty"`
}

// Options are what the data itself does not say.
type Options struct {
	// CorpusLicence and TeacherLicence are those of the texts and of the teacher's output,
	// for the card of a dataset; empty: not stated.
	CorpusLicence, TeacherLicence string
}

// check refuses licences for a target without a card.
func (o Options) check(target string) error {
	if target != "hf" && o != (Options{}) {
		return fault.Usagef("--corpus-licence, --teacher-licence: only the card of --for hf states licences: --for is %s", target)
	}
	return nil
}

// Folder writes the set in a folder for a target, as [Write] does.
func Folder(set, target, dir string, o Options) (*Result, error) {
	if _, err := Find(target); err != nil {
		return nil, err
	}
	if err := o.check(target); err != nil {
		return nil, err
	}
	s, err := distill.ReadSet(set)
	if err != nil {
		return nil, err
	}
	return Write(s, target, dir, o)
}

// Write writes a set for a target into a folder. Equal sets are equal files. A file that
// exists and differs is an error, and then nothing is written.
func Write(set *distill.Set, target, dir string, o Options) (*Result, error) {
	t, err := Find(target)
	if err != nil {
		return nil, err
	}
	if len(set.Train) == 0 {
		return nil, errors.New("export: the training data has no conversation")
	}
	if err := checkVariant(set.Build.Settings.Variant); err != nil {
		return nil, err
	}
	j := &job{set: set, options: o, files: map[string][]byte{}, result: Result{Target: t.Name, Dir: dir, Start: t.Start}}
	if err := t.files(j); err != nil {
		return nil, fmt.Errorf("export: %s: %w", t.Name, err)
	}
	j.result.Files = slices.Sorted(maps.Keys(j.files))
	if err := j.save(); err != nil {
		return nil, err
	}
	return &j.result, nil
}

// job is an export in progress.
type job struct {
	set     *distill.Set
	options Options
	files   map[string][]byte
	result  Result
}

// checkVariant refuses data for prompts whose text the chat template does not write.
func checkVariant(variant string) error {
	if base, _, _ := strings.Cut(variant, "+"); slices.Contains([]string{"", "repo", "paragraph", "definition"}, base) {
		return nil
	}
	return fmt.Errorf("export: the data is for variant %s of family uniner: the forms of trainers are those of repo, paragraph and definition", variant)
}

// save writes the files, after a look at all that exist.
func (j *job) save() error {
	for _, name := range j.result.Files {
		path := filepath.Join(j.result.Dir, name)
		old, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("export: %w", err)
		case !bytes.Equal(old, j.files[name]):
			return &fault.Hint{Err: fmt.Errorf("export: %s exists, and differs", path), Advice: "name another folder with --out, or remove this one"}
		}
	}
	for _, name := range j.result.Files {
		err := atomicfile.Write(filepath.Join(j.result.Dir, name), func(w io.Writer) error {
			_, err := w.Write(j.files[name])
			return err
		})
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	return nil
}

//go:embed assets
var assets embed.FS

// values are what the files of a configuration contain.
type values struct {
	System    string // the system line
	MaxTokens int    // of a conversation, by the tokenizer of the trainer
	HasDev    bool   // there are conversations for evaluation
	// Template is the chat template. Training code of Jinja without generation marks gets
	// PlainTemplate.
	Template, PlainTemplate string
}

func (j *job) values() values {
	v := values{System: j.set.Train[0].System(), MaxTokens: j.set.Build.Settings.MaxTokens, HasDev: len(j.set.Dev) > 0, Template: ChatTemplate, PlainTemplate: plainTemplate()}
	if v.MaxTokens == 0 {
		v.MaxTokens = 1024 // as the released trainer (docs/spec/prompts.md §6.9)
	}
	if j.set.Build.Settings.Tokens == "words" {
		v.MaxTokens *= 2 // a word has fewer than two tokens
	}
	return v
}

// config adds the files of assets/TARGET. Their placeholders are between [[ and ]],
// because Jinja and Python use braces.
func (j *job) config() error {
	folder := "assets/" + j.result.Target
	list, err := assets.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, f := range list {
		text, err := assets.ReadFile(folder + "/" + f.Name())
		if err != nil {
			return err
		}
		t, err := template.New(f.Name()).Delims("[[", "]]").Parse(string(text))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, j.values()); err != nil {
			return err
		}
		j.files[f.Name()] = b.Bytes()
	}
	return nil
}

// lines adds train.jsonl and dev.jsonl, one record a line. Without conversations for
// evaluation there is no dev.jsonl.
func lines[T any](j *job, record func(*distill.Conversation) T) error {
	return j.split(".jsonl", func(list []distill.Conversation) ([]byte, error) {
		var b bytes.Buffer
		w := jsonl.NewWriter(&b)
		for i := range list {
			if err := w.Write(record(&list[i])); err != nil {
				return nil, err
			}
		}
		err := w.Flush()
		return b.Bytes(), err
	})
}

// array adds train.json and dev.json, each one array with a record a line.
func array[T any](j *job, record func(*distill.Conversation) T) error {
	return j.split(".json", func(list []distill.Conversation) ([]byte, error) {
		var records bytes.Buffer
		w := jsonl.NewWriter(&records)
		for i := range list {
			if err := w.Write(record(&list[i])); err != nil {
				return nil, err
			}
		}
		if err := w.Flush(); err != nil {
			return nil, err
		}
		text := bytes.ReplaceAll(bytes.TrimSuffix(records.Bytes(), []byte("\n")), []byte("\n"), []byte(",\n"))
		return slices.Concat([]byte("[\n"), text, []byte("\n]\n")), nil
	})
}

// split adds the files of both parts of the set.
func (j *job) split(suffix string, write func([]distill.Conversation) ([]byte, error)) (err error) {
	j.result.Train, j.result.Dev = len(j.set.Train), len(j.set.Dev)
	if j.files["train"+suffix], err = write(j.set.Train); err != nil || len(j.set.Dev) == 0 {
		return err
	}
	j.files["dev"+suffix], err = write(j.set.Dev)
	return err
}
