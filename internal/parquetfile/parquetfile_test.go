package parquetfile

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

type record struct {
	Text string `parquet:"text"`
}

func file(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := parquet.Write(&out, []record{{"Ada"}, {"Bo"}}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read returns the first values of the rows of a file.
func read(content []byte) (texts []string, err error) {
	f, err := Open(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	buffer := make([]parquet.Row, 1)
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		defer rows.Close()
		for {
			n, err := ReadRows(rows, buffer)
			if n > 0 && len(buffer[0]) > 0 {
				texts = append(texts, buffer[0][0].String())
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return texts, err
			}
		}
	}
	return texts, nil
}

func TestRead(t *testing.T) {
	texts, err := read(file(t))
	if err != nil || strings.Join(texts, " ") != "Ada Bo" {
		t.Errorf("texts are %q, error is %v", texts, err)
	}
}

// TestFooterLongerThanTheFile: such a footer would be allocated before it is read.
func TestFooterLongerThanTheFile(t *testing.T) {
	content := file(t)
	binary.LittleEndian.PutUint32(content[len(content)-8:], 0xb0aabe63)
	if _, err := read(content); err == nil || err.Error() != "damaged: its footer is longer than the file" {
		t.Errorf("error is %v", err)
	}
}

// TestDamage changes each byte of a file: it is read, or it is an error.
func TestDamage(t *testing.T) {
	for i := range file(t) {
		for _, bits := range []byte{0x01, 0x80, 0xff} {
			content := file(t)
			content[i] ^= bits
			_, _ = read(content)
		}
	}
}
