package loaders

import (
	"bytes"
	"fmt"
	"strings"
)

// readConllU reads the family conllu (docs/spec/formats.md §2): CoNLL-U with a tag of
// each word in the column MISC, as NER=B-PER. The set's field tags names the key; the
// default is NER. A word without the key is outside. Documents are sentences; their
// text is the words, joined by one space.
//
// Policy: a multiword token is one token, with the first tag of its words that is not
// O (multiword_tokens). Empty nodes are skipped (empty_nodes). A file in which no word
// has the key stops the reading.
func readConllU(r *reading) error {
	u := &conllU{key: "NER"}
	scheme := "iob2"
	if f := r.set.Fields; f != nil {
		if f.Tags != "" {
			u.key = f.Tags
		}
		if f.Scheme != "" {
			scheme = f.Scheme
		}
		u.replaced = f.Read
	}
	var err error
	if u.block, err = newBlock(r, scheme, ""); err != nil {
		return err
	}
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		u.tagged = false
		if err := r.lines(name, u.line); err != nil {
			return err
		}
		if err := u.endSentence(); err != nil {
			return err
		}
		if !u.tagged {
			return fmt.Errorf("%s: no word has %s= in its last column, MISC: set fields.tags to the key of the tags", r.shown(name), u.key)
		}
	}
	return nil
}

type conllU struct {
	*block
	key      string
	replaced map[string]string // tags
	tagged   bool              // a word of the file has the key

	form  string // of the multiword token whose words follow
	words int    // that follow
	tag   string // of these words, so far
}

const conllUColumns = 10

func (u *conllU) line(line []byte) error {
	switch {
	case line == nil:
		return errLong
	case len(bytes.TrimSpace(line)) == 0:
		return u.endSentence()
	case line[0] == '#':
		return nil
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	columns := strings.Split(string(line), "\t")
	if len(columns) != conllUColumns {
		return fmt.Errorf("%d columns, expected %d separated by one tab", len(columns), conllUColumns)
	}
	id, form := columns[0], columns[1]
	tag, ok := miscValue(columns[9], u.key)
	u.tagged = u.tagged || ok
	if other, replace := u.replaced[tag]; replace {
		tag = other
	}
	switch {
	case strings.Contains(id, "."):
		u.tally.Repairs["empty_nodes"]++
		return nil
	case strings.Contains(id, "-"):
		var first, last int
		if n, err := fmt.Sscanf(id, "%d-%d", &first, &last); n != 2 || err != nil || last < first {
			return fmt.Errorf("id %q: expected a number, or a range of numbers", id)
		}
		u.tally.Repairs["multiword_tokens"]++
		u.form, u.words, u.tag = form, last-first+1, tag
		return nil
	case u.words > 0:
		if u.tag == "" || u.tag == "O" {
			u.tag = tag
		}
		if u.words--; u.words > 0 {
			return nil
		}
		form, tag = u.form, u.tag
	}
	if tag == "" {
		tag = "O"
	}
	return u.token([]byte(form), []byte(tag))
}

func (u *conllU) endSentence() error {
	if u.words > 0 {
		return fmt.Errorf("the sentence ends within the multiword token %q", u.form)
	}
	return u.end()
}

// miscValue finds the value of a key in the column MISC.
func miscValue(misc, key string) (string, bool) {
	for pair := range strings.SplitSeq(misc, "|") {
		if name, value, ok := strings.Cut(pair, "="); ok && name == key {
			return value, true
		}
	}
	return "", false
}
