package runners

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"

	"nerbench/ner"
)

// Frames keep the request around the prompts of the completion shape from one query to
// the next. All questions of a family have one, and writing its members anew for each
// would be the greater part of the work of asking. The zero value keeps none yet.
type Frames struct{ last atomic.Pointer[Frame] }

// Frame is a request as JSON around its prompt, or list of prompts.
type Frame struct {
	Head, Tail []byte     // before and behind the value of "prompt"
	of         ner.Prompt // without its text
}

// place stands for the prompt in a request whose frame is wanted.
const place = "the prompt stands here"

// Of returns the frame of a prompt: the last one if it fits, or else that of the
// request that encode makes with a place for the prompt as its "prompt".
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

// Forget makes the next frame be written anew.
func (f *Frames) Forget() { f.last.Store(nil) }

// Alike reports whether two prompts of the completion shape differ in their text only,
// so that they have one frame.
func Alike(a, b *ner.Prompt) bool {
	return a.MaxTokens == b.MaxTokens && bytes.Equal(a.Schema, b.Schema) && slices.Equal(a.Stop, b.Stop)
}

// ReadFinish reads why a server says that an answer ended. Other words than these two
// tell of no usual end: "load", the answer to an empty prompt; "repetition".
func ReadFinish(reason string) ner.Finish {
	switch reason {
	case "stop":
		return ner.FinishStop
	case "length":
		return ner.FinishLength
	}
	return ner.FinishUnknown
}
