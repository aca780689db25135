package onnx

import (
	"encoding/json"
	"fmt"
	"os"
)

// The limits of a tokenizer. The library needs time or memory without an end for others.
const (
	mostGrowth  = 256 // factor by which replacements may lengthen a text
	mostSpecial = 64  // special tokens around a text, and parts of a template
)

// checkTokenizer checks what the library does not: that texts stay about as long as they
// are, and that the search for added tokens makes progress.
func checkTokenizer(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var t struct {
		AddedTokens []struct {
			Content string `json:"content"`
		} `json:"added_tokens"`
		Normalizer    *normalizer `json:"normalizer"`
		PostProcessor struct {
			Single        []json.RawMessage `json:"single"`
			SpecialTokens map[string]struct {
				IDs []json.RawMessage `json:"ids"`
			} `json:"special_tokens"`
		} `json:"post_processor"`
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for i, token := range t.AddedTokens {
		if token.Content == "" {
			return fmt.Errorf("%s: added_tokens: token %d is empty", file, i+1)
		}
	}
	if t.Normalizer != nil {
		if _, err := t.Normalizer.growth(); err != nil {
			return fmt.Errorf("%s: normalizer: %w", file, err)
		}
	}
	if n := len(t.PostProcessor.Single); n > mostSpecial {
		return fmt.Errorf("%s: post_processor: %d parts: at most %d", file, n, mostSpecial)
	}
	for name, token := range t.PostProcessor.SpecialTokens {
		if n := len(token.IDs); n > mostSpecial {
			return fmt.Errorf("%s: post_processor: %.40q has %d tokens: at most %d", file, name, n, mostSpecial)
		}
	}
	return nil
}

// normalizer is a step of the preparation of texts.
type normalizer struct {
	Type        string       `json:"type"`
	Normalizers []normalizer `json:"normalizers"`
	Content     string       `json:"content"`
	Pattern     *struct {
		String string `json:"String"`
		Regex  string `json:"Regex"`
	} `json:"pattern"`
}

// growth is the factor by which a step may lengthen a text.
func (n *normalizer) growth() (int, error) {
	factor := 1
	switch {
	case n.Type == "Sequence":
		for i := range n.Normalizers {
			one, err := n.Normalizers[i].growth()
			if err != nil {
				return 0, err
			}
			if factor *= one; factor > mostGrowth {
				break
			}
		}
	case n.Type == "Replace" && n.Pattern != nil && n.Pattern.String != "":
		factor = max(1, (len(n.Content)+len(n.Pattern.String)-1)/len(n.Pattern.String))
	case n.Type == "Replace" && n.Pattern != nil:
		factor = 1 + len(n.Content) // the expression may match no character, or repeat all of the text
	}
	if factor > mostGrowth {
		return 0, fmt.Errorf("texts may become more than %d times as long", mostGrowth)
	}
	return factor, nil
}
