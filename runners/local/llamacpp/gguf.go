package llamacpp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"nerbench/internal/fault"
)

// Info is what the header of a GGUF file says.
type Info struct {
	Name         string // of the model
	Architecture string // such as "llama"
	Context      int    // length that the model was trained for, in tokens; 0 if unknown
	FileType     int    // code of the weights' type (enum llama_ftype); -1 if unknown
	// Causal is false where each token sees those behind it too: such a model makes
	// embeddings, not text.
	Causal bool
}

// errNoGGUF is the error of a file of another kind.
var errNoGGUF = errors.New("is no GGUF file")

// Inspect reads the header of a GGUF file, without a library. The format is that
// of versions 2 and 3 of its specification (ggml, docs/gguf.md).
func Inspect(file string) (Info, error) {
	f, err := os.Open(file)
	if err != nil {
		return Info{}, &fault.Hint{Err: fmt.Errorf("llamacpp: %w", err), Advice: "name a file: -m gguf/PATH"}
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return Info{}, fmt.Errorf("llamacpp: %w", err)
	}
	if stat.IsDir() {
		return Info{}, &fault.Hint{Err: fmt.Errorf("llamacpp: %s: is a folder", file), Advice: "name the GGUF file in it"}
	}
	info, err := readInfo(bufio.NewReaderSize(f, 1<<20), stat.Size())
	switch {
	case errors.Is(err, errNoGGUF):
		return info, &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %s: %w", file, err),
			Advice: "the runner reads GGUF only; folders of safetensors are for vllm/, or convert them",
		}
	case err != nil:
		return info, &fault.Hint{
			Err:    fmt.Errorf("llamacpp: %s: header: %w", file, err),
			Advice: fmt.Sprintf("the file has %d bytes and may be cut: get it again", stat.Size()),
		}
	}
	return info, nil
}

// readInfo reads a header from a file of that many bytes.
func readInfo(r io.Reader, size int64) (Info, error) {
	h := header{r: r, left: size}
	magic := h.bytes(4)
	if h.err != nil || string(magic) != "GGUF" {
		return Info{}, errNoGGUF
	}
	if v := h.uint32(); h.err == nil && v != 2 && v != 3 {
		return Info{}, fmt.Errorf("version %d of the format: only 2 and 3 can be read", v)
	}
	h.uint64() // number of tensors
	count := h.uint64()
	values := map[string]string{}
	for i := uint64(0); i < count && h.err == nil; i++ {
		key := h.text()
		values[key] = h.value(h.uint32(), 0)
	}
	if h.err != nil {
		return Info{}, h.err
	}
	info := Info{Name: values["general.name"], Architecture: values["general.architecture"], FileType: -1}
	info.Context, _ = strconv.Atoi(values[info.Architecture+".context_length"]) // absent: 0
	if v, err := strconv.Atoi(values["general.file_type"]); err == nil {
		info.FileType = v
	}
	info.Causal = values[info.Architecture+".attention.causal"] != "false"
	return info, nil
}

// header reads the parts of a header. After an error it reads nothing more.
type header struct {
	r    io.Reader
	left int64 // bytes of the file that were not read yet
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

func (h *header) text() string { return string(h.bytes(h.uint64())) }

// The types of values that are not plain numbers.
const (
	typeBool   = 7
	typeString = 8
	typeArray  = 9
)

// numberSize is the size of a number by its type.
var numberSize = map[uint32]uint64{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, typeBool: 1, 10: 8, 11: 8, 12: 8}

// value reads a value. Whole numbers, truth values and texts are returned as
// text, the elements of arrays are passed over.
func (h *header) value(kind uint32, depth int) string {
	switch {
	case kind == typeString:
		return h.text()
	case kind == typeArray:
		element, count := h.uint32(), h.uint64()
		if depth > 2 {
			h.err = errors.New("arrays of arrays of arrays")
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
