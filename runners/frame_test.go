package runners

import (
	"encoding/json"
	"testing"

	"nerbench/ner"
)

// TestFrames: prompts that differ in their text only share one frame.
func TestFrames(t *testing.T) {
	var frames Frames
	written := 0
	request := func(p ner.Prompt, text string) string {
		t.Helper()
		f, err := frames.Of(&p, func(place string) any {
			written++
			return map[string]any{"max_tokens": p.MaxTokens, "prompt": place, "stop": p.Stop}
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(append(AppendJSONString(append([]byte{}, f.Head...), text), f.Tail...))
	}
	stop := []string{"</s>"}
	a := ner.Prompt{MaxTokens: 8, Stop: stop}
	if got, want := request(a, `a "b"`), `{"max_tokens":8,"prompt":"a \"b\"","stop":["\u003c/s\u003e"]}`; got != want {
		t.Errorf("request is %s, want %s", got, want)
	}
	request(a, "c")
	if written != 1 {
		t.Errorf("encoded %d times", written)
	}
	for name, other := range map[string]ner.Prompt{
		"limit": {MaxTokens: 9, Stop: stop}, "stop": {MaxTokens: 8}, "schema": {MaxTokens: 8, Stop: stop, Schema: json.RawMessage("{}")},
	} {
		before := written
		if request(other, "d"); written != before+1 || Alike(&a, &other) {
			t.Errorf("another %s: the frame is the same", name)
		}
	}
	stop[0] = "changed" // by its owner
	before := written
	frames.Forget()
	if request(a, "e"); written != before+1 {
		t.Error("the cache is not empty")
	}
}
