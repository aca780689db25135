package onnx

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"nerbench/internal/names"
)

// The limits of a model. The library keeps all of it in memory, allocates tensors before
// it compares their sizes with the data, and ends the process if there is no memory. The
// models of published encoders are far below the limits.
const (
	mostFields = 1 << 20 // fields of messages, each up to some 250 bytes in memory
	mostNodes  = 1 << 16
	mostDepth  = 32      // of messages in messages
	mostMade   = 1 << 28 // numbers that one operation makes of constants
	mostName   = 1 << 12 // bytes of a name
)

// errNoModel is the error of a file that no ONNX exporter writes.
var errNoModel = errors.New("not an ONNX model")

// inspect reads the structure of a model (onnx.proto3) without its weights. It checks that
// each tensor has the data that its shape demands, and returns the files of external data,
// which are in the folder. It needs no more memory than the limits permit, whatever the
// file contains.
func inspect(model, folder string) (external []string, err error) {
	f, err := os.Open(model)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	h := &header{
		in: f, buffer: bufio.NewReaderSize(f, 1<<16), folder: folder,
		constants: map[string]uint64{}, sizes: map[string]int64{},
	}
	if err := h.read(inModel, stat.Size(), 0); err != nil {
		return nil, fmt.Errorf("%s: %w", model, err)
	}
	for _, m := range h.makers {
		if n := h.constants[m.shape]; n > mostMade {
			return nil, fmt.Errorf("%s: an operation %s makes %d numbers: at most %d", model, m.operation, n, mostMade)
		}
	}
	for name := range h.sizes {
		external = append(external, filepath.Join(folder, filepath.FromSlash(name)))
	}
	slices.Sort(external)
	return external, nil
}

// message is a kind of message.
type message int

const (
	inOther message = iota
	inModel
	inGraph
	inNode
	inAttribute
	inTensor
	inSparse
	inPair
	inValue
	inType
	inTensorType
	inShape
	inFunction
	inTraining
	inQuantization
)

// inside are the messages in messages, by the numbers of their fields (onnx.proto3). The
// fields of other messages, such as documentation, are skipped.
var inside = map[message]map[uint64]message{
	inModel:        {7: inGraph, 8: inPair, 14: inPair, 20: inTraining, 25: inFunction},
	inGraph:        {1: inNode, 5: inTensor, 11: inValue, 12: inValue, 13: inValue, 14: inQuantization, 15: inSparse, 16: inPair},
	inNode:         {5: inAttribute, 9: inPair},
	inAttribute:    {5: inTensor, 6: inGraph, 10: inTensor, 11: inGraph, 14: inType, 15: inType, 22: inSparse, 23: inSparse},
	inTensor:       {3: inOther, 13: inPair, 16: inPair},
	inSparse:       {1: inTensor, 2: inTensor},
	inValue:        {2: inType, 4: inPair},
	inType:         {1: inTensorType, 4: inType, 5: inType, 8: inTensorType, 9: inType},
	inTensorType:   {2: inShape},
	inShape:        {1: inOther},
	inFunction:     {7: inNode, 9: inPair, 11: inAttribute, 12: inValue, 14: inPair},
	inTraining:     {1: inGraph, 2: inGraph, 3: inPair, 4: inPair},
	inQuantization: {2: inPair},
}

// header reads a model.
type header struct {
	in     *os.File
	buffer *bufio.Reader
	at     int64 // place in the file
	folder string

	fields, nodes int
	sizes         map[string]int64  // of the files of external data, by location
	constants     map[string]uint64 // the product of the values of small tensors of integers
	makers        []maker
}

// maker is an operation that makes as many numbers as a constant demands.
type maker struct{ operation, shape string }

// field is one field of a message. The file is at its content; value is the number that it
// has, and end the place behind it.
type field struct {
	number, value uint64
	end           int64
	text          bool // bytes, or a message
}

// each calls f with the fields of a message that ends at a place, and skips what f does
// not read.
func (h *header) each(end int64, f func(field) error) error {
	for h.at < end {
		if h.fields++; h.fields > mostFields {
			return fmt.Errorf("more than %d fields", mostFields)
		}
		tag, err := h.varint()
		if err != nil {
			return err
		}
		next := field{number: tag >> 3}
		switch tag & 7 {
		case 0:
			next.value, err = h.varint()
			next.end = h.at
		case 1:
			next.end = h.at + 8
		case 2:
			var n uint64
			n, err = h.varint()
			if err == nil && n > uint64(max(0, end-h.at)) {
				err = fmt.Errorf("a field of %d bytes, of which the file has %d", n, max(0, end-h.at))
			}
			next.end, next.text = h.at+int64(n), true
		case 5:
			next.end = h.at + 4
		default:
			err = errNoModel
		}
		if err != nil {
			return err
		}
		if err := f(next); err != nil {
			return err
		}
		if err := h.skip(next.end); err != nil {
			return err
		}
	}
	if h.at > end {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// read reads a message up to its end, and the messages in it.
func (h *header) read(m message, end int64, depth int) error {
	if depth > mostDepth {
		return fmt.Errorf("messages are nested more than %d deep", mostDepth)
	}
	switch m {
	case inTensor:
		_, err := h.tensor(end, depth)
		return err
	case inNode:
		return h.node(end, depth)
	case inAttribute:
		_, err := h.attribute(end, depth)
		return err
	}
	return h.each(end, func(f field) error {
		if part, ok := inside[m][f.number]; ok && f.text {
			return h.read(part, f.end, depth+1)
		}
		return nil
	})
}

// shapeInput is the input of an operation that determines how many numbers it makes.
var shapeInput = map[string]int{"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Range": 1}

func (h *header) node(end int64, depth int) error {
	if h.nodes++; h.nodes > mostNodes {
		return fmt.Errorf("more than %d nodes", mostNodes)
	}
	var inputs, outputs []string
	var operation string
	var constant *uint64
	err := h.each(end, func(f field) (err error) {
		var name string
		if f.text && (f.number == 1 || f.number == 2 || f.number == 4) {
			if name, err = h.name(f.end); err != nil {
				return err
			}
		}
		switch {
		case !f.text:
		case f.number == 1:
			inputs = append(inputs, name)
		case f.number == 2:
			outputs = append(outputs, name)
		case f.number == 4:
			operation = name
		case f.number == 5:
			constant, err = h.attribute(f.end, depth+1)
			return err
		case f.number == 9:
			return h.read(inPair, f.end, depth+1)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if constant != nil && operation == "Constant" && len(outputs) > 0 {
		h.constants[outputs[0]] = *constant
	}
	if i, ok := shapeInput[operation]; ok && i < len(inputs) {
		h.makers = append(h.makers, maker{operation, inputs[i]})
	}
	return nil
}

// attribute reads an attribute of a node. It returns the product of its tensor, if it has a
// small one.
func (h *header) attribute(end int64, depth int) (product *uint64, err error) {
	tensors := 0
	err = h.each(end, func(f field) error {
		part, ok := inside[inAttribute][f.number]
		switch {
		case !ok || !f.text:
			return nil
		case part != inTensor:
			return h.read(part, f.end, depth+1)
		case f.number == 5 && tensors > 0:
			return errNoModel // libraries join them to a tensor of other dimensions
		}
		if f.number == 5 {
			tensors++
		}
		t, err := h.tensor(f.end, depth+1)
		product = t.product
		return err
	})
	return product, err
}

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

// mostShape is the largest number of dimensions of a tensor.
const mostShape = 16

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

// numbers reads the numbers of a repeated field, which is packed or not.
func (h *header) numbers(f field, add func(int64) error) error {
	if !f.text {
		return add(int64(f.value))
	}
	for h.at < f.end {
		n, err := h.varint()
		if err != nil {
			return err
		}
		if err := add(int64(n)); err != nil {
			return err
		}
	}
	if h.at > f.end {
		return errNoModel
	}
	return nil
}

func (h *header) varint() (uint64, error) {
	n, err := binary.ReadUvarint(counting{h})
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// counting reads bytes and counts them.
type counting struct{ h *header }

func (c counting) ReadByte() (byte, error) {
	b, err := c.h.buffer.ReadByte()
	if err == nil {
		c.h.at++
	}
	return b, err
}

// name reads a text that is not too long.
func (h *header) name(end int64) (string, error) {
	if end-h.at > mostName {
		return "", fmt.Errorf("a name of %d bytes: at most %d", end-h.at, mostName)
	}
	b, err := h.bytes(end)
	return string(b), err
}

// bytes reads up to a place, which must be near.
func (h *header) bytes(end int64) ([]byte, error) {
	b := make([]byte, max(0, end-h.at))
	_, err := io.ReadFull(h.buffer, b)
	h.at += int64(len(b))
	return b, err
}

// skip goes to a place behind this one, or stays.
func (h *header) skip(end int64) error {
	n := end - h.at
	switch {
	case n <= 0:
		return nil
	case n <= int64(h.buffer.Buffered()):
		_, _ = h.buffer.Discard(int(n)) // it is in the buffer
	default:
		if _, err := h.in.Seek(end, io.SeekStart); err != nil {
			return err
		}
		h.buffer.Reset(h.in)
	}
	h.at = end
	return nil
}
