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
	type passage struct{ id, text string }
	folderOf := map[passage]int{}
	ids := map[string]bool{} // of the folders before
	for i, f := range folders {
		for _, k := range f.Kept {
			same := passage{k.ID, k.Text}
			if first, found := folderOf[same]; found && first != i {
				err := fmt.Errorf("%s and %s both have the passage %s: training data with two answers about one text", folders[first].Name, f.Name, k.ID)
				return nil, &fault.Hint{Err: err, Advice: "build from one of them (nerbench distill stats compares both)"}
			}
			folderOf[same] = i
			if ids[k.ID] {
				renamed := *k
				renamed.ID = fmt.Sprintf("%s@%d", k.ID, i+1)
				k = &renamed
			}
			all = append(all, k)
		}
		for _, k := range f.Kept {
			ids[k.ID] = true
		}
	}
	return all, nil
}
