// Package tinymodel writes a language model of random weights, for tests of servers
// without a trained model: GGUF version 3, architecture llama, byte-level BPE. Its
// output is meaningless, and always the same. The usual model ([Tiny]) has about
// 600 KB; a larger [Size] makes a slow model.
package tinymodel

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Context is the context length that the model declares, in tokens.
const Context = 2048

// Size is the size of a model. Width is a multiple of 8 and of Heads; Inner is a
// multiple of 8; Vocabulary is a multiple of 8 and at least 264.
type Size struct {
	Vocabulary, Width, Heads, Layers, Inner int
}

// Tiny is the size of the model of [Write].
var Tiny = Size{Vocabulary: 512, Width: 64, Heads: 2, Layers: 2, Inner: 128}

// Write writes the model of size [Tiny]. Equal seeds give equal bytes.
func Write(w io.Writer, seed uint64) error { return WriteSize(w, seed, Tiny) }

// WriteSize writes a model of the given size. Equal seeds and sizes give equal bytes.
func WriteSize(w io.Writer, seed uint64, size Size) error {
	f := &file{size: size, random: seed}
	f.metadata()
	f.tensors()
	out := bufio.NewWriter(w)
	header := make([]byte, 0, 24)
	header = append(header, "GGUF"...)
	header = binary.LittleEndian.AppendUint32(header, 3)
	header = binary.LittleEndian.AppendUint64(header, uint64(f.tensorCount))
	header = binary.LittleEndian.AppendUint64(header, uint64(f.keyCount))
	length := len(header) + f.keys.Len() + f.infos.Len()
	padding := make([]byte, (alignment-length%alignment)%alignment)
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
	size                  Size
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
	number := func(name string, value int) { f.number(name, uint32(value)) }
	f.str("general.architecture", "llama")
	f.str("general.name", "tiny random")
	f.number("general.file_type", 0) // all float32
	f.number("llama.context_length", Context)
	number("llama.embedding_length", f.size.Width)
	number("llama.block_count", f.size.Layers)
	number("llama.feed_forward_length", f.size.Inner)
	number("llama.attention.head_count", f.size.Heads)
	number("llama.attention.head_count_kv", f.size.Heads)
	number("llama.rope.dimension_count", f.size.Width/f.size.Heads)
	number("llama.vocab_size", f.size.Vocabulary)
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
	width, vocabulary, inner := uint64(f.size.Width), uint64(f.size.Vocabulary), uint64(f.size.Inner)
	f.tensor("token_embd.weight", true, width, vocabulary)
	for i := range f.size.Layers {
		layer := fmt.Sprintf("blk.%d.", i)
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
