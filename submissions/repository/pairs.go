package repository

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"nerbench/harness"
)

// The folder cache/pairs keeps what is slow to compute from submissions: tests of pairs,
// intervals, and the errors of each run. There is a file for each dataset, and one for means over
// several, in the form of [harness.Statistics.String].
const (
	pairsFolder = "cache/pairs"
	meansFile   = pairsFolder + "/means.txt"
)

// pairsFile is the file of a dataset; that of means has no dataset.
func pairsFile(dataset string) string {
	if dataset == "" {
		return meansFile
	}
	return path.Join(pairsFolder, "datasets", dataset+".txt")
}

// pairsFiles lists the files of the cache.
func pairsFiles(folder *os.Root) ([]string, error) {
	files, err := fs.Glob(folder.FS(), pairsFolder+"/datasets/*.txt")
	if _, missing := folder.Lstat(meansFile); missing == nil {
		files = append(files, meansFile)
	}
	return files, err
}

// readPairs reads the cache. A file that cannot be read is like a missing one: all that it
// has is computed again.
func readPairs(folder *os.Root) (harness.Statistics, error) {
	known := harness.NewStatistics()
	files, err := pairsFiles(folder)
	if err != nil {
		return known, err
	}
	for _, name := range files {
		if text, err := readFile(folder, name); err == nil {
			known.Read(string(text))
		}
	}
	return known, nil
}

// cached is the number of tests and intervals of a board that were not computed.
func cached(c *harness.StatisticsCache) int {
	n := 0
	for _, of := range c.Used {
		n += len(of.Tests) + len(of.Intervals)
	}
	return n - c.Computed
}

// writePairs writes the tests and intervals of a board, sorted, and removes the files of
// datasets that the board does not have. Files that are as they should be are not touched.
func writePairs(folder *os.Root, used map[string]harness.Statistics) error {
	stale, err := pairsFiles(folder)
	if err != nil {
		return err
	}
	for _, dataset := range slices.Sorted(maps.Keys(used)) {
		name := pairsFile(dataset)
		stale = slices.DeleteFunc(stale, func(s string) bool { return s == name })
		content := used[dataset].String()
		if old, err := readFile(folder, name); err == nil && string(old) == content {
			continue
		}
		if err := writeFile(folder, name, []byte(content)); err != nil {
			return err
		}
	}
	for _, name := range stale {
		if err := folder.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
