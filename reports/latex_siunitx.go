package reports

import (
	"fmt"
	"regexp"
	"strings"
)

// siunitxNumber is a number with a text behind it: an interval, a rank, or a remark in
// parentheses.
var siunitxNumber = regexp.MustCompile(`^([+−-]?)([0-9]+)(?:\.([0-9]+))?( [\[(#].*)?$`)

// siunitxColumn is the size of the numbers of a column.
type siunitxColumn struct {
	sign              bool
	whole, fractional int
	tail              string // the longest text behind a number
}

func siunitxOf(cells []string) siunitxColumn {
	var c siunitxColumn
	for _, cell := range cells {
		m := siunitxNumber.FindStringSubmatch(cell)
		if m == nil {
			continue
		}
		c.sign = c.sign || m[1] != ""
		c.whole, c.fractional = max(c.whole, len(m[2])), max(c.fractional, len(m[3]))
		if width(m[4]) > width(c.tail) {
			c.tail = m[4]
		}
	}
	return c
}

// any reports whether the column has a number.
func (c *siunitxColumn) any() bool { return c.whole > 0 }

// format is the column of the tabular.
func (c *siunitxColumn) format() string {
	sign := ""
	if c.sign {
		sign = "+"
	}
	s := fmt.Sprintf("S[table-format=%s%d.%d", sign, c.whole, c.fractional)
	if c.tail != "" {
		s += ",table-space-text-post={" + siunitxText(c.tail) + "},table-align-text-post=false"
	}
	return s + "]"
}

// cell prints a cell; one that is not a number is in braces.
func (c *siunitxColumn) cell(s, style, mark string) string {
	m := siunitxNumber.FindStringSubmatch(s)
	if m == nil {
		if s+mark == "" {
			return ""
		}
		return "{" + stack("r", "t", []string{s}, style, "") + mark + "}"
	}
	number := strings.Replace(m[1], "−", "-", 1) + m[2]
	if m[3] != "" {
		number += "." + m[3]
	}
	switch style {
	case "bf":
		number = "\\bfseries " + number
	case "it":
		number = "\\itshape " + number
	}
	if m[4]+mark == "" {
		return number
	}
	return number + "{" + siunitxText(m[4]) + mark + "}"
}

// siunitxText is a text behind a number: a blank at its beginning stays.
func siunitxText(s string) string {
	if rest, ok := strings.CutPrefix(s, " "); ok {
		return "~" + escapeLatex(rest)
	}
	return escapeLatex(s)
}
