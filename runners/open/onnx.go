package open

import (
	"context"
	"maps"
	"strings"

	"nerbench/runners"
	"nerbench/runners/local/onnx"
)

// openONNX opens a token classifier in a folder. Its labels are matched with the native
// labels of the dataset and with the names of its types.
func openONNX(ctx context.Context, s Spec) (*Model, error) {
	types := maps.Clone(s.Labels)
	for _, t := range s.Types {
		if _, native := types[string(t)]; !native {
			types[string(t)] = t
		}
	}
	aggregation := s.Local.Aggregation
	if aggregation == "" {
		aggregation = onnx.Aggregations[0]
	}
	r, err := reopen(ctx, s.Kept, onnx.Config{Folder: s.rest, Types: types, Aggregation: aggregation}, onnx.Open)
	if err != nil {
		return nil, err
	}
	if left := r.Unmapped(); len(left) > 0 {
		s.Observe("labels of the model that match no type of the dataset are ignored: " + strings.Join(left, ", "))
	}
	connections := s.Connections
	if connections == 0 {
		connections = 2 // one passage is computed while the next is prepared
	}
	return &Model{
		Identity: r.Identity(), Runner: r, Slots: runners.NewFixed(connections), close: func() { s.Kept.release(r) },
		Keys:     map[string]string{"aggregation": aggregation},
		facts:    map[string]string{"device": "CPU"},
		AnswerBy: "aggregation=" + aggregation + " labels=" + s.LabelsHash,
	}, nil
}
