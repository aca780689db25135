package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A data file is a classic script, since browsers load nothing else from a folder:
//
//	nerbench("board","{\"title\": ... }");
//
// It calls the one function of site.js with a key and a JSON string, which JSON.parse
// reads. Its name holds twelve digits of its checksum, so that a cache never serves an
// old one. Beside it, KEY.json holds the JSON under a name that does not change.

// dataFile encodes a value as the data file of a key, such as "board" or "runs/ID/a000".
// It returns the script and its JSON, with their paths in the site.
func dataFile(key string, value any) (script, plain file, err error) {
	text, err := encode(value)
	if err != nil {
		return script, plain, fmt.Errorf("site: data of %s: %w", key, err)
	}
	var b bytes.Buffer
	b.Grow(len(text) + len(text)/8 + len(key) + 20)
	b.WriteString("nerbench(" + strconv.Quote(key) + ",'")
	quote(&b, text)
	b.WriteString("');\n")
	script = file{hashedName("data/"+key, ".js", b.Bytes()), b.Bytes()}
	return script, file{"data/" + key + ".json", append(text, '\n')}, nil
}

// fixedData is the path of the data file of a key whose name has no checksum. Such files
// are small, and refer to others: addresses of pages can name them.
func fixedData(key string) string { return "data/" + key + ".js" }

// encode returns compact JSON. Maps are sorted by their keys.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // quote escapes what a script needs
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// quote writes JSON as the content of a JavaScript string in single quotes.
func quote(b *bytes.Buffer, text []byte) {
	for _, c := range text {
		switch c {
		case '\\', '\'':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '<': // no "</script>", wherever the text is put
			b.WriteString(`\x3c`)
		default:
			b.WriteByte(c)
		}
	}
}

// hashedName is the name of a file with twelve digits of the checksum of its content:
// board.js is board.0123456789ab.js.
func hashedName(stem, ext string, content []byte) string {
	sum := sha256.Sum256(content)
	return stem + "." + hex.EncodeToString(sum[:6]) + ext
}

// keyOf is the key of the data file with that path.
func keyOf(path string) string {
	stem := strings.TrimSuffix(strings.TrimPrefix(path, "data/"), ".js")
	return stem[:strings.LastIndexByte(stem, '.')]
}
