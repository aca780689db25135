package loaders

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ebmLayers are the layers of the corpus and their labels.
var ebmLayers = []struct{ folder, label string }{
	{"participants", "PAR"}, {"interventions", "INT"}, {"outcomes", "OUT"},
}

// readEBMNLP reads the family ebmnlp-native (docs/spec/formats.md §2): PMID.tokens
// with one token per line, and in a folder for each layer PMID.AGGREGATED.ann with
// one number per line. Consecutive equal numbers other than 0 are a mention. Only
// documents with annotations are read.
//
// Policy: both files have the same number of lines. A document without the file of
// a layer has no mentions in that layer (layers_missing).
func readEBMNLP(r *reading) error {
	tokens, err := r.all(withSuffix(".tokens"))
	if err != nil {
		return err
	}
	annotations, err := r.all(withSuffix(".ann"))
	if err != nil {
		return err
	}
	layers := map[string]map[string]member{} // by document and folder
	for _, a := range annotations {
		id := a.stem(".AGGREGATED.ann")
		if layers[id] == nil {
			layers[id] = map[string]member{}
		}
		for _, l := range ebmLayers {
			if strings.Contains("/"+a.name, "/"+l.folder+"/") {
				layers[id][l.folder] = a
			}
		}
	}
	for _, t := range tokens {
		id := t.stem(".tokens")
		if layers[id] == nil {
			continue // belongs to another split
		}
		if err := r.ebmDocument(t, layers[id]); err != nil {
			return err
		}
		delete(layers, id)
	}
	for _, id := range slices.Sorted(maps.Keys(layers)) {
		return fmt.Errorf("document %s: has annotations but no file %s.tokens", id, id)
	}
	return nil
}

func (r *reading) ebmDocument(tokens member, layers map[string]member) error {
	words, err := r.linesOf(tokens)
	if err != nil {
		return err
	}
	d := tokenDocument(words)
	var spans []labelled
	for _, l := range ebmLayers {
		file, ok := layers[l.folder]
		if !ok {
			r.tally.Repairs["layers_missing"]++
			continue
		}
		marks, err := r.linesOf(file)
		if err != nil {
			return err
		}
		if len(marks) != len(words) {
			return fmt.Errorf("%s: %d lines, the document has %d tokens", r.shown(file.name), len(marks), len(words))
		}
		for first := 0; first < len(marks); {
			last := first
			for last+1 < len(marks) && marks[last+1] == marks[first] {
				last++
			}
			switch mark := strings.TrimSpace(marks[first]); {
			case mark == "" || strings.Trim(mark, "0123456789") != "":
				return fmt.Errorf("%s:%d: %q: expected a number", r.shown(file.name), first+1, mark)
			case strings.Trim(mark, "0") != "":
				s, err := r.tokenSpan(d, first, last, l.label)
				if err != nil {
					return fmt.Errorf("%s:%d: %w", r.shown(file.name), first+1, err)
				}
				spans = append(spans, s)
			}
			first = last + 1
		}
	}
	return r.emit(d, spans)
}

// linesOf reads the lines of a small member.
func (r *reading) linesOf(m member) (all []string, err error) {
	err = r.at(m, func(name string) error {
		return r.lines(name, func(line []byte) error {
			if line == nil {
				return errLong
			}
			if err := checkUTF8(line); err != nil {
				return err
			}
			all = append(all, string(line))
			return nil
		})
	})
	return all, err
}
