package page

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"

	"nerbench/ner"
	"nerbench/reports"
	"nerbench/reports/echarts"
)

// Report is the content of the page.
type Report struct {
	// Title is the heading; empty: "Named entity recognition".
	Title string
	// Date is the day of the newest answers; zero: unknown. Version is that of the program.
	Date    time.Time
	Version string
	Results []reports.Result
	// Datasets is the whole benchmark, in order. Datasets without a run are listed.
	Datasets []reports.DatasetInfo
	Samples  []Sample
	// Errors are the entities by class of error, by the id of the run; a run may have none.
	Errors map[string]map[string]int
	// Ratios and Doubled are as in [reports.Spec].
	Ratios  reports.Ratios
	Doubled func(metric string) bool
}

// Sample is one passage with the predictions of one model.
type Sample struct {
	Dataset, Document, Model string
	Text                     string
	// Gold and Predicted are byte ranges of Text.
	Gold, Predicted []ner.Span
	// Unaligned are predicted mentions that were not found in Text.
	Unaligned []ner.Mention
	Answers   []SampleAnswer
}

// SampleAnswer is one raw answer about the passage.
type SampleAnswer struct {
	Types   []ner.EntityType
	Text    string // byte for byte, shown as text
	Outcome ner.Outcome
}

//go:embed assets/report.html.tmpl
var pageTemplate string

//go:embed assets/report.css
var pageStyle string

//go:embed assets/report.js
var pageScript string

// Write writes the report as one self-contained page.
func Write(w io.Writer, r Report) error {
	c, err := newContent(r)
	if err != nil {
		return err
	}
	t, err := newTemplate()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
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

func newTemplate() (*template.Template, error) {
	t, err := template.New("report").Funcs(template.FuncMap{"commas": commas}).Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("report: html: %w", err)
	}
	return t, nil
}

// assets are the code of the page. All of it is embedded, and none of it comes from
// a report: this is why the template may print it without escaping.
type assets struct {
	Library, Script template.JS
	Style           template.CSS
	Policy          string
}

// loadAssets unpacks the code of the page once.
var loadAssets = sync.OnceValues(newAssets)

func newAssets() (assets, error) {
	library, err := echarts.Script()
	if err != nil {
		return assets{}, fmt.Errorf("report: html: %w", err)
	}
	return assets{
		Library: template.JS(library),
		Script:  template.JS(pageScript),
		Style:   template.CSS(pageStyle),
		// Scripts and style sheets are allowed by hash only. 'unsafe-inline' is for
		// the style attributes that the chart library sets on its drawings.
		Policy: fmt.Sprintf("default-src 'none'; script-src '%s' '%s'; style-src '%s'; style-src-attr 'unsafe-inline'; "+
			"img-src data:; base-uri 'none'; form-action 'none'",
			sourceHash(library), sourceHash(pageScript), sourceHash(pageStyle)),
	}, nil
}

// sourceHash is the hash by which a policy allows an inline script or style.
func sourceHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// commas prints a count with groups of thousands: 6,650,827.
func commas(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
