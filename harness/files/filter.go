package files

import (
	"context"
	"io"

	"nerbench/internal/jsonl"
)

// filter converts each line of JSON of a file to a line of JSON. Blank lines are
// skipped. It stops at an invalid line; the lines before it are written, and the error
// has the number of the line.
func filter(ctx context.Context, in File, out io.Writer, answer func(line []byte) (any, error)) error {
	w := jsonl.NewWriter(out)
	var stopped error // by the output or the context
	err := in.Read(func(r io.Reader) error {
		return jsonl.Read(r, func(_ int, line []byte) error {
			if stopped = ctx.Err(); stopped != nil {
				return jsonl.ErrStop
			}
			v, err := answer(line)
			if err != nil {
				return err
			}
			if stopped = w.Write(v); stopped != nil {
				return jsonl.ErrStop
			}
			return nil
		})
	})
	flushed := w.Flush()
	switch {
	case err != nil:
		return err
	case stopped != nil:
		return stopped
	case flushed != nil:
		return flushed
	}
	return ctx.Err() // it may have ended while the last line was awaited
}
