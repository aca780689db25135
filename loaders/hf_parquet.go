package loaders

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go"

	"nerbench/internal/parquetfile"
)

// readParquet reads the family hf-parquet (docs/spec/formats.md §2): one sentence
// per row, with a list column of tokens and one of tag numbers. The names of the
// tags are the class labels in the file's metadata, or those of a separate file.
//
// Policy: tags without names and lists of different lengths stop the reading. Rows
// are read in small groups.
func readParquet(r *reading) error {
	names, err := r.newTagNames()
	if err != nil {
		return err
	}
	b, err := newBlock(r, schemeOf(r), "")
	if err != nil {
		return err
	}
	p := &parquetRows{taggedRecords{block: b, names: names}}
	files, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range files {
		if r.isNamesFile(name) {
			continue
		}
		if err := p.file(name); err != nil {
			if err == errStopped {
				return err
			}
			return fmt.Errorf("%s: %w", r.shown(name), err)
		}
	}
	return nil
}

type parquetRows struct{ taggedRecords }

func (p *parquetRows) file(name string) error {
	in, size, err := randomAccess(p.data, name)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := parquetfile.Open(in, size)
	if err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	tokens, err := listColumn(f, p.set.Fields.Tokens, parquet.ByteArray)
	if err != nil {
		return err
	}
	tags, err := listColumn(f, p.set.Fields.Tags, parquet.Int64, parquet.Int32, parquet.ByteArray)
	if err != nil {
		return err
	}
	if len(p.names.byID) == 0 {
		p.names.setNames(classLabels(f, p.set.Fields.Tags))
	}
	row := 0
	for _, group := range f.RowGroups() {
		if err := p.group(group, tokens, tags, &row); err != nil {
			return err
		}
	}
	return nil
}

// group reads the rows of a row group.
func (p *parquetRows) group(group parquet.RowGroup, tokens, tags int, row *int) (err error) {
	rows := group.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buffer := make([]parquet.Row, 64)
	for {
		n, err := parquetfile.ReadRows(rows, buffer)
		for _, r := range buffer[:n] {
			if err := p.row(r, tokens, tags); err != nil {
				if err == errStopped {
					return err
				}
				return fmt.Errorf("row %d: %w", *row, err)
			}
			*row++
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", *row, err)
		}
	}
}

// row makes a document of the values of a row. A list column has one value per
// element; an empty list is a null.
func (p *parquetRows) row(row parquet.Row, tokens, tags int) error {
	p.reset()
	for _, v := range row {
		switch {
		case v.IsNull():
		case v.Column() == tokens:
			if err := checkUTF8(v.ByteArray()); err != nil {
				return err
			}
			p.words.add(v.ByteArray())
		case v.Column() == tags && v.Kind() == parquet.ByteArray:
			p.texts.add(v.ByteArray())
		case v.Column() == tags && v.Kind() == parquet.Int32:
			p.ids = append(p.ids, int(v.Int32()))
		case v.Column() == tags:
			p.ids = append(p.ids, int(v.Int64()))
		}
	}
	return p.tagged()
}

// listColumn finds the values of a list column.
func listColumn(f *parquet.File, name string, kinds ...parquet.Kind) (int, error) {
	for i, path := range f.Schema().Columns() {
		if path[0] != name {
			continue
		}
		leaf, _ := f.Schema().Lookup(path...)
		for _, k := range kinds {
			if leaf.Node.Type().Kind() == k {
				return i, nil
			}
		}
		return 0, fmt.Errorf("column %q: has the type %s", name, leaf.Node.Type())
	}
	var known []string
	for _, path := range f.Schema().Columns() {
		known = append(known, path[0])
	}
	return 0, fmt.Errorf("column %q: missing (columns: %s)", name, strings.Join(known, ", "))
}

// classLabels are the names of a column's tags in the features that the library of
// the hub writes into a file; nil if there are none.
func classLabels(f *parquet.File, column string) []string {
	text, ok := f.Lookup("huggingface")
	if !ok {
		return nil
	}
	var meta struct {
		Info struct {
			Features map[string]jsontext.Value `json:"features"`
		} `json:"info"`
	}
	if unmarshal([]byte(text), &meta) != nil {
		return nil
	}
	return namesWithin(meta.Info.Features[column])
}

// namesWithin finds the list "names" of a feature. It is inside the feature of the
// list, under a name that depends on the version of the library.
func namesWithin(raw jsontext.Value) []string {
	var one []jsontext.Value
	if unmarshal(raw, &one) == nil && len(one) == 1 {
		return namesWithin(one[0])
	}
	var feature struct {
		Names   []string       `json:"names"`
		Feature jsontext.Value `json:"feature"`
	}
	if len(raw) == 0 || unmarshal(raw, &feature) != nil {
		return nil
	}
	if len(feature.Names) > 0 {
		return feature.Names
	}
	return namesWithin(feature.Feature)
}

// readerAtCloser is a file that can be read at any offset.
type readerAtCloser interface {
	io.ReaderAt
	io.Closer
}

// randomAccess opens a file for reading at any offset; it loads the file into
// memory if the file system has no random access.
func randomAccess(data fs.FS, name string) (readerAtCloser, int64, error) {
	f, err := data.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	if at, ok := f.(readerAtCloser); ok {
		return at, info.Size(), nil
	}
	b, err := io.ReadAll(io.LimitReader(f, info.Size()))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, 0, err
	}
	return struct {
		io.ReaderAt
		io.Closer
	}{bytes.NewReader(b), io.NopCloser(nil)}, int64(len(b)), nil
}
