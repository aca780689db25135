package harness

import (
	"net/url"
	"strings"

	"nerbench/datasets"
	"nerbench/reports/site"
)

// pageOf is the page of a model: of its weights on the Hugging Face hub, or the one that
// its submitters name; empty: none is known.
func (m *boardMaker) pageOf(e *boardEntry) string {
	if e.card != nil && e.card.Where != "" {
		return "https://huggingface.co/" + e.card.Where
	}
	if s := m.submittedModel(e); s != nil && s.URL != "" {
		return s.URL
	}
	return ""
}

// cite is a BibTeX entry of a model on the board: who published it and where, as far as
// that is known, what identifies its weights, and with what and when its answers were
// made.
func (m *boardMaker) cite(of *site.Model) string {
	text := func(s string) string { return datasets.EscapeBibTeX(strings.Join(strings.Fields(s), " ")) }
	r := datasets.Reference{Type: "misc", Key: of.Slug}
	add := func(name, value string) {
		if value != "" {
			r.Fields = append(r.Fields, datasets.ReferenceField{Name: name, Value: value})
		}
	}
	if of.Organisation != "" {
		add("author", "{"+text(of.Organisation)+"}")
	}
	add("title", "{"+text(of.Name)+"}")
	year, _, _ := strings.Cut(of.Released, "-")
	add("year", text(year))
	if u, err := url.Parse(of.Page); of.Page != "" && err == nil && !strings.ContainsAny(of.Page, "{}\\ ") && u.Scheme == "https" {
		add("howpublished", `\url{`+of.Page+"}")
	}
	note := "Model " + of.Address
	if of.Digest != "" {
		note += ", digest " + of.Digest
	}
	note += "; run with nerbench " + m.request.Version
	if m.board.Date != "" {
		note += ", newest answer of " + m.board.Date
	}
	add("note", text(note))
	return r.String()
}
