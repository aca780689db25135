package onnx

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"nerbench/internal/fault"
	"nerbench/internal/parallel"
	"nerbench/ner"
)

const (
	configFile    = "config.json"
	tokenizerFile = "tokenizer.json"
	exportAdvice  = "export the model again: optimum-cli export onnx --task token-classification -m NAME DIR"
)

// look returns the files of a folder that determine the answers, the model first: its
// configuration, its tokenizer, and its external data.
func look(folder string) ([]string, error) {
	if stat, err := os.Stat(folder); err != nil {
		return nil, &fault.Hint{Err: fmt.Errorf("onnx: %w", err), Advice: "name a folder: -m onnx/DIR"}
	} else if !stat.IsDir() {
		return nil, &fault.Hint{Err: fmt.Errorf("onnx: %s: not a folder", folder), Advice: "name the folder that contains model.onnx, config.json and tokenizer.json"}
	}
	model := ""
	for _, name := range []string{"model.onnx", filepath.Join("onnx", "model.onnx")} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			model = filepath.Join(folder, name)
			break
		}
	}
	if model == "" {
		return nil, &fault.Hint{Err: fmt.Errorf("onnx: %s: no model.onnx", folder), Advice: exportAdvice}
	}
	files := []string{model}
	for _, name := range []string{configFile, tokenizerFile} {
		file := filepath.Join(folder, name)
		if _, err := os.Stat(file); err != nil {
			return nil, &fault.Hint{Err: fmt.Errorf("onnx: %s: no %s", folder, name), Advice: exportAdvice}
		}
		files = append(files, file)
	}
	for i, file := range files {
		stat, err := os.Stat(file)
		switch {
		case err != nil:
			return nil, fmt.Errorf("onnx: %w", err)
		case !stat.Mode().IsRegular():
			return nil, &fault.Hint{Err: fmt.Errorf("onnx: %s: not a file", file), Advice: exportAdvice}
		case stat.Size() == 0:
			return nil, &fault.Hint{Err: fmt.Errorf("onnx: %s: empty", file), Advice: exportAdvice}
		case i > 0 && stat.Size() > mostText:
			return nil, &fault.Hint{Err: fmt.Errorf("onnx: %s: %d bytes: at most %d", file, stat.Size(), mostText), Advice: exportAdvice}
		}
	}
	if err := onlyModel(folder, model); err != nil {
		return nil, err
	}
	external, err := inspect(model, folder)
	if err != nil {
		return nil, &fault.Hint{Err: fmt.Errorf("onnx: %w", err), Advice: exportAdvice}
	}
	return append(files, external...), nil
}

// mostEntries is the largest number of files and folders in the folder of a model.
const mostEntries = 10_000

// onlyModel checks what the library will find in the folder: it opens all files below it,
// and reads the first one with the name of the model, in an order of its own.
func onlyModel(folder, model string) error {
	entries := 0
	return filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("onnx: %w", err)
		}
		if entries++; entries > mostEntries {
			return &fault.Hint{Err: fmt.Errorf("onnx: %s: more than %d files", folder, mostEntries), Advice: "name the folder of one model"}
		}
		stat, err := os.Stat(file) // a link leads to it
		switch {
		case err != nil:
			return fmt.Errorf("onnx: %w", err)
		case !stat.Mode().IsRegular() && !stat.IsDir():
			return &fault.Hint{Err: fmt.Errorf("onnx: %s: neither a file nor a folder", file), Advice: "remove it: the folder of a model contains files"}
		case file != model && d.Name() == filepath.Base(model) && !d.IsDir():
			return &fault.Hint{Err: fmt.Errorf("onnx: %s: another model beside %s", file, model), Advice: "remove one of them, or name the folder of one model"}
		}
		return nil
	})
}

// mostText is the largest size of config.json and of tokenizer.json, in bytes. Those of
// large vocabularies have 20 MB.
const mostText = 128 << 20

// guard calls the library, which panics at some files that it cannot read. It joins
// several errors with line breaks; an error of this program is one line.
func guard(call func() error) error {
	err := parallel.Guard(call)
	if fault, ok := errors.AsType[*parallel.PanicError](err); ok {
		return fmt.Errorf("the library cannot read the model: %s", fault.Line())
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return err
}

// labels maps the labels of a model to types of a dataset. It also lists the labels
// without a type.
type labels struct {
	types    map[string]ner.EntityType // by label, without prefix, folded
	unmapped []string
	number   int // of all labels
}

// readLabels reads the labels of a model ("id2label") and maps them to the types of a
// dataset. If no label has a type, that is an error.
func readLabels(file string, types map[string]ner.EntityType) (labels, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return labels{}, fmt.Errorf("onnx: %w", err)
	}
	var config struct {
		ID2Label map[string]string `json:"id2label"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return labels{}, &fault.Hint{Err: fmt.Errorf("onnx: %s: %w", file, err), Advice: exportAdvice}
	}
	if len(config.ID2Label) == 0 {
		return labels{}, &fault.Hint{Err: fmt.Errorf("onnx: %s: no id2label: not a token classifier", file), Advice: exportAdvice}
	}
	known := map[string]ner.EntityType{}
	var want []string
	for name, t := range types {
		known[fold(name)] = t
		want = append(want, name)
	}
	l := labels{types: map[string]ner.EntityType{}, number: len(config.ID2Label)}
	for id, label := range config.ID2Label {
		if n, err := strconv.Atoi(id); err != nil || n < 0 || n >= l.number {
			return labels{}, &fault.Hint{
				Err:    fmt.Errorf("onnx: %s: id2label: %.40q is not a number from 0 to %d: some labels are missing", file, id, l.number-1),
				Advice: exportAdvice,
			}
		}
		bare := withoutPrefix(label)
		if bare == "O" {
			continue
		}
		if t, ok := known[fold(bare)]; ok {
			l.types[fold(bare)] = t
		} else if !slices.Contains(l.unmapped, bare) {
			l.unmapped = append(l.unmapped, bare)
		}
	}
	slices.Sort(l.unmapped)
	if len(l.types) == 0 {
		slices.Sort(want)
		return labels{}, &fault.Hint{
			Err:    fmt.Errorf("onnx: %s: its labels (%s) match no type of the dataset (%s)", file, strings.Join(l.unmapped, ", "), strings.Join(want, ", ")),
			Advice: "choose a dataset with the types of the model, or write a dataset file with the model's labels (--datasets)",
		}
	}
	return l, nil
}

// typeOf is the type of a label, with or without its prefix.
func (l labels) typeOf(label string) (ner.EntityType, bool) {
	t, ok := l.types[fold(withoutPrefix(label))]
	return t, ok
}

// withoutPrefix removes the position prefix of a label: "B-PER" is "PER".
func withoutPrefix(label string) string {
	if place, rest, ok := strings.Cut(label, "-"); ok && len(place) == 1 && strings.Contains("BIESLU", place) {
		return rest
	}
	return label
}

// fold normalises case and separators, so that "Person_Name" and "person name" are equal.
func fold(s string) string {
	return strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(s))
}
