package corpus

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// parquet reads the columns of a Parquet file, one text a row.
func (r *reader) parquet(in *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	f, err := openParquet(in, info.Size())
	if err != nil {
		return r.fault("byte 0", fmt.Errorf("parquet: %w", err))
	}
	columns, names := map[string]int{}, []string{}
	for i, path := range f.Schema().Columns() {
		if len(path) == 1 {
			columns[path[0]] = i
			names = append(names, path[0])
		}
	}
	text, there := columns[r.Field]
	if !there {
		return r.noField("row 1", names)
	}
	id, hasID := columns[cmp.Or(r.ID, "id")]
	if r.ID != "" && !hasID {
		return r.noField("row 1", names, r.ID)
	}
	source, hasSource := columns["source"]
	number := 0
	for _, group := range f.RowGroups() {
		err := eachRow(group, func(row parquet.Row) error {
			number++
			at := fmt.Sprintf("row %d", number)
			var got Text
			for _, v := range row {
				switch c := v.Column(); {
				case c == text && v.Kind() == parquet.ByteArray:
					got.Text = string(v.ByteArray())
				case hasID && c == id && !v.IsNull():
					got.ID = v.String()
				case hasSource && c == source && !v.IsNull():
					got.Source = v.String()
				}
			}
			if !utf8.ValidString(got.Text) {
				return r.fault(at, errEncoding)
			}
			return r.add(got.ID, got.Text, got.Source, at)
		})
		if broken := (*groupError)(nil); errors.As(err, &broken) {
			err = r.fault(fmt.Sprintf("row %d", number+1), broken.err)
		}
		if err != nil {
			return err
		}
	}
	_, err = in.Seek(0, io.SeekStart) // for the checksum
	return err
}

// openParquet opens a file. The library panics on some damaged files.
func openParquet(in io.ReaderAt, size int64) (f *parquet.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	return parquet.OpenFile(in, size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
}

// groupError is an error of the file in a row group.
type groupError struct{ err error }

func (e *groupError) Error() string { return e.err.Error() }

// eachRow calls f with the rows of a group.
func eachRow(group parquet.RowGroup, f func(parquet.Row) error) (err error) {
	rows := group.Rows()
	defer rows.Close()
	buffer := make([]parquet.Row, 64)
	for {
		n, err := readRows(rows, buffer)
		for _, row := range buffer[:n] {
			if err := f(row); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &groupError{fmt.Errorf("parquet: %w", err)}
		}
	}
}

func readRows(rows parquet.Rows, buffer []parquet.Row) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("damaged: %v", p)
		}
	}()
	return rows.ReadRows(buffer)
}
