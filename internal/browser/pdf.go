package browser

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
)

var (
	pdfStream = regexp.MustCompile(`(?s)stream\r?\n(.*?)endstream`)
	pdfSheet  = regexp.MustCompile(`/Type\s*/Page\b`)
)

// sheetsOf counts the sheets of a PDF. Their objects may be in compressed streams.
func sheetsOf(pdf []byte) int {
	n := len(pdfSheet.FindAll(pdf, -1))
	for _, stream := range pdfStream.FindAllSubmatch(pdf, -1) {
		reader, err := zlib.NewReader(bytes.NewReader(stream[1]))
		if err != nil {
			continue // not compressed
		}
		objects, _ := io.ReadAll(reader) // a font may not be
		n += len(pdfSheet.FindAll(objects, -1))
	}
	return n
}
