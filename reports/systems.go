package reports

import (
	"slices"
	"strings"
)

// nameSystems sets the system of each run: the model, followed by the keys in
// which runs of that model on one and the same row differ. Keys that differ
// from row to row only do not split a system.
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

// systemName names the keys in split that a run has. Of its training, those
// settings are named that tell it apart: the others differ from row to row.
func systemName(model string, r *run, split set) string {
	if len(split) == 0 {
		return model
	}
	var parts []string
	for _, name := range keyNames([]*run{r}) {
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
		default:
			parts = append(parts, name+"="+v)
		}
	}
	if len(parts) == 0 {
		return model + " (default)"
	}
	return model + " (" + strings.Join(parts, ", ") + ")"
}

// shortDigest is how much of a digest a name holds; the list of runs has all of
// it.
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
