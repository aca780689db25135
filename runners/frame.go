package runners

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"nerbench/ner"
)

// Frames caches the request around a prompt of the completion shape. All queries of a
// family have the same request, and encoding it for each query would be most of the
// work of sending. The zero value is an empty cache.
type Frames struct{ last atomic.Pointer[Frame] }

// Frame is the JSON of a request around its prompt or list of prompts.
type Frame struct {
	Head, Tail []byte     // before and behind the value of "prompt"
	of         ner.Prompt // without its text
}

// place is a placeholder for the prompt while a frame is encoded.
const place = "the prompt stands here"

// Of returns the frame of a prompt: the cached one if it fits, else a new one. encode
// makes the request with place as the value of its "prompt".
func (f *Frames) Of(p *ner.Prompt, encode func(place string) any) (*Frame, error) {
	if last := f.last.Load(); last != nil && Alike(&last.of, p) {
		return last, nil
	}
	whole, err := json.Marshal(encode(place))
	if err != nil {
		return nil, fmt.Errorf("prompt: %w", err)
	}
	head, tail, _ := bytes.Cut(whole, []byte(`"prompt":"`+place+`"`))
	frame := &Frame{
		Head: append(head[:len(head):len(head)], `"prompt":`...), Tail: tail,
		of: ner.Prompt{Stop: slices.Clone(p.Stop), MaxTokens: p.MaxTokens, Schema: slices.Clone(p.Schema)},
	}
	f.last.Store(frame)
	return frame, nil
}

// Forget empties the cache.
func (f *Frames) Forget() { f.last.Store(nil) }

// Alike reports whether two prompts of the completion shape differ in their text only.
// Such prompts have the same frame.
func Alike(a, b *ner.Prompt) bool {
	return a.MaxTokens == b.MaxTokens && bytes.Equal(a.Schema, b.Schema) && slices.Equal(a.Stop, b.Stop)
}

// ReadFinish parses the finish reason of a server. Reasons other than these mean an
// unusual end, such as "load" (the answer to an empty prompt) or "repetition".
func ReadFinish(reason string) ner.Finish {
	switch reason {
	case "stop":
		return ner.FinishStop
	case "length":
		return ner.FinishLength
	case "content_filter":
		return ner.FinishFiltered
	}
	return ner.FinishUnknown
}
