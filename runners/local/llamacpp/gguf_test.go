package llamacpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/internal/tinymodel"
)

func model(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tinymodel.Write(&b, 1); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// with changes the value of a key of a header, which is a number of four bytes.
func with(file []byte, key string, kind byte, value []byte) []byte {
	at := bytes.Index(file, []byte(key)) + len(key)
	return slices.Concat(file[:at], []byte{kind, 0, 0, 0}, value, file[at+8:])
}

// headerOf is the beginning of a file with a number of tensors and of keys.
func headerOf(tensors, keys uint64) []byte {
	b := []byte("GGUF\x03\x00\x00\x00")
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, tensors), keys)
}

// named appends a name.
func named(b []byte, name string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(name))), name...)
}

// array is a file with one key, an array of elements of a type.
func array(kind uint32, elements []byte) []byte {
	size := map[uint32]int{0: 1, 8: 8}[kind]
	b := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(named(headerOf(0, 1), "k"), typeArray), kind)
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(elements)/size)), elements...)
}

// tensors is a file with one tensor, which has no data.
func tensors(dims ...uint64) []byte {
	b := binary.LittleEndian.AppendUint32(named(headerOf(1, 0), "t"), uint32(len(dims)))
	for _, d := range dims {
		b = binary.LittleEndian.AppendUint64(b, d)
	}
	return append(b, make([]byte, 4+8+16)...) // the type, the place, and a few bytes
}

func TestReadInfo(t *testing.T) {
	whole := model(t)
	info, err := readInfo(bytes.NewReader(whole), int64(len(whole)))
	want := Info{Name: "tiny random", Architecture: "llama", Context: tinymodel.Context, FileType: 0, Causal: true, Tokenizer: "gpt2", PreTokenizer: "default"}
	if err != nil || info != want {
		t.Errorf("got %+v, %v; want %+v", info, err, want)
	}
	older := bytes.Clone(whole)
	older[4] = 1
	for name, tc := range map[string]struct {
		file []byte
		text string
	}{
		"empty":                   {nil, "not a GGUF file"},
		"another format":          {[]byte("PK\x03\x04 and more"), "not a GGUF file"},
		"another version":         {older, "version 1"},
		"cut":                     {whole[:3000], "unexpected EOF"},
		"no blocks":               {with(whole, "llama.block_count", 4, []byte{0, 0, 0, 0}), "llama.block_count: 0: want 1 to 512"},
		"many blocks":             {with(whole, "llama.block_count", 4, []byte{0xff, 0xff, 0xff, 0xff}), "llama.block_count: 4294967295: want 1 to 512"},
		"blocks as text":          {with(whole, "llama.block_count", 8, []byte{4, 0, 0, 0, 0, 0, 0, 0, 'm', 'a', 'n', 'y'}), "llama.block_count: many: want 1 to 512"},
		"many keys":               {append([]byte("GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"), whole[24:]...), "at most 1048576 and 65536"},
		"many tensors":            {append([]byte("GGUF\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f"), whole[16:]...), "9223372036854775807 tensors"},
		"a long key":              {append([]byte("GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00"), make([]byte, 1<<16)...), "a string of 65536 bytes"},
		"a long array":            {with(whole, "llama.context_length", 9, []byte{4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x40}), "unexpected EOF"}, // its size in bytes overflows
		"arrays in arrays":        {with(whole, "llama.context_length", 9, bytes.Repeat([]byte{9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 9)), "nested too deep"},
		"absurd length":           {[]byte("GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"), "unexpected EOF"},
		"a long array of strings": {array(8, make([]byte, 8*(1<<24+1))), "array: 16777217 elements: at most 16777216"},
		"a long array of numbers": {array(0, make([]byte, 1<<24+1)), "array: 16777217 elements: at most 16777216"},
		"10^12 elements":          {tensors(1e12), `tensor 1, "t": 1000000000000 elements at 0, and the file has 73 bytes`},
		"10^6 by 10^6 elements":   {tensors(1e6, 1e6), "1000000000000 elements"},
		"a size that overflows":   {tensors(1<<32, 1<<32), "its size overflows"},
		"many dimensions":         {tensors(1, 1, 1, 1, 1), "5 dimensions: at most 4"},
		"fewer tensors":           {tensors(1)[:50], "unexpected EOF"},
	} {
		if _, err := readInfo(bytes.NewReader(tc.file), int64(len(tc.file))); err == nil || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: error %v, want %q", name, err, tc.text)
		}
	}
}

// TestDamagedHeaders: a damaged header is read or refused, within bounded memory.
func TestDamagedHeaders(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 2000, Full: 200_000})
	whole := model(t)
	const head = 20_000 // with the names of the tensors
	for range c.Tries {
		file := append(campaign.Damage(c.Random, whole[:head]), whole[head:]...)
		var err error
		used := campaign.Memory(t, func() { _, err = readInfo(bytes.NewReader(file), int64(len(file))) })
		switch {
		case used > 64<<20:
			t.Errorf("%d MiB were allocated", used>>20)
		case err == nil:
			c.Saw(1, "were read")
		case len(err.Error()) > 500:
			t.Errorf("error of %d bytes: %.500q", len(err.Error()), err)
		default:
			c.Saw(1, "were refused")
		}
	}
}

// FuzzReadInfo: a header is read or refused, and needs no more memory than the bytes of
// its file.
func FuzzReadInfo(f *testing.F) {
	whole := model(f)
	f.Add(whole[:2000])
	f.Add([]byte("GGUF\x03\x00\x00\x00"))
	f.Add(tensors(3, 4))
	f.Fuzz(func(t *testing.T, file []byte) {
		info, err := readInfo(bytes.NewReader(file), int64(len(file)))
		if !bytes.HasPrefix(file, []byte("GGUF")) && !errors.Is(err, errNoGGUF) {
			t.Errorf("got %+v, %v", info, err)
		}
		if len(info.Name)+len(info.Architecture) > len(file) {
			t.Errorf("more text than bytes: %+v", info)
		}
	})
}

func TestParts(t *testing.T) {
	if got := parts("x/model.gguf"); len(got) != 1 || got[0] != "x/model.gguf" {
		t.Errorf("one file: %q", got)
	}
	if got := parts("x/m-00001-of-00003.gguf"); len(got) != 3 || got[2] != "x/m-00003-of-00003.gguf" {
		t.Errorf("three files: %q", got)
	}
}

func TestModelName(t *testing.T) {
	if got := ModelName("/some/where/uniner-7b/f16.gguf"); got != "gguf/uniner-7b/f16.gguf" {
		t.Errorf("got %s", got)
	}
}
