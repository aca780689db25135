package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nerbench/metrics"
	"nerbench/ner"
)

// splitParse replaces the official parser, which is in another package: "[a|b]" has
// two items, anything without brackets none.
func splitParse(items []string, answer string) []string {
	list, ok := strings.CutPrefix(answer, "[")
	list, closed := strings.CutSuffix(list, "]")
	if !ok || !closed || list == "" {
		return items
	}
	for item := range strings.SplitSeq(list, "|") {
		if !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}

func newSplitParse() metrics.AppendItems { return splitParse }

func TestPairs(t *testing.T) {
	for _, tc := range []struct {
		name, data string
		want       metrics.PairCounts
	}{
		{"nothing", "", metrics.PairCounts{}},
		{"blank lines", "\n \r\n", metrics.PairCounts{}},
		{"match", `{"gold": "[x|y]", "pred": "[y|z|y]"}`, metrics.PairCounts{Score: ner.Score{TP: 1, NPred: 2, NGold: 2}, Pairs: 1}},
		{"void", `{"pred":"no","gold":"[]"}` + "\n" + `{"pred":"[]","gold":"x"}`, metrics.PairCounts{Pairs: 2, Void: 1, GoldVoid: 1}},
		{"escapes", `{"pred": "[\u00e9\n\"\\\/\t]", "gold": "[é\n\"\\/\t]"}`, metrics.PairCounts{Score: ner.Score{TP: 1, NPred: 1, NGold: 1}, Pairs: 1}},
		{"many items", `{"pred": "` + manyItems(0, 60) + `", "gold": "` + manyItems(20, 90) + `"}`, metrics.PairCounts{Score: ner.Score{TP: 40, NPred: 60, NGold: 70}, Pairs: 1}},
		{"surrogate pair", `{"pred": "[\ud83d\ude00]", "gold": "[😀]"}`, metrics.PairCounts{Score: ner.Score{TP: 1, NPred: 1, NGold: 1}, Pairs: 1}},
		{"other members", `{"id": 7, "pred": "[x]", "gold": "[x]", "more": {"pred": 1}}` + "\r\n", metrics.PairCounts{Score: ner.Score{TP: 1, NPred: 1, NGold: 1}, Pairs: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := metrics.Pairs(context.Background(), strings.NewReader(tc.data), newSplitParse)
			if err != nil || got != tc.want {
				t.Errorf("counts are %+v, error %v, want %+v", got, err, tc.want)
			}
		})
	}
}

func manyItems(from, to int) string {
	var items []string
	for i := from; i < to; i++ {
		items = append(items, fmt.Sprint(i))
	}
	return "[" + strings.Join(items, "|") + "]"
}

func TestPairErrors(t *testing.T) {
	for _, tc := range []struct{ name, data, want string }{
		{"not JSON", "{}x\n", "line 1: want a JSON object"},
		{"list", "\n[]\n", "line 2: want a JSON object"},
		{"missing gold", `{"pred": "[]"}`, `line 1: member "gold": missing`},
		{"number", `{"pred": 3, "gold": "[]"}`, `line 1: member "pred": 3: want a string`},
		{"null", `{"pred": "[]", "gold": null}`, `line 1: member "gold": want a string, not null`},
		{"raw line end", "{\"pred\": \"\x01\", \"gold\": \"[]\"}", "line 1: want a JSON object"},
		{"invalid UTF-8", "{\"pred\": \"\xff\", \"gold\": \"[]\"}", "line 1: not valid UTF-8"},
		{"second object, truncated", `{"pred": "[]", "gold": "[]"}{`, "line 1: want a JSON object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := metrics.Pairs(context.Background(), strings.NewReader(tc.data), newSplitParse)
			var fault *metrics.LineError
			if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error is %v, want %s", err, tc.want)
			}
		})
	}
}

// FuzzPairs compares the fast parser of lines with encoding/json.
func FuzzPairs(f *testing.F) {
	f.Add(`{"pred": "[\"x\"]", "gold": "\u00e9\ud800"}`)
	f.Add(`{"gold":"a","gold":"b"}`)
	f.Add(`{"gold":"\ud83d\ude00","pred":"` + "\xff" + `"} `)
	f.Fuzz(func(t *testing.T, line string) {
		line, _, _ = strings.Cut(line, "\n")
		var got []string
		if _, err := metrics.Pairs(context.Background(), strings.NewReader(line), func() metrics.AppendItems {
			return func(items []string, answer string) []string {
				got = append(got, answer)
				return items
			}
		}); err != nil || got == nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(bytes.TrimSuffix([]byte(line), []byte("\r")), &want); err != nil {
			t.Fatalf("%q is parsed as %q, but is not JSON: %v", line, got, err)
		}
		// Gold is parsed first; the answer only if its text differs.
		if last := got[len(got)-1]; got[0] != want["gold"] || last != want["pred"] || len(got) > 2 {
			t.Fatalf("%q is parsed as %q, want %v", line, got, want)
		}
	})
}
