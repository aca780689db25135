package main

import (
	"context"
	"strings"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/onnx"
)

// openONNX opens a token classifier in a folder. Its labels get the types of the
// dataset: by the native labels of the dataset, or by the names of its types.
func openONNX(ctx context.Context, env *environment, s modelSpec) (*model, error) {
	types := map[string]ner.EntityType{}
	for _, t := range s.dataset.Types() {
		types[string(t)] = t
	}
	for _, l := range s.dataset.Labels {
		if !l.Drop {
			types[l.Native] = l.Type
		}
	}
	aggregation := s.local.aggregation
	if aggregation == "" {
		aggregation = onnx.Aggregations[0]
	}
	r, err := onnx.Open(ctx, onnx.Config{Folder: s.name, Types: types, Aggregation: aggregation})
	if err != nil {
		return nil, err
	}
	if left := r.Unmapped(); len(left) > 0 {
		s.observe("labels of the model that are no types of the dataset, left out: " + strings.Join(left, ", "))
	}
	connections := s.connections
	if connections == 0 {
		connections = 2 // one computes, one prepares
	}
	return &model{
		identity: r.Identity(), runner: r, slots: runners.NewFixed(connections), close: r.Close,
		keys:     map[string]string{"aggregation": aggregation},
		facts:    map[string]string{"device": "CPU"},
		answerBy: "aggregation=" + aggregation + " labels=" + s.dataset.LabelsHash(),
	}, nil
}
