package files

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

// AlignedText is a line of the output of [Align]. Offsets count code points.
type AlignedText struct {
	Spans     []ner.PointSpan `json:"spans"`
	Unaligned int             `json:"unaligned"`
	Ambiguous int             `json:"ambiguous"`
	Tiers     []int           `json:"tiers"` // by mention; 0: not aligned
}

// Align finds mentions in texts. It reads lines {"text", "tokens"?: [[start, end], …],
// "mentions": [{"text", "type"}, …]} and writes one [AlignedText] per line.
func Align(ctx context.Context, in File, out io.Writer, a answers.Alignment) error {
	if err := a.Check(); err != nil {
		return fault.Usagef("%v", err)
	}
	return filter(ctx, in, out, func(line []byte) (any, error) { return alignLine(a, line) })
}

func alignLine(a answers.Alignment, line []byte) (AlignedText, error) {
	var in struct {
		Text     *string  `json:"text"`
		Tokens   [][2]int `json:"tokens"`
		Mentions []struct {
			Text string         `json:"text"`
			Type ner.EntityType `json:"type"`
		} `json:"mentions"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return AlignedText{}, loaders.PlainJSON(err)
	}
	if in.Text == nil || in.Mentions == nil {
		return AlignedText{}, fmt.Errorf(`want {"text": "…", "mentions": […]}`)
	}
	d, err := newDocument(*in.Text, in.Tokens)
	if err != nil {
		return AlignedText{}, err
	}
	mentions := make([]ner.Mention, len(in.Mentions))
	for i, m := range in.Mentions {
		mentions[i] = ner.Mention{Text: m.Text, Type: m.Type}
	}
	placed, err := a.Align(d, mentions)
	if err != nil {
		return AlignedText{}, err
	}
	return AlignedText{ner.NewCodePoints(d.Text).Spans(placed.Spans), len(placed.Unaligned), placed.Ambiguous, placed.Tiers}, nil
}
