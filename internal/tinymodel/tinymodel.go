// Package tinymodel writes a language model of random weights, for tests of servers
// without a trained model: GGUF version 3, architecture llama, byte-level BPE with
// 512 tokens, width 64, 2 layers, about 600 KB. Its output is meaningless, and
// always the same.
package tinymodel

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math"
)

// The sizes of the model.
const (
	vocabulary = 512
	width      = 64
	heads      = 2
	layers     = 2
	inner      = 128
	// Context is the context length that the model declares, in tokens.
	Context = 2048
)

// Write writes the model. Equal seeds give equal bytes.
func Write(w io.Writer, seed uint64) error {
	f := &file{random: seed}
	f.metadata()
	f.tensors()
	out := bufio.NewWriter(w)
	header := make([]byte, 0, 24)
	header = append(header, "GGUF"...)
	header = binary.LittleEndian.AppendUint32(header, 3)
	header = binary.LittleEndian.AppendUint64(header, uint64(f.tensorCount))
	header = binary.LittleEndian.AppendUint64(header, uint64(f.keyCount))
	size := len(header) + f.keys.Len() + f.infos.Len()
	padding := make([]byte, (alignment-size%alignment)%alignment)
	for _, part := range [][]byte{header, f.keys.Bytes(), f.infos.Bytes(), padding, f.data.Bytes()} {
		if _, err := out.Write(part); err != nil {
			return err
		}
	}
	return out.Flush()
}

// alignment of tensors in the file, in bytes.
const alignment = 32

// file is a GGUF file under construction.
type file struct {
	keys, infos, data     bytes.Buffer
	keyCount, tensorCount int
	random                uint64
}

// Types of values in the metadata.
const (
	typeUint32  = 4
	typeInt32   = 5
	typeFloat32 = 6
	typeBool    = 7
	typeString  = 8
	typeArray   = 9
)

func (f *file) metadata() {
	f.str("general.architecture", "llama")
	f.str("general.name", "tiny random")
	f.number("general.file_type", 0) // all float32
	f.number("llama.context_length", Context)
	f.number("llama.embedding_length", width)
	f.number("llama.block_count", layers)
	f.number("llama.feed_forward_length", inner)
	f.number("llama.attention.head_count", heads)
	f.number("llama.attention.head_count_kv", heads)
	f.number("llama.rope.dimension_count", width/heads)
	f.number("llama.vocab_size", vocabulary)
	f.float("llama.attention.layer_norm_rms_epsilon", 1e-5)
	f.float("llama.rope.freq_base", 10000)
	f.tokenizer()
}

func (f *file) key(name string, typ uint32) {
	f.keyCount++
	text(&f.keys, name)
	put(&f.keys, typ)
}

func (f *file) str(name, value string) {
	f.key(name, typeString)
	text(&f.keys, value)
}

func (f *file) number(name string, value uint32) {
	f.key(name, typeUint32)
	put(&f.keys, value)
}

func (f *file) float(name string, value float32) {
	f.key(name, typeFloat32)
	put(&f.keys, value)
}

func (f *file) strs(name string, values []string) {
	f.key(name, typeArray)
	put(&f.keys, uint32(typeString))
	put(&f.keys, uint64(len(values)))
	for _, v := range values {
		text(&f.keys, v)
	}
}

func text(b *bytes.Buffer, s string) {
	put(b, uint64(len(s)))
	b.WriteString(s)
}

// put writes a number, little-endian. Writing to a buffer never fails.
func put(b *bytes.Buffer, v any) { _ = binary.Write(b, binary.LittleEndian, v) }

// tensors adds the weights. Those of norms are 1, the others are small and random.
func (f *file) tensors() {
	f.tensor("token_embd.weight", true, width, vocabulary)
	for _, layer := range []string{"blk.0.", "blk.1."} {
		f.tensor(layer+"attn_norm.weight", false, width)
		for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output"} {
			f.tensor(layer+name+".weight", true, width, width)
		}
		f.tensor(layer+"ffn_norm.weight", false, width)
		f.tensor(layer+"ffn_gate.weight", true, width, inner)
		f.tensor(layer+"ffn_up.weight", true, width, inner)
		f.tensor(layer+"ffn_down.weight", true, inner, width)
	}
	f.tensor("output_norm.weight", false, width)
	f.tensor("output.weight", true, width, vocabulary)
}

func (f *file) tensor(name string, random bool, shape ...uint64) {
	f.tensorCount++
	text(&f.infos, name)
	put(&f.infos, uint32(len(shape)))
	count := uint64(1)
	for _, n := range shape {
		put(&f.infos, n)
		count *= n
	}
	put(&f.infos, uint32(0)) // float32
	put(&f.infos, uint64(f.data.Len()))
	for range count {
		v := float32(1)
		if random {
			v = f.next()
		}
		f.data.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
	}
	// All sizes are multiples of the alignment.
}

// next is a random weight between -1/4 and 1/4. It is computed from integers, so
// that every machine produces the same weights.
func (f *file) next() float32 {
	f.random += 0x9E3779B97F4A7C15
	z := f.random
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	z ^= z >> 31
	return (float32(z>>40)/(1<<24) - 0.5) / 2
}
