// Package onnx runs token classifiers in the process: encoders with a label for each
// token, in folders in the format of the transformers exporters (model.onnx,
// config.json, tokenizer.json). hugot computes them in Go.
//
// The answers have the format of the prompt family "spans", with the offsets of the
// classifier. Texts that are too long for the model are read in overlapping windows.
package onnx

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/knights-analytics/hugot"
	"github.com/knights-analytics/hugot/pipelines"

	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
)

// Version names the library, for the keys of a run.
const Version = "hugot v0.7.7 (Go)"

// Config holds the settings of a classifier.
type Config struct {
	// Folder is the folder of the model.
	Folder string
	// Types are the entity types by label: by native labels of a dataset and by names of
	// its types. Case does not matter.
	Types map[string]ner.EntityType
	// Aggregation selects how tokens become spans, as in transformers: "simple" (each
	// token has its own label) or "first" (each word has the label of its first token).
	// Empty: simple.
	Aggregation string
}

// Aggregations are the values of [Config.Aggregation], the default first.
var Aggregations = []string{"simple", "first"}

// Runner runs one classifier. It is a [runners.Runner].
type Runner struct {
	folder   string
	files    []string
	stamp    checksum.Stamp // of the files, before they were read
	digest   string
	labels   labels
	session  *hugot.Session
	pipeline *pipelines.TokenClassificationPipeline
	encoder  encoder
	most     int           // largest number of tokens in a window, without special tokens
	first    bool          // aggregation
	one      chan struct{} // held during a computation: the library uses all processors for one text
	closed   chan struct{}
	closing  sync.Once
	unsound  atomic.Bool // a passage has no answer
}

// Open loads a classifier. Most errors about its folder have a [fault.Hint].
func Open(ctx context.Context, c Config) (*Runner, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	files, err := look(c.Folder)
	if err != nil {
		return nil, err
	}
	stamp, err := checksum.StampOf(files...)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	labels, err := readLabels(filepath.Join(c.Folder, configFile), c.Types)
	if err != nil {
		return nil, err
	}
	r := &Runner{folder: c.Folder, files: files, stamp: stamp, labels: labels, first: c.first(), one: make(chan struct{}, 1), closed: make(chan struct{})}
	if r.digest, err = checksum.Files(ctx, files...); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if err := checkTokenizer(filepath.Join(c.Folder, tokenizerFile)); err != nil {
		return nil, &fault.Hint{Err: fmt.Errorf("onnx: %w", err), Advice: exportAdvice}
	}
	if r.session, err = hugot.NewGoSession(context.WithoutCancel(ctx)); err != nil { // it lives longer than the call
		return nil, fmt.Errorf("onnx: %w", err)
	}
	err = guard(func() (err error) {
		r.pipeline, err = hugot.NewPipeline(r.session, hugot.TokenClassificationConfig{
			ModelPath: c.Folder, Name: "nerbench", OnnxFilename: filepath.Base(files[0]),
		})
		if err == nil {
			r.encoder, err = newEncoder(r.pipeline.Model.Tokenizer)
		}
		return err
	})
	if err == nil {
		r.most, err = r.reads()
	}
	if err != nil {
		_ = guard(r.session.Destroy) // the first error is more useful
		return nil, &fault.Hint{Err: fmt.Errorf("onnx: %s: %w", c.Folder, err), Advice: exportAdvice}
	}
	return r, nil
}

// Turn lets a loaded classifier answer queries of another configuration, such as of a
// dataset with other types, while it is asked nothing. It returns false, and changes
// nothing, if the classifier must be closed and opened again: it is another one, its files
// have changed, or it is not [Runner.Sound]. An error of the configuration, such as types
// that match none of its labels, changes nothing either.
func (r *Runner) Turn(_ context.Context, c Config) (bool, error) {
	if !r.Sound() || c.Folder != r.folder {
		return false, nil
	}
	files, err := look(c.Folder)
	if err != nil || !slices.Equal(files, r.files) {
		return false, nil
	}
	if now, err := checksum.StampOf(files...); err != nil || !now.Equal(r.stamp) {
		return false, nil
	}
	if err := c.check(); err != nil {
		return false, err
	}
	labels, err := readLabels(filepath.Join(c.Folder, configFile), c.Types)
	if err != nil {
		return false, err
	}
	r.labels, r.first = labels, c.first()
	return true, nil
}

// Sound reports whether the classifier has answered all that it was asked.
func (r *Runner) Sound() bool { return !r.unsound.Load() }

func (c Config) check() error {
	if c.Aggregation != "" && !slices.Contains(Aggregations, c.Aggregation) {
		return fmt.Errorf("onnx: aggregation %q: want simple or first", c.Aggregation)
	}
	return nil
}

// first reports whether a word has the label of its first token.
func (c Config) first() bool { return c.Aggregation == "first" }

// Digest is the SHA-256, in hexadecimal, of the files of a classifier.
func Digest(ctx context.Context, folder string) (string, error) {
	files, err := look(folder)
	if err != nil {
		return "", err
	}
	sum, err := checksum.Files(ctx, files...)
	if err != nil {
		return "", fmt.Errorf("onnx: %w", err)
	}
	return sum, nil
}

// Close frees the memory of the model.
func (r *Runner) Close() {
	r.closing.Do(func() {
		close(r.closed)
		r.one <- struct{}{} // wait for the computation in progress
		_ = guard(r.session.Destroy)
	})
}

// Identity identifies the classifier by the bytes of its files.
func (r *Runner) Identity() runners.Identity {
	return runners.Identity{Model: ModelName(r.folder), Digest: r.digest, Server: "in-process", ServerVersion: Version}
}

// ModelName is the name of the model in runs: "onnx/" and the folder, as
// [runners.FileName] has it.
func ModelName(folder string) string { return "onnx/" + runners.FileName(folder, 1) }

// FormerName is the name that older versions of this program gave the model in runs.
func FormerName(folder string) string { return "onnx/" + runners.ShortName(folder, 1) }

// reads is the number of tokens that fit into the model. RoBERTa and similar models
// count positions from 2.
func (r *Runner) reads() (int, error) {
	most := r.pipeline.Model.MaxPositionEmbeddings
	if most == 0 {
		most = 512
	}
	if most == 514 {
		most = 512
	}
	if most -= len(r.encoder.begin) + len(r.encoder.end); most < 8 {
		return 0, fmt.Errorf("%s: max_position_embeddings leaves %d tokens", configFile, most)
	}
	return most, nil
}

// Unmapped are the labels of the model without a type in the dataset, in order. Their
// spans are ignored.
func (r *Runner) Unmapped() []string { return r.labels.unmapped }

// Complete implements [runners.Runner] for queries of the prompt family "spans".
func (r *Runner) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	out, err := runners.CompleteSpans(ctx, queries, func(ctx context.Context, d *ner.Document) ([]ner.Span, error) { return r.classify(ctx, d.Text) })
	if err != nil {
		if ctx.Err() == nil {
			r.unsound.Store(true)
		}
		err = fmt.Errorf("onnx: %w", err)
	}
	return out, err
}
