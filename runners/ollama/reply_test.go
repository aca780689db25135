package ollama

import (
	"encoding/json"
	"reflect"
	"testing"
)

// usualReplies have members that the servers send for a prompt of the completion shape.
var usualReplies = []string{
	`{"model":"m:1b","created_at":"2026-01-02T03:04:05.678901234Z","response":"[\"Mira\", \"Jo\u00e3o\"]\n","done":true,"done_reason":"stop","total_duration":41234567,"load_duration":1,"prompt_eval_count":55,"prompt_eval_duration":7,"eval_count":8,"eval_duration":9}` + "\n",
	`{ "response" : "" , "done" : false }`,
	`{"thinking":"a \/ \\ \b\f\r\t \u003cb\u003e","response":"Größe","done":true,"eval_count":0}`,
	`{}`,
}

// otherReplies are unusual or malformed.
var otherReplies = []string{
	`{"response":"x","done":true,"context":[1,2]}`, `{"Response":"x","done":true}`, `{"response":"\ud83d\ude00","done":true}`,
	`{"response":"\ud83d","done":true}`, "{\"response\":\"\xff\",\"done\":true}", "{\"response\":\"a\nb\",\"done\":true}",
	`{"response":null,"done":null}`, `{"response":"x","done":true,"eval_count":1.5}`, `{"response":"x","done":true,"eval_count":-1}`,
	`{"response":"x","done":true,"eval_count":01}`, `{"response":"x","done":true,"eval_count":99999999999999999999}`,
	`{"response":"x","done":true,}`, `{,"response":"x"}`, `{"response":"x" "done":true}`, `{"response":"x","done":true} x`, `{"done":true`,
	`{"response":"x`, `{"response":"\`, `{"response":"\u12"}`, `{"response":"\x"}`, `{"response":1}`, `{"done":"true"}`, `{"done":truely}`, ``, `[]`, `null`,
	`{"message":{"content":"x"},"done":true}`, `{"error":"x"}`, `{"re\u0073ponse":"x","done":true}`, `{"eval_count":}`, `{"response":"a","response":"b"}`,
}

// TestUsualReplies: these are parsed without package encoding/json.
func TestUsualReplies(t *testing.T) {
	for _, body := range usualReplies {
		if s := (scanner{rest: body, fits: true}); !s.reply(&reply{}) {
			t.Errorf("%s: was left to encoding/json", body)
		}
	}
}

// FuzzReadReply: a response means what package encoding/json makes of it.
func FuzzReadReply(f *testing.F) {
	for _, body := range append(usualReplies, otherReplies...) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var want reply
		wrong := json.Unmarshal([]byte(body), &want)
		got, err := readReply([]byte(body))
		if (err != nil) != (wrong != nil) {
			t.Fatalf("error %v, want %v", err, wrong)
		}
		// The durations are not used, so they are not parsed.
		want.TotalDuration, want.LoadDuration, want.PromptEvalDuration, want.EvalDuration = 0, 0, 0, 0
		got.TotalDuration, got.LoadDuration, got.PromptEvalDuration, got.EvalDuration = 0, 0, 0, 0
		if err == nil && !reflect.DeepEqual(*got, want) {
			t.Errorf("got %+v, want %+v", *got, want)
		}
	})
}
