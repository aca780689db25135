package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"

	"nerbench/internal/names"
)

// tensor is what a model says about one tensor.
type tensor struct {
	name     string
	dims     []int64
	kind     uint64
	raw      int64 // bytes of its data; -1: none
	typed    int64 // bytes of data in a field of its type
	external bool
	location string
	offset   int64
	values   []int64 // the first of them, if it has integers
	product  *uint64 // of the values of a small tensor
}

// elementBits is the size of an element by its type (TensorProto.DataType). The library
// refuses other types.
var elementBits = map[uint64]uint64{
	1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
	17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4,
}

func (h *header) tensor(end int64, depth int) (tensor, error) {
	t := tensor{raw: -1}
	err := h.each(end, func(f field) (err error) {
		switch f.number {
		case 1:
			return h.numbers(f, func(n int64) error {
				if t.dims = append(t.dims, n); len(t.dims) > mostShape {
					return fmt.Errorf("a tensor with more than %d dimensions", mostShape)
				}
				return nil
			})
		case 2:
			t.kind = f.value
		case 7:
			t.typed += max(1, f.end-h.at)
			if f.end-h.at <= 10*mostShape {
				return h.numbers(f, func(n int64) error { t.values = append(t.values, n); return nil })
			}
		case 4, 5, 6, 10, 11:
			t.typed += max(1, f.end-h.at)
		case 8:
			t.name, err = h.name(f.end)
		case 9:
			t.raw = f.end - h.at
			if t.raw <= 8*mostShape && t.kind == 7 {
				raw, err := h.bytes(f.end)
				for ; len(raw) >= 8; raw = raw[8:] {
					t.values = append(t.values, int64(binary.LittleEndian.Uint64(raw)))
				}
				return err
			}
		case 13:
			t.external = true
			return h.pair(f.end, &t)
		default:
			if part, ok := inside[inTensor][f.number]; ok && f.text {
				return h.read(part, f.end, depth+1)
			}
		}
		return err
	})
	if err != nil {
		return t, err
	}
	if err := h.check(&t); err != nil {
		return t, fmt.Errorf("tensor %.100q: %w", t.name, err)
	}
	if len(t.values) > 0 && len(t.values) <= mostShape {
		product := productOf(t.values)
		t.product = &product
		h.constants[t.name] = product
	}
	return t, nil
}

// productOf is the product of numbers, at most the largest number. Zero and negative numbers
// are instructions of operations, and count as 1.
func productOf(numbers []int64) uint64 {
	n := uint64(1)
	for _, v := range numbers {
		high, low := bits.Mul64(n, uint64(max(1, v)))
		if n = low; high > 0 {
			return math.MaxUint64
		}
	}
	return n
}

// pair reads one entry of external_data.
func (h *header) pair(end int64, t *tensor) error {
	var key, value string
	err := h.each(end, func(f field) (err error) {
		switch f.number {
		case 1:
			key, err = h.name(f.end)
		case 2:
			value, err = h.name(f.end)
		}
		return err
	})
	if err != nil {
		return err
	}
	switch key {
	case "location":
		t.location = value
	case "offset":
		if t.offset, err = strconv.ParseInt(value, 10, 64); err != nil || t.offset < 0 {
			return fmt.Errorf("external data: offset %.40q: not a number of bytes", value)
		}
	}
	return nil
}

// check compares the shape of a tensor with its data.
func (h *header) check(t *tensor) error {
	elements := uint64(1)
	for _, d := range t.dims {
		if d < 0 {
			return fmt.Errorf("a dimension of %d", d)
		}
		var high uint64
		if high, elements = bits.Mul64(elements, uint64(d)); high > 0 || elements > math.MaxInt64/16 {
			return fmt.Errorf("too large: its dimensions are %v", t.dims)
		}
	}
	size := int64((elements*max(4, elementBits[t.kind]) + 7) / 8)
	switch {
	case t.external:
		have, err := h.externalSize(t.location)
		if err != nil {
			return err
		}
		if t.offset > have || size > have-t.offset {
			return fmt.Errorf("%d bytes of external data at %d, and %s has %d bytes", size, t.offset, t.location, have)
		}
	case t.raw >= 0:
		if size > t.raw {
			return fmt.Errorf("%d elements need %d bytes, and the file has %d", elements, size, t.raw)
		}
	case elements > uint64(t.typed):
		return fmt.Errorf("%d elements, and the file has %d bytes of data", elements, t.typed)
	}
	return nil
}

// externalSize is the size of a file with external data.
func (h *header) externalSize(location string) (int64, error) {
	if size, ok := h.sizes[location]; ok {
		return size, nil
	}
	if _, err := names.Local(location); err != nil {
		return 0, fmt.Errorf("external data: %w", err)
	}
	root, err := os.OpenRoot(h.folder)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	stat, err := root.Lstat(filepath.FromSlash(location))
	switch {
	case err != nil:
		return 0, fmt.Errorf("external data: %w", err)
	case stat.Mode()&os.ModeSymlink != 0:
		return 0, fmt.Errorf("external data: %s: a link: copy the file into the folder", location)
	case !stat.Mode().IsRegular():
		return 0, fmt.Errorf("external data: %s: not a file", location)
	}
	h.sizes[location] = stat.Size()
	return stat.Size(), nil
}
