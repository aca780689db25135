package loaders

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"nerbench/datasets"
)

// FuzzXML compares the XML scanner with encoding/xml on the files that both accept.
// The events are the tags with their names as written, the first value of each
// attribute, and the text inside elements, with adjacent pieces of text and CDATA
// joined. Text outside elements, comments, instructions and declarations have no
// events.
//
// The scanner also accepts every file that encoding/xml accepts, except text
// outside elements and the cases of [isStricter].
func FuzzXML(f *testing.F) {
	for _, s := range []string{
		`<a b="c" d='e&amp;"'>x &lt; y&#x41;&#66;<c/>z</a>`, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\r\nx\ry<![CDATA[<&\r\n]]]]><!-- no > -- text --></a>\n",
		`<!DOCTYPE a [<!ENTITY b "]>"> <!-- ' --> ]><a></a >`, `<a><!D "x>y">z</a>`, "<a><!0>0</a>", `<x:a xmlns:x="u" x:b="c"d="e"></x:a>`, "<a\n\tb = \"1\"\r\nc='>'/>", "<a/><b></b>",
		"<a>Zoë &#235;</a>", "<a>long enough for a buffer of sixteen bytes &amp; more<b c=\"long enough, too, for it\"/></a>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, theirs := standardEvents(s)
		got, ours := scannerEvents(s)
		switch {
		case theirs != nil:
		case ours != nil:
			if !want.outside && !isStricter(ours) {
				t.Errorf("%q: encoding/xml reads it: %v", s, ours)
			}
		case !slices.Equal(got.list, want.list):
			t.Errorf("%q:\ngot  %q\nwant %q", s, got.list, want.list)
		}
	})
}

// isStricter reports whether only the scanner rejects a file because of an error:
// "<!" without a name, and a reference to a surrogate.
func isStricter(err error) bool {
	return strings.Contains(err.Error(), "is not a declaration") || strings.Contains(err.Error(), `unknown reference "&#`)
}

// events collects the events of a file; adjacent pieces of text are one event.
type events struct {
	list    []string
	depth   int
	text    strings.Builder
	outside bool // there is text outside elements
}

func (e *events) add(event string, deeper int) {
	if e.text.Len() > 0 {
		e.list = append(e.list, "text "+e.text.String())
		e.text.Reset()
	}
	e.list = append(e.list, event)
	e.depth += deeper
}

func (e *events) characters(text []byte) {
	if e.depth > 0 {
		e.text.Write(text)
		return
	}
	e.outside = e.outside || len(bytes.TrimSpace(text)) > 0
}

// standardEvents reads with encoding/xml. Tokens check the nesting, raw tokens have
// the names as written.
func standardEvents(s string) (e events, err error) {
	for d := xml.NewDecoder(strings.NewReader(s)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			return e, err
		}
	}
	name := func(n xml.Name) string {
		if n.Space == "" {
			return n.Local
		}
		return n.Space + ":" + n.Local
	}
	for d := xml.NewDecoder(strings.NewReader(s)); ; {
		token, err := d.RawToken()
		if err == io.EOF {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			event, seen := "start "+name(token.Name), map[string]bool{}
			for _, a := range token.Attr {
				if n := name(a.Name); !seen[n] {
					seen[n] = true
					event += fmt.Sprintf(" %s=%q", n, a.Value)
				}
			}
			e.add(event, 1)
		case xml.EndElement:
			e.add("end "+name(token.Name), -1)
		case xml.CharData:
			e.characters(token)
		}
	}
}

// scannerEvents reads with the scanner, through a buffer that is smaller than most
// tags.
func scannerEvents(s string) (e events, err error) {
	scanner := newXMLScanner(nil)
	scanner.in = bufio.NewReaderSize(strings.NewReader(s), 16)
	for {
		if err := scanner.next(); err != nil {
			return e, err
		}
		switch scanner.kind {
		case xmlEOF:
			return e, nil
		case xmlStart:
			event := "start " + scanner.name
			for _, n := range attributeNames(scanner) {
				event += fmt.Sprintf(" %s=%q", n, scanner.attr(n))
			}
			e.add(event, 1)
		case xmlEnd:
			e.add("end "+scanner.name, -1)
		case xmlText:
			e.characters(scanner.text)
		}
	}
}

// attributeNames are the names of the attributes of the current tag, in order and
// without duplicates. The scanner has no such function, since it looks attributes
// up by name.
func attributeNames(s *xmlScanner) []string {
	var names []string
	for rest := string(s.raw); ; {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return names
		}
		if name = strings.TrimSpace(name); !slices.Contains(names, name) {
			names = append(names, name)
		}
		after = strings.TrimLeft(after, " \t\r\n")
		if after == "" {
			return names
		}
		_, rest, _ = strings.Cut(after[1:], after[:1])
	}
}

// FuzzCSV compares the CSV parser with encoding/csv. From every UTF-8 text without
// a byte order mark or NUL, both read the same records up to the first error, or to
// the end.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a\r\n\"x\r\ny\"\r\n", "a,b\n\"\"\"\",\",\"\n", "a\n\n\nb", "a,\n,\"\"\n", "\"a\"\n\"b\"c\n", "a\n\"b", "a\nb\"c\"\nd", "a,b\n1\n", "a\r", "\"\r\n\n\"", "a\n\"\n\n\"\"\"\n", " \"a\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.HasPrefix(s, string(bom)) || strings.Contains(s, "\x00") {
			return // rejected or changed before it is read as CSV
		}
		var want [][]string
		var theirs error
		for in := csv.NewReader(strings.NewReader(s)); theirs == nil; {
			var record []string
			if record, theirs = in.Read(); theirs == nil {
				want = append(want, record)
			}
		}
		if theirs == io.EOF {
			theirs = nil
		}
		columns := 1
		if len(want) > 0 {
			columns = len(want[0]) // the header determines the number, too
		}
		got, ours := ownRecords(t, s, columns)
		if (ours == nil) != (theirs == nil) {
			t.Errorf("%q: error %v, encoding/csv: %v", s, ours, theirs)
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%q:\ngot  %q\nwant %q", s, got, want)
		}
	})
}

// ownRecords reads a file with the loader's parser.
func ownRecords(t *testing.T, s string, columns int) (got [][]string, err error) {
	r := &reading{
		ctx: t.Context(), data: fstest.MapFS{"own/a.csv": {Data: []byte(s)}},
		dataset: &datasets.Dataset{DataDir: "own"}, set: &datasets.Set{}, tally: &Tally{Repairs: map[string]int{}},
	}
	err = r.eachRecord("own/a.csv", make([]string, columns), nil, func(c *records, _ [][]byte) error {
		record := make([]string, len(c.fields))
		for i, field := range c.fields {
			record[i] = string(field)
		}
		got = append(got, record)
		return nil
	})
	return got, err
}
