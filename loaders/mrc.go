package loaders

import (
	"fmt"
	"strings"
)

// readMRC reads the family mrc-json (docs/spec/formats.md §2): one JSON array of
// questions, one for each sentence and label. The part of qas_id before the dot
// identifies the sentence. Positions are words of the context, ends inclusive; the
// n-th start belongs to the n-th end.
//
// Policy: the questions of a sentence are consecutive and have the same context.
func readMRC(r *reading) error {
	m := &mrc{reading: r, before: map[string]bool{}}
	if err := r.arrays(m.question); err != nil {
		return err
	}
	return m.end()
}

type mrc struct {
	*reading
	sentence string
	context  string
	open     bool
	mentions []indexed
	before   map[string]bool // finished sentences
}

func (m *mrc) question(dec decoder) error {
	var q struct {
		ID      string  `json:"qas_id"`
		Context *string `json:"context"`
		Label   string  `json:"entity_label"`
		Starts  []int   `json:"start_position"`
		Ends    []int   `json:"end_position"`
	}
	if err := dec.value(&q); err != nil {
		return err
	}
	sentence, _, ok := strings.Cut(q.ID, ".")
	switch {
	case !ok || q.Context == nil || q.Starts == nil || q.Ends == nil:
		return fmt.Errorf("expected a question {\"qas_id\": \"sentence.label\", \"context\", \"entity_label\", \"start_position\", \"end_position\"}")
	case len(q.Starts) != len(q.Ends):
		return fmt.Errorf("question %s: %d starts, %d ends: expected equal numbers", q.ID, len(q.Starts), len(q.Ends))
	case m.open && sentence == m.sentence && *q.Context != m.context:
		return fmt.Errorf("question %s: its context differs from that of the previous questions", q.ID)
	case !m.open || sentence != m.sentence:
		if m.before[sentence] {
			return fmt.Errorf("question %s: the questions of its sentence are not consecutive", q.ID)
		}
		if err := m.end(); err != nil {
			return err
		}
		m.sentence, m.context, m.open = sentence, *q.Context, true
	}
	for i, start := range q.Starts {
		m.mentions = append(m.mentions, indexed{start, q.Ends[i], q.Label})
	}
	return nil
}

// end makes a document of the sentence, if there is one.
func (m *mrc) end() error {
	if !m.open {
		return nil
	}
	m.open, m.before[m.sentence] = false, true
	d := tokenDocument(strings.Split(m.context, " "))
	var spans []labelled
	for _, i := range m.mentions {
		s, err := m.tokenSpan(d, i.start, i.end, i.label)
		if err != nil {
			return fmt.Errorf("sentence %s: %w", m.sentence, err)
		}
		spans = append(spans, s)
	}
	m.mentions = m.mentions[:0]
	return m.emit(d, spans)
}
