package llamacpp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"strconv"

	"nerbench/internal/fault"
)

// Info is the header of a GGUF file.
type Info struct {
	Name         string // of the model
	Architecture string // such as "llama"
	Context      int    // context of the model's training, in tokens; 0: unknown
	FileType     int    // code of the weights' type (enum llama_ftype); -1: unknown
	// Causal is false if each token also depends on later tokens. Such a model computes
	// embeddings, not text.
	Causal bool
	// Tokenizer is the kind of tokenizer, such as "gpt2". PreTokenizer is how it splits words
	// from each other, if it needs that; empty: the file does not say it.
	Tokenizer, PreTokenizer string
}

// errNoGGUF is the error of a file in another format.
var errNoGGUF = errors.New("not a GGUF file")

// Inspect reads the header of a GGUF file, without the library. It supports versions 2
// and 3 of the format (ggml, docs/gguf.md).
func Inspect(file string) (Info, error) {
	const advice = "name a file: -m gguf/PATH"
	stat, err := os.Stat(file) // to open a pipe would wait for somebody who writes to it
	switch {
	case err != nil:
		return Info{}, &fault.Hint{Err: fmt.Errorf("llamacpp: %w", err), Advice: advice}
	case stat.IsDir():
		return Info{}, &fault.Hint{Err: fmt.Errorf("llamacpp: %s: is a folder", file), Advice: "name the GGUF file in it"}
	case !stat.Mode().IsRegular():
		return Info{}, &fault.Hint{Err: fmt.Errorf("llamacpp: %s: not a file", file), Advice: advice}
	}
	f, err := os.Open(file)
	if err != nil {
		return Info{}, &fault.Hint{Err: fmt.Errorf("llamacpp: %w", err), Advice: advice}
	}
	defer f.Close()
	info, err := readInfo(bufio.NewReaderSize(f, 1<<20), stat.Size())
	switch {
	case errors.Is(err, errNoGGUF):
		return info, &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %s: %w", file, err),
			Advice: "gguf/ reads GGUF files only: use vllm/ for a folder of safetensors, or convert it",
		}
	case err != nil:
		return info, &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %s: header: %w", file, err),
			Advice: fmt.Sprintf("the file has %d bytes and may be truncated: download it again", stat.Size()),
		}
	}
	return info, nil
}

// inspectParts inspects all files of a model. The first one describes it.
func inspectParts(file string) (Info, error) {
	var first Info
	for i, name := range parts(file) {
		info, err := Inspect(name)
		if err != nil {
			return Info{}, err
		}
		if i == 0 {
			first = info
		}
	}
	return first, nil
}

// readInfo reads a header from a file of size bytes.
func readInfo(r io.Reader, size int64) (Info, error) {
	h := header{r: r, left: size}
	magic := h.bytes(4)
	if h.err != nil || string(magic) != "GGUF" {
		return Info{}, errNoGGUF
	}
	if v := h.uint32(); h.err == nil && v != 2 && v != 3 {
		return Info{}, fmt.Errorf("version %d of the format: want 2 or 3", v)
	}
	tensors, count := h.uint64(), h.uint64()
	if h.err == nil && (tensors > mostTensors || count > mostKeys) {
		return Info{}, fmt.Errorf("%d tensors and %d keys: at most %d and %d", tensors, count, mostTensors, mostKeys)
	}
	values := map[string]string{}
	for i := uint64(0); i < count && h.err == nil; i++ {
		key := h.text(mostKey)
		if v := h.value(h.uint32(), 0); len(v) <= mostValue {
			values[key] = v
		}
		if h.err != nil && !errors.Is(h.err, io.ErrUnexpectedEOF) {
			return Info{}, fmt.Errorf("key %d, %q: %w", i+1, key[:min(len(key), 100)], h.err)
		}
	}
	for i := uint64(0); i < tensors && h.err == nil; i++ {
		h.tensor(i, size)
	}
	if h.err != nil {
		return Info{}, h.err
	}
	blocks := values["general.architecture"] + ".block_count"
	if v, ok := values[blocks]; ok {
		if n, err := strconv.ParseUint(v, 10, 64); err != nil || n == 0 || n > mostBlocks {
			return Info{}, fmt.Errorf("%s: %.20s: want 1 to %d", blocks, v, mostBlocks)
		}
	}
	info := Info{Name: values["general.name"], Architecture: values["general.architecture"], FileType: -1, Tokenizer: values["tokenizer.ggml.model"], PreTokenizer: values["tokenizer.ggml.pre"]}
	info.Context, _ = strconv.Atoi(values[info.Architecture+".context_length"]) // absent: 0
	if v, err := strconv.Atoi(values["general.file_type"]); err == nil {
		info.FileType = v
	}
	info.Causal = values[info.Architecture+".attention.causal"] != "false"
	return info, nil
}

// header reads the parts of a header. After an error, it reads no more.
type header struct {
	r    io.Reader
	left int64 // bytes of the file that are not read yet
	err  error
}

func (h *header) bytes(n uint64) []byte {
	if h.err != nil {
		return nil
	}
	if n > uint64(h.left) {
		h.err = io.ErrUnexpectedEOF
		return nil
	}
	h.left -= int64(n)
	b := make([]byte, n)
	_, h.err = io.ReadFull(h.r, b)
	return b
}

func (h *header) uint32() uint32 {
	if b := h.bytes(4); h.err == nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (h *header) uint64() uint64 {
	if b := h.bytes(8); h.err == nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// text reads a string of at most this many bytes.
func (h *header) text(most uint64) string {
	n := h.uint64()
	if h.err == nil && n > most && n <= uint64(h.left) {
		h.err = fmt.Errorf("a string of %d bytes: at most %d", n, most)
	}
	return string(h.bytes(n))
}

// tensor reads what the header says about a tensor of a file of size bytes. No type has
// less than one bit per element, and none of the library's sizes may overflow.
func (h *header) tensor(i uint64, size int64) {
	name := h.text(mostTensorName)
	elements, fits := uint64(1), true
	dims := h.uint32()
	if h.err == nil && dims > mostDims {
		h.err = fmt.Errorf("tensor %d, %q: %d dimensions: at most %d", i+1, name, dims, mostDims)
	}
	for range min(dims, mostDims) {
		high, low := bits.Mul64(elements, h.uint64())
		elements, fits = low, fits && high == 0
	}
	_ = h.uint32() // its type
	offset := h.uint64()
	if h.err == nil && (!fits || elements/8 > uint64(size) || offset > uint64(size)) {
		h.err = fmt.Errorf("tensor %d, %q: %d elements at %d, and the file has %d bytes", i+1, name, elements, offset, size)
		if !fits {
			h.err = fmt.Errorf("tensor %d, %q: its size overflows", i+1, name)
		}
	}
}

// skip skips count elements of size bytes.
func (h *header) skip(count, size uint64) {
	if h.err == nil && count > uint64(h.left)/size {
		h.err = io.ErrUnexpectedEOF
	}
	if h.err == nil {
		h.left -= int64(count * size)
		_, h.err = io.CopyN(io.Discard, h.r, int64(count*size))
	}
}

// The limits of a header. The library keeps all of it in memory, and ends the process if
// there are too many blocks (LLAMA_MAX_LAYERS). The headers of published models are far
// below the limits.
const (
	mostTensors = 1 << 20
	mostKeys    = 1 << 16
	mostKey     = 1<<16 - 1 // bytes (ggml, docs/gguf.md)
	mostString  = 16 << 20  // bytes
	mostValue   = 1 << 10   // bytes of a value that is kept here
	mostBlocks  = 512

	mostElements   = 1 << 24 // of an array; the largest arrays are vocabularies
	mostTensorName = 64      // bytes (GGML_MAX_NAME)
	mostDims       = 4       // of a tensor (GGML_MAX_DIMS)
)

// The types of values that are not numbers.
const (
	typeBool   = 7
	typeString = 8
	typeArray  = 9
)

// numberSize is the size of a number by its type.
var numberSize = map[uint32]uint64{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, typeBool: 1, 10: 8, 11: 8, 12: 8}

// value reads a value. It returns integers, booleans and strings as text, and skips the
// elements of arrays.
func (h *header) value(kind uint32, depth int) string {
	switch {
	case kind == typeString:
		return h.text(mostString)
	case kind == typeArray:
		element, count := h.uint32(), h.uint64()
		if depth > 2 {
			h.err = errors.New("array: nested too deep")
		}
		if h.err == nil && count > mostElements && count <= uint64(h.left) {
			h.err = fmt.Errorf("array: %d elements: at most %d", count, mostElements)
		}
		if size := numberSize[element]; size > 0 {
			h.skip(count, size)
			return ""
		}
		for i := uint64(0); i < count && h.err == nil; i++ {
			h.value(element, depth+1)
		}
		return ""
	case numberSize[kind] == 0:
		if h.err == nil {
			h.err = fmt.Errorf("unknown type %d of a value", kind)
		}
		return ""
	}
	b := h.bytes(numberSize[kind])
	if h.err != nil {
		return ""
	}
	if kind == typeBool {
		return strconv.FormatBool(b[0] != 0)
	}
	var whole [8]byte
	copy(whole[:], b)
	return strconv.FormatUint(binary.LittleEndian.Uint64(whole[:]), 10)
}
