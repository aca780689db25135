package distill

import (
	"fmt"

	"nerbench/internal/fault"
)

// Folder is constructed data with the name of its folder.
type Folder struct {
	Name string
	*Data
}

// Join joins the kept passages of folders. Passages of different texts may have one id: it
// gets the number of its folder ("a/0@2"). The same passage in two folders is an error:
// two teachers, or one with other settings, answered about one text.
func Join(folders []Folder) ([]*Kept, error) {
	var all []*Kept
	type place struct {
		folder int
		text   string
	}
	seen := map[string]place{}
	for i, f := range folders {
		for _, k := range f.Kept {
			first, found := seen[k.ID]
			switch {
			case found && first.folder != i && first.text == k.Text:
				err := fmt.Errorf("%s and %s both have the passage %s: training data with two answers about one text", folders[first.folder].Name, f.Name, k.ID)
				return nil, &fault.Hint{Err: err, Advice: "build from one of them (nerbench distill stats compares both)"}
			case found && first.folder != i:
				renamed := *k
				renamed.ID = fmt.Sprintf("%s@%d", k.ID, i+1)
				k = &renamed
			case !found:
				seen[k.ID] = place{i, k.Text}
			}
			all = append(all, k)
		}
	}
	return all, nil
}
