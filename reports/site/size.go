package site

import (
	"fmt"
	"strconv"
	"strings"
)

// MaxSize is the default limit of the size of a folder, in bytes. Hosts of static pages
// refuse more than 1 GB.
const MaxSize = 900_000_000

// sizeUnits are the units of sizes, the longest names first.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}

// ParseSize reads a size such as 900MB, in decimal units; a number without a unit is in
// bytes. It is at least 1.
func ParseSize(text string) (int64, error) {
	number, unit := text, int64(1)
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = n, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(n*float64(unit) >= 1 && n*float64(unit) < 1e18) {
		return 0, fmt.Errorf("size %q: want a number with kB, MB or GB", text)
	}
	return int64(n * float64(unit)), nil
}
