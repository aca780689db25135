package loaders

import (
	"errors"
	"fmt"
	"io"
)

// readBioCJSON reads the family bioc-json: one object, whose "documents" are read
// one by one.
func readBioCJSON(r *reading) error {
	return r.each(func(string) bool { return true }, func(name string) error {
		if err := r.biocFile(name); err != nil && err != errStopped {
			return fmt.Errorf("%s: %w", r.shown(name), err)
		} else if err != nil {
			return err
		}
		return nil
	})
}

func (r *reading) biocFile(name string) error {
	f, err := open(r.data, name)
	if err != nil {
		return err
	}
	defer f.Close()
	dec, err := r.decoder(f)
	if err != nil {
		return err
	}
	if t, err := dec.token(); err != nil && err != io.EOF {
		return fmt.Errorf(`expected an object with "documents": %w`, err)
	} else if t.Kind() != '{' {
		return errors.New(`expected an object with "documents"`)
	}
	found := false
	for dec.more() {
		key, err := dec.token()
		if err != nil {
			return err
		}
		if key.String() != "documents" {
			if err := dec.SkipValue(); err != nil {
				return plainJSON(err)
			}
			continue
		}
		found = true
		if err := r.elements(dec, r.biocElement); err != nil {
			return err
		}
	}
	if !found {
		return errors.New(`expected an object with "documents": the member is missing`)
	}
	if _, err := dec.token(); err != nil {
		return fmt.Errorf("the object does not end: %w", noEOF(err))
	}
	return dec.end()
}

func (r *reading) biocElement(dec decoder) error {
	var doc struct {
		ID       string `json:"id"`
		Passages []struct {
			Offset      int     `json:"offset"`
			Text        *string `json:"text"`
			Annotations []struct {
				Infons    map[string]any `json:"infons"`
				Text      string         `json:"text"`
				Locations []struct {
					Offset int `json:"offset"`
					Length int `json:"length"`
				} `json:"locations"`
			} `json:"annotations"`
		} `json:"passages"`
	}
	if err := dec.value(&doc); err != nil {
		return err
	}
	b := &biocDocument{id: doc.ID}
	for _, p := range doc.Passages {
		if p.Text != nil {
			b.passage(r, p.Offset, *p.Text)
		}
		for _, a := range p.Annotations {
			m := biocMention{text: a.Text}
			for key, value := range a.Infons {
				m.infon(r, key, fmt.Sprint(value))
			}
			for _, l := range a.Locations {
				m.location(l.Offset, l.Length)
			}
			b.mentions = append(b.mentions, m)
		}
	}
	return r.emitBioC(b)
}
