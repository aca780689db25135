package page

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"nerbench/internal/browser"
	"nerbench/ner"
)

// errorPage has every kind of error, nested and crossing spans, a mention that is not
// in the text, and text that is no markup.
func errorPage() Errors {
	text := "Zoë Okafor <b>joined</b> Tessel Labs in Port Varna & Essa , where the Varna Herald has its seat ."
	span := func(s string, t ner.EntityType) ner.Span {
		at := strings.Index(text, s)
		return ner.Span{Start: at, End: at + len(s), Type: t}
	}
	entity := func(s, t string) *ErrorEntity {
		points := ner.NewCodePoints(text)
		at := strings.Index(text, s)
		return &ErrorEntity{Text: s, Type: t, Placed: true, Start: points.CodePoint(at), End: points.CodePoint(at + len(s))}
	}
	gold := []ner.Span{span("Zoë Okafor", "person"), span("Tessel Labs", "company"), span("Port Varna", "place"), span("Essa", "place"), span("Varna Herald", "company")}
	return Errors{
		Title: "Errors of ollama/<tiny> on mini", Model: "ollama/<tiny>", Against: "gguf/other.gguf", Version: "1.0",
		Date: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC),
		Lead: []string{"Run 0123456789abcdef: errors by span_f1 in 1 of 1234 passages."},
		Counts: []ErrorCount{
			{Kind: "missed", N: 1}, {Kind: "spurious", N: 1}, {Kind: "boundary", N: 1}, {Kind: "type", N: 1}, {Kind: "both", N: 0}, {Kind: "unreadable", N: 1},
		},
		Passages: []ErrorPassage{{
			Document: "mini/test/7", Text: text, Gold: gold,
			Errors: []ErrorLine{
				{Kind: "boundary", Gold: entity("Zoë Okafor", "person"), Pred: entity("Okafor", "person")},
				{Kind: "type", Gold: entity("Tessel Labs", "company"), Pred: entity("Tessel Labs", "place")},
				{Kind: "missed", Gold: entity("Essa", "place")},
				{Kind: "spurious", Pred: &ErrorEntity{Text: "Tesla <script>alert(1)</script>", Type: "company"}},
				{Kind: "unreadable", Types: []ner.EntityType{"company", "place"}},
			},
			Others: []ErrorLine{{Kind: "right", Gold: entity("Port Varna", "place"), Pred: entity("Port Varna", "place")}},
			Run: ErrorSide{
				Predicted: []ner.Span{span("Okafor", "person"), span("Tessel Labs", "place"), span("Port Varna", "place")},
				Unaligned: []ner.Mention{{Text: "Tesla <script>alert(1)</script>", Type: "company"}},
				Answers: []SampleAnswer{
					{Types: []ner.EntityType{"person"}, Text: `["Okafor"]`, Outcome: ner.OK},
					{Types: []ner.EntityType{"company", "place"}, Text: "I <i>cannot</i> say\nwhat they are", Outcome: ner.NoStructure},
				},
			},
			Against: &ErrorSide{Predicted: gold, Answers: []SampleAnswer{{Types: []ner.EntityType{"person"}, Text: `["Zoë Okafor"]`, Outcome: ner.OK}}},
		}},
	}
}

func writeErrors(t *testing.T, e Errors) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteErrors(&b, e); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestErrorsPage(t *testing.T) {
	html := writeErrors(t, errorPage())
	for _, want := range []string{
		"<title>Errors of ollama/&lt;tiny&gt; on mini</title>", "1 of 1234 passages", "mini/test/7",
		`<mark class="missed" title="person: missed">Zoë </mark><mark class="missed spurious"`,
		`<mark class="hit" title="place: right">Port Varna</mark>`,
		`&lt;b&gt;joined&lt;/b&gt;`, "Tesla &lt;script&gt;", "I &lt;i&gt;cannot&lt;/i&gt; say\nwhat they are",
		"<td>Zoë Okafor<small>person · <span class=\"position\">0–10</span></small></td><td>Okafor<small>person · <span class=\"position\">4–10</span></small></td>", "company · not in the text",
		"answer about company, place", "1 other entity of the passage", "2 raw answers of ollama/&lt;tiny&gt;", "1 raw answer of gguf/other.gguf",
		"Errors that gguf/other.gguf made, too, are left out.", "Last answers 2 January 2026. Written by nerbench 1.0",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for _, never := range []string{"<script", "<b>", "<i>", "src=", "http://"} {
		if strings.Contains(html, never) {
			t.Errorf("%q is on the page", never)
		}
	}
}

// TestErrorsPageWithoutText checks that nothing of a dataset whose licence forbids it
// is on the
func TestErrorsPageWithoutText(t *testing.T) {
	e := errorPage()
	e.WithoutText = true
	html := writeErrors(t, e)
	for _, never := range []string{"Okafor", "Tess", "Tesl", "Varna", "Essa", "Herald", "joined", "cannot"} {
		if strings.Contains(html, never) {
			t.Errorf("%q is on the page", never)
		}
	}
	for _, want := range []string{"mini/test/7", `person · <span class="position">0–10`, "does not permit to show its text", "answer about company, place"} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

func TestErrorsPageWithoutErrors(t *testing.T) {
	if html := writeErrors(t, Errors{Title: "Errors"}); !strings.Contains(html, "There are none.") {
		t.Error("the page does not state that there are no errors")
	}
}

// testErrorsPage checks that the style applies, that the page fits a phone, and
// that text from models and datasets stays text.
func testErrorsPage(t *testing.T, in *browser.Browser) {
	e := errorPage()
	for i, a := range attacks {
		e.Passages = append(e.Passages, ErrorPassage{
			Document: a, Text: a, Gold: []ner.Span{{Start: 0, End: len(a), Type: ner.EntityType(a)}},
			Errors: []ErrorLine{{Kind: "missed", Gold: &ErrorEntity{Text: a, Type: a, End: i, Placed: true}}},
			Run:    ErrorSide{Unaligned: []ner.Mention{{Text: a, Type: ner.EntityType(a)}}, Answers: []SampleAnswer{{Text: a, Outcome: ner.Malformed}}},
		})
	}
	v := open(t, in, []byte(writeErrors(t, e)))
	evaluate[bool](t, v, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	for _, a := range attacks {
		if !evaluate[bool](t, v, fmt.Sprintf(`[...document.querySelectorAll("pre")].some(p => p.textContent === %q)`, a)) {
			t.Errorf("no answer has the text %q", a)
		}
	}
	if got := evaluate[string](t, v, `String(window.pwned)`); got != "undefined" {
		t.Errorf("attack %s ran", got)
	}
	if got := evaluate[int](t, v, `document.querySelectorAll("script, img, iframe, object, embed, [onload], [onerror]").length`); got != 0 {
		t.Errorf("%d elements of a kind that the page does not have", got)
	}
	if got := evaluate[string](t, v, `getComputedStyle(document.querySelector("table.errors")).tableLayout`); got != "fixed" {
		t.Errorf("the style does not apply: the layout of tables is %s", got)
	}
	v.quiet(t)
	for _, width := range []int{360, 400, 1440} {
		v.Resize(width, 900)
		if got := evaluate[int](t, v, `document.documentElement.scrollWidth`); got > width {
			t.Errorf("the page is %d pixels wide in a window of %d", got, width)
		}
	}
}
