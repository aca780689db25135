package reports

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"time"

	"nerbench/ner"
)

// Report is what the HTML page shows.
type Report struct {
	// Title is the heading; empty: "Named entity recognition".
	Title string
	// Made is when the report was written, Version the program's.
	Made    time.Time
	Version string
	Results []Result
	// Rows is the whole benchmark, in order: rows that were not run are listed.
	Datasets []DatasetInfo
	Samples  []Sample
	// Ratios computes F1 from counts; nil: [FromCounts].
	Ratios Ratios
	// Doubled is as in [Spec].
	Doubled func(metric string) bool
}

// Sample is one passage with what one model said of it.
type Sample struct {
	Dataset, Document, Model string
	Text                     string
	// Gold and Predicted are byte ranges of Text.
	Gold, Predicted []ner.Span
	// Unaligned are predicted mentions that have no place in Text.
	Unaligned []ner.Mention
	Answers   []SampleAnswer
}

// SampleAnswer is one raw answer about the passage.
type SampleAnswer struct {
	Types   []ner.EntityType
	Text    string // byte for byte; shown as text, whatever is in it
	Outcome ner.Outcome
}

//go:embed assets/report.html.tmpl
var pageTemplate string

//go:embed assets/report.css
var pageStyle string

//go:embed assets/report.js
var pageScript string

// chartLibrary is dist/echarts.min.js of the npm package echarts 6.1.0, as it is.
//
//go:embed assets/echarts/echarts.min.js
var chartLibrary string

// echartsNotice stays with the library, as its licence asks (Apache-2.0).
//
//go:embed assets/echarts/NOTICE
var echartsNotice string

// WriteHTML writes one self-contained page: style, script, charts and data are
// inside, nothing is loaded from elsewhere, and a content security policy
// forbids that anything is. Without scripts every number is still there, in
// tables.
func WriteHTML(w io.Writer, r Report) error {
	p, err := newPage(r)
	if err != nil {
		return err
	}
	t, err := template.New("report").Funcs(template.FuncMap{"commas": commas}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("report: html: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("report: html: %w", err)
	}
	out := bufio.NewWriter(w)
	if _, err := b.WriteTo(out); err != nil {
		return fmt.Errorf("report: html: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("report: html: %w", err)
	}
	return nil
}

// assets are the parts of the page that are code. They are our own files,
// embedded, and none of them holds anything that came from outside.
type assets struct {
	Library, Script template.JS
	Style           template.CSS
	Policy          string
}

func newAssets() assets {
	return assets{
		Library: template.JS(chartLibrary),
		Script:  template.JS(pageScript),
		Style:   template.CSS(pageStyle),
		// Scripts and style sheets run by hash only. The chart library sets style
		// attributes on what it draws, which is all that 'unsafe-inline' is for.
		Policy: fmt.Sprintf("default-src 'none'; script-src '%s' '%s'; style-src '%s'; style-src-attr 'unsafe-inline'; "+
			"img-src data:; base-uri 'none'; form-action 'none'",
			sourceHash(chartLibrary), sourceHash(pageScript), sourceHash(pageStyle)),
	}
}

// sourceHash is the hash by which a policy knows an inline script or style.
func sourceHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// commas prints a count with thin groups of thousands: 6,650,827.
func commas(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
