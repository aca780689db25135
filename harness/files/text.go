package files

import (
	"bytes"
	"errors"

	"nerbench/internal/fault"
)

// notText are the first bytes of files that are no text in UTF-8, though their users may
// take them for it.
var notText = []struct {
	begin        []byte
	what, advice string
}{
	{[]byte{0x1f, 0x8b}, "compressed with gzip", "unpack it: gunzip -c FILE | nerbench … -"},
	{[]byte{0x28, 0xb5, 0x2f, 0xfd}, "compressed with zstd", "unpack it: zstdcat FILE | nerbench … -"},
	{[]byte{0xfd, '7', 'z', 'X', 'Z', 0}, "compressed with xz", "unpack it: xzcat FILE | nerbench … -"},
	{[]byte("PK\x03\x04"), "a ZIP archive", "unpack it, and name the file in it"},
	{[]byte("PAR1\x15"), "a Parquet file", "write its records as JSON Lines"},
	{[]byte{0xff, 0xfe}, "text in UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE | nerbench … -"},
	{[]byte{0xfe, 0xff}, "text in UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE | nerbench … -"},
}

// longestMark is the largest number of bytes by which checkText decides.
const longestMark = 6

// checkText returns an error for a file that begins as no text in UTF-8 does.
func checkText(start []byte) error {
	for _, n := range notText {
		if bytes.HasPrefix(start, n.begin) {
			return &fault.Hint{Err: errors.New(n.what + ": want text in UTF-8"), Advice: n.advice}
		}
	}
	return nil
}
