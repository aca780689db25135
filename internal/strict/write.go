package strict

import (
	"io"

	"github.com/BurntSushi/toml"
)

// WriteTOML writes v as a file that [ReadTOML] reads into the same type: one key a line, in
// the order of the fields, so that equal values are equal files.
func WriteTOML(w io.Writer, v any) error {
	e := toml.NewEncoder(w)
	e.Indent = ""
	return e.Encode(v)
}
