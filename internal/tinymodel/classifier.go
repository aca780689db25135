package tinymodel

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// Classifier is a token classifier in the format of an ONNX export of transformers,
// with the tokenizer of BERT. It gives every token of its vocabulary a fixed label,
// independent of the context, and every other token the first label.
type Classifier struct {
	// Labels, in the order of their ids; the first one means no entity.
	Labels []string
	// Tokens are the words and word pieces ("##ing") of the vocabulary, with their
	// labels.
	Tokens map[string]string
	// Order lists the tokens: equal classifiers have equal bytes.
	Order []string
	// Positions is the maximum number of tokens, including the two that the
	// tokenizer adds.
	Positions int
}

// special tokens come first in the vocabulary.
var special = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]"}

// WriteFolder writes the files of the classifier.
func (c Classifier) WriteFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	model, err := c.model()
	if err != nil {
		return err
	}
	ids, numbers := map[string]string{}, map[string]int{}
	for i, l := range c.Labels {
		ids[strconv.Itoa(i)], numbers[l] = l, i
	}
	files := map[string]any{
		"config.json":           map[string]any{"model_type": "bert", "max_position_embeddings": c.Positions, "id2label": ids, "label2id": numbers},
		"tokenizer.json":        c.tokenizer(),
		"tokenizer_config.json": map[string]any{"tokenizer_class": "BertTokenizer", "unk_token": "[UNK]", "sep_token": "[SEP]"},
	}
	for name, content := range files {
		text, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "model.onnx"), model, 0o644)
}

func (c Classifier) tokenizer() map[string]any {
	vocabulary := map[string]int{}
	var added []any
	for i, t := range special {
		vocabulary[t] = i
		added = append(added, map[string]any{"id": i, "content": t, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true})
	}
	for i, t := range c.Order {
		vocabulary[t] = len(special) + i
	}
	mark := func(t string) any { return map[string]any{"SpecialToken": map[string]any{"id": t, "type_id": 0}} }
	text := func(id string) any { return map[string]any{"Sequence": map[string]any{"id": id, "type_id": 0}} }
	token := func(t string) any { return map[string]any{"id": t, "ids": []int{vocabulary[t]}, "tokens": []string{t}} }
	return map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil, "added_tokens": added,
		"normalizer":    map[string]any{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": false, "lowercase": false},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"post_processor": map[string]any{
			"type":           "TemplateProcessing",
			"single":         []any{mark("[CLS]"), text("A"), mark("[SEP]")},
			"pair":           []any{mark("[CLS]"), text("A"), mark("[SEP]"), text("B"), mark("[SEP]")},
			"special_tokens": map[string]any{"[CLS]": token("[CLS]"), "[SEP]": token("[SEP]")},
		},
		"decoder": map[string]any{"type": "WordPiece", "prefix": "##", "cleanup": true},
		"model": map[string]any{
			"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary,
		},
	}
}

// model writes the graph: one table with the logits of each token, and the lookup.
// It encodes the format of onnx.proto3 (ONNX 1.x) directly, with four kinds of
// fields.
func (c Classifier) model() ([]byte, error) {
	rows := len(special) + len(c.Order)
	table := make([]byte, 0, 4*rows*len(c.Labels))
	for i := range rows {
		label := 0
		if i >= len(special) {
			name := c.Tokens[c.Order[i-len(special)]]
			if label = index(c.Labels, name); label < 0 {
				return nil, fmt.Errorf("tinymodel: token %q: unknown label %q", c.Order[i-len(special)], name)
			}
		}
		for l := range c.Labels {
			logit := float32(0)
			if l == label {
				logit = 8
			}
			table = binary.LittleEndian.AppendUint32(table, math.Float32bits(logit))
		}
	}
	var dims proto
	dims.varint(uint64(rows))
	dims.varint(uint64(len(c.Labels)))
	const float32s, int64s = 1, 7
	weights := proto{}.bytes(1, dims).number(2, float32s).bytes(8, []byte("table")).bytes(9, table)
	node := proto{}.bytes(1, []byte("table")).bytes(1, []byte("input_ids")).bytes(2, []byte("logits")).bytes(3, []byte("look up")).bytes(4, []byte("Gather"))
	graph := proto{}.bytes(1, node).bytes(2, []byte("classifier")).bytes(5, weights).
		bytes(11, valueInfo("input_ids", int64s, 0, 0)).bytes(11, valueInfo("attention_mask", int64s, 0, 0)).
		bytes(12, valueInfo("logits", float32s, 0, 0, len(c.Labels)))
	return proto{}.number(1, 8).bytes(7, graph).bytes(8, proto{}.bytes(1, nil).number(2, 13)), nil
}

func index(list []string, s string) int {
	for i, v := range list {
		if v == s {
			return i
		}
	}
	return -1
}

// valueInfo describes an input or output; a size of 0 is free.
func valueInfo(name string, element uint64, sizes ...int) proto {
	var shape proto
	for i, n := range sizes {
		dim := proto{}.bytes(2, []byte{'a' + byte(i)}) // by name
		if n > 0 {
			dim = proto{}.number(1, uint64(n))
		}
		shape = shape.bytes(1, dim)
	}
	tensor := proto{}.number(1, element).bytes(2, shape)
	return proto{}.bytes(1, []byte(name)).bytes(2, proto{}.bytes(1, tensor))
}

// proto is a protocol buffer message under construction.
type proto []byte

func (p *proto) varint(n uint64) { *p = binary.AppendUvarint(*p, n) }

func (p proto) number(field, n uint64) proto {
	p.varint(field << 3)
	p.varint(n)
	return p
}

func (p proto) bytes(field uint64, b []byte) proto {
	p.varint(field<<3 | 2)
	p.varint(uint64(len(b)))
	return append(p, b...)
}
