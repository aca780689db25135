package reports

import (
	"slices"
	"strings"
)

// SystemNames returns the name of the system of each result, as the columns of
// [KeySystem] have it: the model, followed by the keys in which runs of this model
// on one dataset differ.
func SystemNames(results []Result) []string {
	runs := make([]*run, len(results))
	for i := range results {
		runs[i] = &run{Result: &results[i]}
	}
	nameSystems(runs)
	names := make([]string, len(runs))
	for i, r := range runs {
		names[i] = r.system
	}
	return names
}

// nameSystems sets the system of each run. Keys that differ only between datasets do
// not split a system.
func nameSystems(runs []*run) {
	byModel := map[string][]*run{}
	for _, r := range runs {
		m := r.key(KeyModel)
		byModel[m] = append(byModel[m], r)
	}
	for model, own := range byModel {
		byDataset := map[string][]*run{}
		for _, r := range own {
			byDataset[r.key(KeyDataset)] = append(byDataset[r.key(KeyDataset)], r)
		}
		split := set{}
		for _, same := range byDataset {
			for _, name := range differing(same) {
				split[name] = true
			}
			for _, setting := range differingSettings(same) {
				split["training "+setting] = true
			}
		}
		for _, r := range own {
			r.system = systemName(model, r, split)
		}
	}
}

// systemName names the keys in split that a run has. Of its training it names only
// the settings in split: the others differ between datasets.
func systemName(model string, r *run, split set) string {
	if len(split) == 0 {
		return model
	}
	var parts []string
	for _, name := range KeyNames(r.Keys) {
		switch v := r.key(name); {
		case !split[name] || v == "":
		case name == "training":
			for setting := range strings.FieldsSeq(v) {
				if split["training "+settingName(setting)] {
					parts = append(parts, "training "+setting)
				}
			}
		case name == "digest":
			parts = append(parts, name+"="+v[:min(len(v), shortDigest)])
		case name == "imported":
			parts = append(parts, name+"="+v[:min(len(v), len("sha256:")+shortDigest)])
		default:
			parts = append(parts, name+"="+v)
		}
	}
	if len(parts) == 0 {
		return model + " (default)"
	}
	return model + " (" + strings.Join(parts, ", ") + ")"
}

// shortDigest is the length of a digest in a name. The list of runs has it in full.
const shortDigest = 12

// differingSettings lists the settings of training, such as seed in
// "perceptron seed=7", in which runs differ.
func differingSettings(runs []*run) []string {
	count, trained := map[string]int{}, 0
	for _, r := range runs {
		training := r.key("training")
		if training != "" {
			trained++
		}
		for setting := range strings.FieldsSeq(training) {
			count[setting]++
		}
	}
	var names []string
	for setting, n := range count {
		if name := settingName(setting); n < trained && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func settingName(setting string) string {
	name, _, _ := strings.Cut(setting, "=")
	return name
}
