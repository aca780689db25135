package metrics

import "slices"

// chunk is an entity of one sentence: tokens [start, end), type by id.
type chunk struct {
	start, end, typ int32
}

// decoder turns the tags of a sentence into chunks. It reuses its memory: the
// result of decode is valid until the next call.
type decoder struct {
	chunks   []chunk
	reversed []tag
}

// decode returns the chunks in ascending order of their ends, without duplicates.
func (d *decoder) decode(tags []tag, scheme Scheme, mode Mode) []chunk {
	d.chunks = d.chunks[:0]
	switch {
	case mode == Lenient, scheme == IO:
		d.lenient(tags)
	case scheme == IOB1:
		d.strictIOB1(tags)
	case scheme == IOB2:
		d.strictIOB2(tags)
	case scheme == IOE1:
		d.mirrored(tags, d.strictIOB1)
	case scheme == IOE2:
		d.mirrored(tags, d.strictIOB2)
	default:
		d.strictIOBES(tags)
	}
	return d.chunks
}

func (d *decoder) emit(start, end int, typ int32) {
	d.chunks = append(d.chunks, chunk{int32(start), int32(end), typ})
}

// lenient accepts any tags (docs/spec/metrics.md §4.2), with the rules of seqeval's
// default mode and, for the IOB and IOE schemes, of conlleval.
func (d *decoder) lenient(tags []tag) {
	previous := tag{'O', -1}
	begin := 0
	for i := 0; i <= len(tags); i++ {
		t := tag{'O', untyped} // a virtual O ends the sentence
		if i < len(tags) {
			t = tags[i]
		}
		if lenientEnd(previous, t) {
			d.emit(begin, i, previous.typ)
		}
		if lenientBegin(previous, t) {
			begin = i
		}
		previous = t
	}
}

// lenientEnd reports whether an entity ends between two adjacent tags.
func lenientEnd(previous, t tag) bool {
	switch previous.prefix {
	case 'E', 'S':
		return true
	case 'O', '.':
		return false
	case 'B', 'I':
		if t.prefix == 'B' || t.prefix == 'S' || t.prefix == 'O' {
			return true
		}
	}
	return previous.typ != t.typ
}

// lenientBegin reports whether an entity begins at t, after previous.
func lenientBegin(previous, t tag) bool {
	switch t.prefix {
	case 'B', 'S':
		return true
	case 'O', '.':
		return false
	case 'E', 'I':
		if previous.prefix == 'E' || previous.prefix == 'S' || previous.prefix == 'O' {
			return true
		}
	}
	return previous.typ != t.typ
}

// strictIOB2 decodes B-t (I-t)* (docs/spec/metrics.md §4.3).
func (d *decoder) strictIOB2(tags []tag) {
	for i := 0; i < len(tags); {
		if tags[i].prefix != 'B' {
			i++
			continue
		}
		end := insideRun(tags, i+1, tags[i].typ)
		d.emit(i, end, tags[i].typ)
		i = end
	}
}

// strictIOB1 decodes sequences of I-t; B-t separates two adjacent entities of one
// type, and is outside anywhere else (docs/spec/metrics.md §4.3).
func (d *decoder) strictIOB1(tags []tag) {
	for i := 0; i < len(tags); {
		typ := tags[i].typ
		opens := tags[i].prefix == 'I' || tags[i].prefix == 'B' && d.touched(i, typ)
		if !opens {
			i++
			continue
		}
		end := insideRun(tags, i+1, typ)
		d.emit(i, end, typ)
		i = end
	}
}

// touched reports whether the latest chunk has a type and ends at a position.
func (d *decoder) touched(position int, typ int32) bool {
	if len(d.chunks) == 0 {
		return false
	}
	last := d.chunks[len(d.chunks)-1]
	return int(last.end) == position && last.typ == typ
}

// strictIOBES decodes S-t and B-t (I-t)* E-t. An unfinished chunk is dropped, and
// decoding resumes at the tag that interrupted it (docs/spec/metrics.md §4.3).
func (d *decoder) strictIOBES(tags []tag) {
	for i := 0; i < len(tags); {
		switch tags[i].prefix {
		case 'S':
			d.emit(i, i+1, tags[i].typ)
			i++
		case 'B':
			end := insideRun(tags, i+1, tags[i].typ)
			if end < len(tags) && tags[end] == (tag{'E', tags[i].typ}) {
				end++
				d.emit(i, end, tags[i].typ)
			}
			i = end
		default:
			i++
		}
	}
}

// mirrored decodes a scheme that is the mirror image of another, with E for B: it
// reverses the sentence, decodes it, and reverses the chunks.
func (d *decoder) mirrored(tags []tag, decode func([]tag)) {
	d.reversed = append(d.reversed[:0], tags...)
	slices.Reverse(d.reversed)
	for i, t := range d.reversed {
		if t.prefix == 'E' {
			d.reversed[i].prefix = 'B'
		}
	}
	decode(d.reversed)
	n := int32(len(tags))
	for i, c := range d.chunks {
		d.chunks[i] = chunk{n - c.end, n - c.start, c.typ}
	}
	slices.Reverse(d.chunks)
}

// insideRun is the end of the sequence of I tags of one type from position i.
func insideRun(tags []tag, i int, typ int32) int {
	for i < len(tags) && tags[i] == (tag{'I', typ}) {
		i++
	}
	return i
}
