package exchange

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// writeParquet writes three files: metrics.parquet has the lines of the format csv,
// passages.parquet one row for each passage, and counts.parquet one for each passage and
// metric.
func writeParquet(to *folder, runs []*Run, o Options) error {
	metrics, passages, counts := metricsTable(), passagesTable(), countsTable()
	err := to.create("metrics.parquet", func(w io.Writer) error {
		out := newParquetWriter(w, metrics, o)
		for _, row := range metricsRows(metrics, runs) {
			if err := out.write(row); err != nil {
				return err
			}
		}
		return out.Close()
	})
	if err != nil {
		return err
	}
	return to.create("passages.parquet", func(w io.Writer) error {
		out := newParquetWriter(w, passages, o)
		err := to.create("counts.parquet", func(w io.Writer) error {
			scores := newParquetWriter(w, counts, o)
			for _, r := range runs {
				if err := writePassages(r, out, passages, scores, counts); err != nil {
					return err
				}
			}
			return scores.Close()
		})
		return errors.Join(err, out.Close())
	})
}

// writePassages writes the passages of a run, and their counts.
func writePassages(r *Run, out *parquetWriter, passages *table, scores *parquetWriter, counts *table) error {
	n := 0
	return r.Read(func(p *Passage) error {
		if err := out.write(passages.row(passageValues(r, p))); err != nil {
			return err
		}
		for i := range r.Metrics {
			f := r.Metrics[i].Counts[n]
			err := scores.write(counts.row(map[string]any{
				"run": r.ID, "model": r.Model.Name, "dataset": r.Dataset.ID, "index": int64(p.Index), "passage": p.ID,
				"metric": r.Metrics[i].ID, "tp": f.TP, "n_pred": int64(f.NPred), "n_gold": int64(f.NGold),
			}))
			if err != nil {
				return err
			}
		}
		n++
		return nil
	})
}

// rowsOfGroup is the number of rows that are kept in memory.
const rowsOfGroup = 10_000

// parquetWriter writes the rows of a table.
type parquetWriter struct {
	*parquet.Writer
	row reflect.Type
}

// newParquetWriter makes the schema: every column is optional, in the order of the table.
func newParquetWriter(w io.Writer, t *table, o Options) *parquetWriter {
	types := map[kind]reflect.Type{text: reflect.TypeFor[*string](), whole: reflect.TypeFor[*int64](), fraction: reflect.TypeFor[*float64]()}
	fields := make([]reflect.StructField, len(t.columns))
	for i, c := range t.columns {
		fields[i] = reflect.StructField{
			Name: fmt.Sprintf("Column%d", i), Type: types[c.kind], Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", c.name+",optional,snappy")),
		}
	}
	row := reflect.StructOf(fields)
	schema := parquet.SchemaOf(reflect.New(row).Interface())
	return &parquetWriter{parquet.NewWriter(w, schema, parquet.CreatedBy("nerbench", o.Version, ""), parquet.MaxRowsPerRowGroup(rowsOfGroup)), row}
}

// write writes one row; a value that is nil is null.
func (w *parquetWriter) write(values []any) error {
	row := reflect.New(w.row)
	for i, v := range values {
		if v == nil {
			continue
		}
		if s, ok := v.(string); ok {
			v = strings.ToValidUTF8(s, "\uFFFD") // an answer may have any bytes
		}
		p := reflect.New(reflect.TypeOf(v))
		p.Elem().Set(reflect.ValueOf(v))
		row.Elem().Field(i).Set(p)
	}
	return w.Write(row.Interface())
}
