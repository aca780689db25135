package onnx

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/knights-analytics/hugot/backends"

	"nerbench/ner"
	"nerbench/runners"
)

// errClosed is the error of queries to a closed classifier.
var errClosed = errors.New("the model was closed")

// classify returns the spans of a text, in order, without overlap.
func (r *Runner) classify(ctx context.Context, text string) ([]ner.Span, error) {
	select {
	case r.one <- struct{}{}:
		defer func() { <-r.one }()
	case <-r.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-r.closed:
		return nil, errClosed
	default:
	}
	var pieces []piece
	if err := guard(func() error { pieces = r.encoder.pieces(text); return nil }); err != nil {
		return nil, fmt.Errorf("%w: %w", err, runners.ErrFatal)
	}
	labels := make([]string, len(pieces))
	for _, w := range windows(len(pieces), r.most) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var found []string
		err := guard(func() (err error) {
			found, err = r.labelsOf(ctx, pieces[w.start:w.end])
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%w: %w", err, runners.ErrFatal)
		}
		copy(labels[w.from:w.to], found[w.from-w.start:])
	}
	return r.join(pieces, labels), nil
}

// window is a part of a text that fits into the model: the tokens [start,end). Its
// labels are used for the tokens [from,to). In an overlap, each token gets its label
// from the window with more context around it.
type window struct{ start, end, from, to int }

// windows covers n tokens with windows of at most this many tokens, which overlap by a
// quarter.
func windows(n, most int) []window {
	var out []window
	from := 0
	for start := 0; start < n; {
		w := window{start, min(start+most, n), from, n}
		if w.end < n {
			overlap := most / 4
			w.to = w.end - overlap/2
			start = w.end - overlap
		} else {
			start = n
		}
		from = w.to
		out = append(out, w)
	}
	return out
}

// labelsOf computes the most probable label of each token.
func (r *Runner) labelsOf(ctx context.Context, pieces []piece) (labels []string, err error) {
	in := backends.TokenizedInput{}
	add := func(id uint32, special uint32) {
		in.TokenIDs = append(in.TokenIDs, id)
		in.SpecialTokensMask = append(in.SpecialTokensMask, special)
		in.AttentionMask = append(in.AttentionMask, 1)
		in.TypeIDs = append(in.TypeIDs, 0)
	}
	for _, id := range r.encoder.begin {
		add(id, 1)
	}
	for _, p := range pieces {
		add(p.id, 0)
	}
	for _, id := range r.encoder.end {
		add(id, 1)
	}
	in.MaxAttentionIndex = len(in.TokenIDs) - 1
	batch := backends.NewBatch(1)
	batch.Input, batch.MaxSequenceLength = []backends.TokenizedInput{in}, len(in.TokenIDs)
	defer func() {
		if fault := batch.Destroy(); err == nil {
			err = fault
		}
	}()
	if err := backends.CreateInputTensors(batch, r.pipeline.Model, r.pipeline.Runtime); err != nil {
		return nil, err
	}
	if err := backends.RunSessionOnBatch(ctx, batch, r.pipeline.BasePipeline); err != nil {
		return nil, err
	}
	logits, ok := batch.OutputValues[0].([][][]float32)
	if !ok || len(logits) != 1 || len(logits[0]) < len(r.encoder.begin)+len(pieces) {
		return nil, fmt.Errorf("the model returned %T, want numbers for each of %d tokens", batch.OutputValues[0], len(in.TokenIDs))
	}
	for _, of := range logits[0][len(r.encoder.begin):][:len(pieces)] {
		if len(of) != r.labels.number {
			return nil, fmt.Errorf("the model returned %d numbers for a token, and %s has %d labels", len(of), configFile, r.labels.number)
		}
		best := 0
		for i, v := range of {
			if v > of[best] {
				best = i
			}
		}
		labels = append(labels, r.pipeline.IDLabelMap[best])
	}
	return labels, nil
}

// join makes spans of labelled tokens, as transformers does. A token continues the span
// before it if both have the same label and the label does not begin a span. With the
// aggregation "first", all tokens of a word have the label of the first one.
func (r *Runner) join(pieces []piece, labels []string) []ner.Span {
	var out []ner.Span
	last := "" // label of the open span; empty: none
	for i, p := range pieces {
		label := labels[i]
		if r.first && i > 0 && !p.word {
			if last != "" {
				out[len(out)-1].End = p.end
			}
			continue
		}
		bare := withoutPrefix(label)
		begins := strings.HasPrefix(label, "B-")
		switch t, known := r.labels.typeOf(label); {
		case !known:
			last = ""
		case last == bare && (!begins || out[len(out)-1].End > p.start): // tokens of one word may have one place
			out[len(out)-1].End = p.end
		case len(out) > 0 && out[len(out)-1].End > p.start:
			last = ""
		default:
			out = append(out, ner.Span{Start: p.start, End: p.end, Type: t})
			last = bare
		}
	}
	return out
}
