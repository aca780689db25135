package onnx_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners/local/onnx"
)

// wire is a protocol buffer message under construction.
type wire []byte

func (w wire) number(field, n uint64) wire {
	return binary.AppendUvarint(binary.AppendUvarint(w, field<<3), n)
}

func (w wire) bytes(field uint64, b []byte) wire {
	w = binary.AppendUvarint(binary.AppendUvarint(w, field<<3|2), uint64(len(b)))
	return append(w, b...)
}

func (w wire) text(field uint64, s string) wire { return w.bytes(field, []byte(s)) }

// number64 are numbers as raw data.
func number64(numbers ...int64) []byte {
	var b []byte
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// tensorOf is a tensor (TensorProto) without data.
func tensorOf(name string, kind uint64, dims ...uint64) wire {
	var w wire
	for _, d := range dims {
		w = w.number(1, d)
	}
	return w.number(2, kind).text(8, name)
}

func modelOf(graph wire) wire { return wire{}.number(1, 8).bytes(7, graph) }

// external is the data of a tensor in a file.
func external(t wire, pairs ...string) wire {
	for i := 0; i < len(pairs); i += 2 {
		t = t.bytes(13, wire{}.text(1, pairs[i]).text(2, pairs[i+1]))
	}
	return t.number(14, 1)
}

// TestHostileModels: models that are made to exhaust memory or to read other files end in
// one clear error, before memory is allocated.
func TestHostileModels(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "weights")
	if err := os.WriteFile(outside, make([]byte, 1<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	const f32, i64 = 1, 7
	weights := func(w wire) []byte { return modelOf(wire{}.bytes(5, w)) }
	constant := func(w wire) wire { // a node with a constant
		return wire{}.text(2, "c").text(4, "Constant").bytes(5, wire{}.text(1, "value").bytes(5, w))
	}
	nested := wire{}.bytes(1, constant(tensorOf("t", f32, 1)))
	for range 40 {
		nested = wire{}.bytes(1, wire{}.text(4, "If").bytes(5, wire{}.text(1, "then_branch").bytes(6, nested)))
	}
	for name, tc := range map[string]struct {
		model []byte
		setup func(dir string) error
		want  string
	}{
		"10^12 elements without data":         {weights(tensorOf("t", f32, 1e6, 1e6)), nil, `tensor "t": 1000000000000 elements, and the file has 0 bytes`},
		"10^12 elements with little data":     {weights(tensorOf("t", f32, 1e12).bytes(9, make([]byte, 8))), nil, "need 4000000000000 bytes, and the file has 8"},
		"10^12 elements of half a byte":       {weights(tensorOf("t", 22, 1e12).bytes(9, make([]byte, 8))), nil, "need 500000000000 bytes"},
		"10^12 elements of an unknown type":   {weights(tensorOf("t", 99, 1e12).bytes(9, make([]byte, 8))), nil, "need 500000000000 bytes"},
		"10^12 elements with typed data":      {weights(tensorOf("t", f32, 1e12).bytes(4, make([]byte, 8))), nil, "and the file has 8 bytes of data"},
		"10^12 elements in packed dimensions": {weights(wire{}.bytes(1, binary.AppendUvarint(nil, 1e12)).number(2, f32).bytes(9, nil)), nil, "the file has 0"},
		"a size that overflows":               {weights(tensorOf("t", f32, 1<<32, 1<<32).bytes(9, nil)), nil, "too large: its dimensions are [4294967296 4294967296]"},
		"a size that overflows to little":     {weights(tensorOf("t", i64, 1<<61).bytes(9, nil)), nil, "too large"},
		"a negative dimension":                {weights(tensorOf("t", f32, 1<<63).bytes(9, nil)), nil, "a dimension of -9223372036854775808"},
		"many dimensions":                     {weights(tensorOf("t", f32, make([]uint64, 100)...)), nil, "more than 16 dimensions"},
		"10^12 elements in a node":            {modelOf(wire{}.bytes(1, constant(tensorOf("t", f32, 1e12).bytes(9, nil)))), nil, "need 4000000000000 bytes"},
		"10^12 elements in a branch":          {modelOf(wire{}.bytes(1, wire{}.text(4, "If").bytes(5, wire{}.bytes(6, wire{}.bytes(5, tensorOf("t", f32, 1e12)))))), nil, "1000000000000 elements"},
		"10^12 elements in a sparse tensor":   {modelOf(wire{}.bytes(15, wire{}.bytes(1, tensorOf("t", f32, 1e12)))), nil, "1000000000000 elements"},
		"a tensor in two parts": {modelOf(wire{}.bytes(1, wire{}.text(4, "Constant").bytes(5,
			wire{}.bytes(5, tensorOf("t", f32, 1e3).bytes(9, make([]byte, 4e3))).bytes(5, tensorOf("t", f32, 1e3))))), nil, "not an ONNX model"},
		"10^6 nodes":              {modelOf([]byte(strings.Repeat(string(wire{}.bytes(1, nil)), 1e6))), nil, "more than 65536 nodes"},
		"10^6 tensors":            {modelOf([]byte(strings.Repeat(string(wire{}.bytes(5, tensorOf("", f32, 0))), 1e6))), nil, "more than 1048576 fields"},
		"10^6 inputs":             {modelOf([]byte(strings.Repeat(string(wire{}.bytes(11, nil)), 2e6))), nil, "more than 1048576 fields"},
		"10^6 unknown fields":     {modelOf([]byte(strings.Repeat(string(wire{}.number(99, 1)), 2e6))), nil, "more than 1048576 fields"},
		"10^6 texts":              {weights([]byte(strings.Repeat(string(wire{}.bytes(6, nil)), 2e6))), nil, "more than 1048576 fields"},
		"a long name":             {weights(tensorOf(strings.Repeat("n", 1<<20), f32, 1)), nil, "a name of 1048576 bytes: at most 4096"},
		"graphs in graphs":        {modelOf(nested), nil, "nested more than 32 deep"},
		"a field beyond the file": {binary.AppendUvarint(modelOf(nil), 1<<62|7<<3|2), nil, "onnx"},
		"a length beyond the file": {append(binary.AppendUvarint(wire{}.number(1, 8), 7<<3|2), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), nil,
			"a field of 9223372036854775807 bytes, of which the file has 0"},
		"a cut number":      {[]byte{0x80}, nil, "unexpected EOF"},
		"a group":           {[]byte{7<<3 | 3}, nil, "not an ONNX model"},
		"an array of 10^12": {modelOf(wire{}.bytes(5, tensorOf("shape", i64, 1).bytes(9, number64(1e12))).bytes(1, wire{}.text(1, "shape").text(2, "out").text(4, "ConstantOfShape"))), nil, "an operation ConstantOfShape makes 1000000000000 numbers"},
		"a tile of 10^6 by 10^6": {modelOf(wire{}.bytes(1, wire{}.text(1, "x").text(1, "c").text(2, "out").text(4, "Tile")).
			bytes(1, constant(tensorOf("t", i64, 2).bytes(7, binary.AppendUvarint(binary.AppendUvarint(nil, 1e6), 1e6))))), nil, "an operation Tile makes 1000000000000 numbers"},
		"a product that overflows": {modelOf(wire{}.bytes(5, tensorOf("shape", i64, 3).bytes(9, number64(1<<32, 1<<32, 1<<32))).bytes(1, wire{}.text(1, "x").text(1, "shape").text(4, "Expand"))), nil, "makes 18446744073709551615 numbers"},

		"external data above the folder": {weights(external(tensorOf("t", f32, 8), "location", "../weights")), nil, "external data: "},
		"external data of the system":    {weights(external(tensorOf("t", f32, 8), "location", outside)), nil, "external data: "},
		"external data without a file":   {weights(external(tensorOf("t", f32, 8), "location", "weights")), nil, "no such file"},
		"external data without a name":   {weights(external(tensorOf("t", f32, 8), "offset", "0")), nil, "external data: "},
		"external data is a link": {weights(external(tensorOf("t", f32, 8), "location", "weights")), func(dir string) error {
			return os.Symlink(outside, filepath.Join(dir, "weights"))
		}, "external data: weights: a link: copy the file into the folder"},
		"external data in a linked folder": {weights(external(tensorOf("t", f32, 8), "location", "more/weights")), func(dir string) error {
			return os.Symlink(filepath.Dir(outside), filepath.Join(dir, "more"))
		}, "external data: "},
		"external data is a folder": {weights(external(tensorOf("t", f32, 8), "location", "more")), func(dir string) error {
			return os.Mkdir(filepath.Join(dir, "more"), 0o700)
		}, "external data: more: not a file"},
		"external data is short": {weights(external(tensorOf("t", f32, 1e12), "location", "weights", "offset", "8")), func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "weights"), make([]byte, 100), 0o600)
		}, "4000000000000 bytes of external data at 8, and weights has 100 bytes"},
		"external data far away": {weights(external(tensorOf("t", f32, 8), "location", "weights", "offset", strconv.Itoa(1<<62))), func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "weights"), make([]byte, 100), 0o600)
		}, "32 bytes of external data at 4611686018427387904, and weights has 100 bytes"},
		"external data before the file": {weights(external(tensorOf("t", f32, 8), "location", "weights", "offset", "-8")), nil, `offset "-8": not a number of bytes`},
		"another model before this one": {mustRead(t, filepath.Join(folder(t), "model.onnx")), func(dir string) error {
			more := filepath.Join(dir, "a")
			return errors.Join(os.Mkdir(more, 0o700), os.WriteFile(filepath.Join(more, "model.onnx"), weights(tensorOf("t", f32, 1e12)), 0o600))
		}, filepath.Join("a", "model.onnx") + ": another model beside "},
		"more files than a model has": {mustRead(t, filepath.Join(folder(t), "model.onnx")), func(dir string) error {
			for i := range 10_000 {
				if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600); err != nil {
					return err
				}
			}
			return nil
		}, "more than 10000 files"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			if err := os.WriteFile(filepath.Join(dir, "model.onnx"), tc.model, 0o600); err != nil {
				t.Fatal(err)
			}
			if tc.setup != nil {
				if err := tc.setup(dir); err != nil {
					t.Fatal(err)
				}
			}
			var r *onnx.Runner
			var err error
			used := campaign.Memory(t, func() { r, err = onnx.Open(t.Context(), onnx.Config{Folder: dir, Types: types}) })
			if err == nil {
				r.Close()
				t.Fatal("no error")
			}
			if used > 64<<20 {
				t.Errorf("%d MiB were allocated", used>>20)
			}
			if !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") || !errors.As(err, new(*fault.Hint)) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestHostileTokenizers: tokenizers with which the library does not end.
func TestHostileTokenizers(t *testing.T) {
	replace := func(n int, content, pattern string) string {
		one := `{"type": "Replace", "content": "` + content + `", "pattern": ` + pattern + `}`
		return `{"normalizer": {"type": "Sequence", "normalizers": [` + strings.Repeat(one+", ", n-1) + one + `]}}`
	}
	for name, tc := range map[string]struct{ tokenizer, want string }{
		"an empty token":                     {`{"added_tokens": [{"id": 1, "content": "a"}, {"id": 0, "content": ""}]}`, "token 2 is empty"},
		"replacements that double":           {replace(30, "xx", `{"String": "x"}`), "more than 256 times as long"},
		"a long replacement":                 {replace(1, strings.Repeat("x", 1<<20), `{"String": "x"}`), "more than 256 times as long"},
		"a replacement of nothing":           {replace(1, strings.Repeat("x", 1<<20), `{"Regex": ""}`), "more than 256 times as long"},
		"a replacement that repeats all":     {replace(20, "$0$0", `{"Regex": ".*"}`), "more than 256 times as long"},
		"a template of many parts":           {`{"post_processor": {"type": "TemplateProcessing", "single": [` + strings.Repeat(`{"Sequence": {"id": "A"}}, `, 1000) + `{}]}}`, "1001 parts: at most 64"},
		"a special token of many tokens":     {`{"post_processor": {"special_tokens": {"[CLS]": {"ids": [` + strings.Repeat("1, ", 1000) + `1]}}}}`, `"[CLS]" has 1001 tokens: at most 64`},
		"a normalizer of another type":       {`{"normalizer": [1]}`, "cannot unmarshal"},
		"usual replacements, and no content": {replace(3, "▁", `{"String": " "}`), "onnx"}, // the library has no model
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), []byte(tc.tokenizer), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := answerOf(t, dir); err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestDamagedModels: a folder with damaged files ends in answers, or in an error of one
// line, within bounded memory.
func TestDamagedModels(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 200, Full: 20_000})
	dir := folder(t)
	whole := map[string][]byte{}
	for _, name := range []string{"config.json", "tokenizer.json", "model.onnx"} {
		whole[name] = mustRead(t, filepath.Join(dir, name))
	}
	for range c.Tries {
		name := []string{"model.onnx", "model.onnx", "tokenizer.json", "config.json"}[c.Random.IntN(4)]
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, campaign.Damage(c.Random, whole[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		var err error
		used := campaign.Memory(t, func() { err = answerOf(t, dir) })
		switch {
		case used > 64<<20:
			t.Errorf("%s: %d MiB were allocated", name, used>>20)
		case err == nil:
			c.Saw(1, "were answered")
		case strings.Contains(err.Error(), "\n") || len(err.Error()) > 2000:
			t.Errorf("%s: error of %d bytes: %.500q", name, len(err.Error()), err)
		default:
			c.Saw(1, "were errors")
		}
		if err := os.WriteFile(file, whole[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// answerOf opens a classifier and sends one query.
func answerOf(t *testing.T, dir string) error {
	t.Helper()
	r, err := onnx.Open(t.Context(), onnx.Config{Folder: dir, Types: types})
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = r.Complete(t.Context(), []ner.Query{query("Mira left Port Varna . Lowe left")})
	return err
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExternalData: weights in a file of their own are read, and determine the digest.
func TestExternalData(t *testing.T) {
	dir := folder(t)
	whole := mustRead(t, filepath.Join(dir, "model.onnx"))
	raw := rawData(t, whole)
	weights := filepath.Join(dir, "model.onnx_data")
	rows := uint64(len(raw) / 4 / len(classifier.Labels))
	table := external(tensorOf("table", 1, rows, uint64(len(classifier.Labels))), "location", "model.onnx_data", "offset", "8", "length", strconv.Itoa(len(raw)))
	model := replaced(t, whole, table)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "model.onnx"), model, 0o600), os.WriteFile(weights, append(make([]byte, 8), raw...), 0o600)); err != nil {
		t.Fatal(err)
	}
	r := open(t, onnx.Config{Folder: dir})
	if got := found(t, r, "Mira left Port Varna ."); strings.Join(got, ", ") != "0 Mira/person, 10 Port Varna/place" {
		t.Errorf("found %q", got)
	}
	before, err := onnx.Digest(t.Context(), dir)
	if err != nil || before != r.Identity().Digest {
		t.Fatalf("digest %s, %v", before, err)
	}
	raw[0]++
	if err := os.WriteFile(weights, append(make([]byte, 8), raw...), 0o600); err != nil {
		t.Fatal(err)
	}
	if after, err := onnx.Digest(t.Context(), dir); err != nil || after == before {
		t.Errorf("other weights have the digest %s, %v", after, err)
	}
}

// fieldOf is the first field of a message with a number, which has bytes: its place, with
// and without its tag and length.
func fieldOf(t *testing.T, message []byte, number uint64) (from, content, end int) {
	t.Helper()
	for at := 0; at < len(message); {
		from = at
		tag, n := binary.Uvarint(message[at:])
		at += n
		value, n := binary.Uvarint(message[at:])
		at += n
		if tag&7 == 2 {
			if tag>>3 == number {
				return from, at, at + int(value)
			}
			at += int(value)
		}
	}
	t.Fatalf("no field %d", number)
	return 0, 0, 0
}

// rawData are the weights of a model of package tinymodel.
func rawData(t *testing.T, model []byte) []byte {
	t.Helper()
	for _, number := range []uint64{7, 5, 9} {
		_, from, end := fieldOf(t, model, number)
		model = model[from:end]
	}
	return slices.Clone(model)
}

// replaced is a model of package tinymodel with another tensor.
func replaced(t *testing.T, model []byte, table wire) []byte {
	t.Helper()
	from, content, end := fieldOf(t, model, 7)
	graph := model[content:end]
	start, _, stop := fieldOf(t, graph, 5)
	changed := slices.Concat(graph[:start], wire{}.bytes(5, table), graph[stop:])
	return slices.Concat(model[:from], wire{}.bytes(7, changed), model[end:])
}
