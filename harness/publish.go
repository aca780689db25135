package harness

import (
	"slices"
	"strings"

	"nerbench/datasets"
)

// openLicences are the beginnings of licences that let anyone pass the text on, for
// any purpose.
var openLicences = []string{"CC0", "CC BY 4.0", "CC BY-SA"}

// MayPublish reports whether the text of a dataset may be shown to others. Files that
// are made to be passed on have no text of other datasets. It is conservative: a
// licence in other words, or with a second opinion on commercial use, does not count.
func MayPublish(d *datasets.Dataset) bool {
	return d.Access == "open" && !strings.Contains(d.Licence, "NC") &&
		slices.ContainsFunc(openLicences, func(l string) bool { return strings.HasPrefix(d.Licence, l) })
}
