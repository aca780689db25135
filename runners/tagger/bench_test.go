package tagger

import (
	"fmt"
	"testing"

	"nerbench/ner"
)

// words/s counts a word once per epoch.

func BenchmarkTrain(b *testing.B) {
	b.Run("invented", func(b *testing.B) { benchmarkTrain(b, invented(b, 2000, 1), nil) })
	b.Run("invented, 66 types", func(b *testing.B) { benchmarkTrain(b, manyTypes(b, 2000), nil) })
	b.Run("conllpp", func(b *testing.B) {
		dataset, docs := realDataset(b, "conllpp", ner.Train)
		benchmarkTrain(b, docs, dataset.Types())
	})
}

func benchmarkTrain(b *testing.B, docs []*ner.Document, types []ner.EntityType) {
	seen, last := 0, 0
	for b.Loop() {
		epochs := 0
		m := train(b, docs, types, Config{Observe: func(e Epoch) { epochs = e.Number }})
		seen += m.Learnt().Words * epochs
		last = len(m.model.table.cells)
	}
	b.ReportMetric(float64(seen)/b.Elapsed().Seconds(), "words/s")
	b.ReportMetric(float64(last), "weights")
}

func BenchmarkTag(b *testing.B) {
	b.Run("invented", func(b *testing.B) {
		benchmarkTag(b, train(b, invented(b, 2000, 1), nil, Config{}), invented(b, 1000, 2))
	})
	b.Run("invented, 66 types", func(b *testing.B) {
		benchmarkTag(b, train(b, manyTypes(b, 2000), nil, Config{}), manyTypes(b, 1000))
	})
	b.Run("conllpp", func(b *testing.B) {
		dataset, docs := realDataset(b, "conllpp", ner.Train)
		_, test := realDataset(b, "conllpp", ner.Test)
		benchmarkTag(b, train(b, docs, dataset.Types(), Config{}), test)
	})
}

func benchmarkTag(b *testing.B, m *Tagger, docs []*ner.Document) {
	n := 0
	for b.Loop() {
		for _, d := range docs {
			m.Tag(d)
			n += len(d.Tokens)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "words/s")
}

// manyTypes gives each kind of name one of 22 types, by its first letters.
func manyTypes(b *testing.B, n int) []*ner.Document {
	docs := invented(b, n, 1)
	for _, d := range docs {
		for i, s := range d.Spans {
			x := d.Surface(s)
			d.Spans[i].Type += ner.EntityType(fmt.Sprint((int(x[len(x)/2]) + 7*int(x[len(x)/3])) % 22))
		}
	}
	return docs
}
