package corpus

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"nerbench/internal/parquetfile"
)

// parquet reads the columns of a Parquet file, one text a row.
func (r *reader) parquet(in *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	f, err := parquetfile.Open(in, info.Size())
	if err != nil {
		return r.fault("byte 0", 1, fmt.Errorf("parquet: %w", err))
	}
	text, there := f.Schema().Lookup(r.Field)
	id, hasID := f.Schema().Lookup(cmp.Or(r.ID, "id"))
	source, hasSource := f.Schema().Lookup("source")
	switch {
	case !there:
		return r.noField("row 1", rowCount(f.NumRows()), r.Field, columnNames(f))
	case r.ID != "" && !hasID:
		return r.noField("row 1", rowCount(f.NumRows()), r.ID, columnNames(f))
	case text.MaxRepetitionLevel > 0 || text.Node.Type().Kind() != parquet.ByteArray:
		return r.fault("row 1", rowCount(f.NumRows()), fmt.Errorf("the field %s is no string", r.Field))
	}
	number := 0
	for _, group := range f.RowGroups() {
		before := number
		err := eachRow(group, func(row parquet.Row) error {
			number++
			at := fmt.Sprintf("row %d", number)
			var got Text
			for _, v := range row {
				switch c := v.Column(); {
				case v.IsNull():
				case c == text.ColumnIndex:
					got.Text = string(v.ByteArray())
				case hasID && c == id.ColumnIndex:
					got.ID = v.String()
				case hasSource && c == source.ColumnIndex:
					got.Source = v.String()
				}
			}
			if !utf8.ValidString(got.Text) {
				return r.fault(at, 1, errEncoding)
			}
			return r.add(got.ID, got.Text, got.Source, at)
		})
		if broken := (*groupError)(nil); errors.As(err, &broken) {
			lost := rowCount(group.NumRows() - int64(number-before))
			err = r.fault(fmt.Sprintf("row %d", number+1), lost, broken.err)
			number += lost
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// columnNames lists the columns, those of nested types by their whole path.
func columnNames(f *parquet.File) []string {
	var names []string
	for _, path := range f.Schema().Columns() {
		names = append(names, strings.Join(path, "."))
	}
	return names
}

// rowCount is a number of lost rows as a file states it. A damaged file may state any number.
func rowCount(stated int64) int { return int(max(1, min(stated, 1<<30))) }

// groupError is an error of the file in a row group.
type groupError struct{ err error }

func (e *groupError) Error() string { return e.err.Error() }

// eachRow calls f with the rows of a group.
func eachRow(group parquet.RowGroup, f func(parquet.Row) error) (err error) {
	rows := group.Rows()
	defer rows.Close()
	buffer := make([]parquet.Row, 64)
	for {
		n, err := parquetfile.ReadRows(rows, buffer)
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
