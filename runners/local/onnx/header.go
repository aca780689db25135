package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// The limits of a model. The library keeps all of it in memory, allocates tensors before
// it compares their sizes with the data, and ends the process if there is no memory. The
// models of published encoders are far below the limits.
const (
	mostFields = 1 << 20 // fields of messages, each up to some 250 bytes in memory
	mostNodes  = 1 << 16
	mostDepth  = 32      // of messages in messages
	mostMade   = 1 << 28 // numbers that one operation makes of constants
	mostShape  = 16      // dimensions of a tensor
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
	h := &header{fieldReader: newFieldReader(f), folder: folder, constants: map[string]uint64{}, sizes: map[string]int64{}}
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
	*fieldReader
	folder string

	nodes     int
	sizes     map[string]int64  // of the files of external data, by location
	constants map[string]uint64 // the product of the values of small tensors of integers
	makers    []maker
}

// maker is an operation that makes as many numbers as a constant demands.
type maker struct{ operation, shape string }

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
