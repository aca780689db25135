// Package parquetfile opens and reads Parquet files that may be damaged: the library
// panics on some of them, and allocates a footer of any length that a file states.
package parquetfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Open opens a file of a size in bytes.
func Open(in io.ReaderAt, size int64) (f *parquet.File, err error) {
	defer damage(&err)
	var end [8]byte // the length of the footer, and a mark
	if _, err := in.ReadAt(end[:], max(0, size-int64(len(end)))); err == nil && int64(binary.LittleEndian.Uint32(end[:])) > size {
		return nil, errors.New("damaged: its footer is longer than the file")
	}
	return parquet.OpenFile(in, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
}

// ReadRows reads the next rows of a row group into buffer, as [parquet.Rows.ReadRows] does.
func ReadRows(rows parquet.Rows, buffer []parquet.Row) (n int, err error) {
	defer damage(&err)
	return rows.ReadRows(buffer)
}

// damage makes an error of a panic of the library. It is deferred.
func damage(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged: %v", p)
	}
}
