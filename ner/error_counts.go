package ner

// ErrorCounts counts the entities of a run (docs/spec/metrics.md §5, §11).
type ErrorCounts struct {
	// Classes has the classes of errors by name: C, T, B, BT, MIS, SPU, and the parts
	// MIS_overlapped and SPU_overlapping.
	Classes map[string]int `json:"classes"`
	// Confusion lists the cells of the confusion table that are not empty, by gold and
	// predicted type.
	Confusion []ConfusionCell `json:"confusion"`
	// Buckets are those of some attributes, lowest first.
	Buckets []BucketCounts `json:"buckets"`
}

// ConfusionCell is a cell of the confusion table. An empty type stands for no entity.
type ConfusionCell struct {
	Gold EntityType `json:"gold"`
	Pred EntityType `json:"pred"`
	N    int        `json:"n"`
}

// BucketCounts are the counts of the entities whose attribute has a value in a bucket.
type BucketCounts struct {
	Attribute string `json:"attribute"` // such as eLen
	Name      string `json:"name"`      // of the bucket, such as "4 and more"
	Counts    Score  `json:"counts"`
}
