package loaders

import (
	"errors"
	"fmt"
	"io"
)

// readBioCJSON reads the family bioc-json: collections, whose "documents" are read
// one by one, or single documents. A file contains one of them, several one after the
// other, as in JSON Lines, or an array. The exports of PubTator3 have the member
// "PubTator3" instead of "documents".
func readBioCJSON(r *reading) error {
	return r.each(func(string) bool { return true }, r.biocFile)
}

var errNoBioC = errors.New(`expected an object with "documents", or a document with "passages"`)

func (r *reading) biocFile(name string) error {
	f, err := r.openData(name)
	if err != nil {
		return err
	}
	defer f.Close()
	dec, err := r.decoder(f)
	if err != nil {
		return r.atLine(name, 0, err)
	}
	for values := 0; ; values++ {
		at := dec.InputOffset()
		switch kind := dec.PeekKind(); {
		case kind == '[':
			err = r.elements(dec, r.biocObject)
		case kind == '{':
			err = r.biocObject(dec)
		default:
			_, err = dec.token()
			if err == io.EOF && values > 0 {
				return nil
			}
			if err == nil || err == io.EOF {
				err = errNoBioC
			}
		}
		if err != nil {
			return r.atLine(name, max(at, dec.InputOffset()-1), err)
		}
	}
}

// biocObject reads a collection or a document.
func (r *reading) biocObject(dec decoder) error {
	if t, err := dec.token(); err != nil {
		return noEOF(err)
	} else if t.Kind() != '{' {
		return errNoBioC
	}
	var id LineID
	var passages []biocJSONPart
	var annotations []biocJSONAnnotation // of the whole document
	collection, document := false, false
	for dec.more() {
		key, err := dec.token()
		if err != nil {
			return noEOF(err)
		}
		switch key.String() {
		case "documents", "PubTator3":
			collection = true
			err = r.elements(dec, r.biocObject)
		case "passages":
			document = true
			err = dec.value(&passages)
		case "annotations":
			err = dec.value(&annotations)
		case "id":
			document = true
			err = dec.value(&id)
		default:
			err = PlainJSON(dec.SkipValue())
		}
		if err != nil {
			return err
		}
	}
	if _, err := dec.token(); err != nil {
		return fmt.Errorf("the object does not end: %w", noEOF(err))
	}
	switch {
	case collection:
		return nil
	case !document:
		return errNoBioC
	}
	b := &biocDocument{id: string(id)}
	for i := range passages {
		b.passage(r, passages[i].part(r))
	}
	b.keep(biocMentions(r, annotations), biocPlace{})
	return r.emitBioC(b)
}

// biocJSONPart is a passage or a sentence.
type biocJSONPart struct {
	Offset      int                  `json:"offset"`
	Text        *string              `json:"text"`
	Annotations []biocJSONAnnotation `json:"annotations"`
	Sentences   []biocJSONPart       `json:"sentences"`
}

type biocJSONAnnotation struct {
	Infons    map[string]any `json:"infons"`
	Text      *string        `json:"text"`
	Locations []struct {
		Offset int `json:"offset"`
		Length int `json:"length"`
	} `json:"locations"`
}

// part converts a passage, with its sentences.
func (p *biocJSONPart) part(r *reading) *biocPart {
	out := &biocPart{offset: p.Offset, text: p.Text, mentions: biocMentions(r, p.Annotations)}
	for i := range p.Sentences {
		out.sentences = append(out.sentences, *p.Sentences[i].part(r))
	}
	return out
}

func biocMentions(r *reading, annotations []biocJSONAnnotation) []biocMention {
	var all []biocMention
	for _, a := range annotations {
		m := biocMention{}
		if a.Text != nil {
			m.text = *a.Text
		}
		for key, value := range a.Infons {
			m.infon(r, key, fmt.Sprint(value))
		}
		for _, l := range a.Locations {
			m.location(l.Offset, l.Length)
		}
		all = append(all, m)
	}
	return all
}
