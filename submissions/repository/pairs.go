package repository

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"nerbench/harness"
	"nerbench/results"
)

// The folder cache/pairs keeps what is slow to compute from the counts of submissions:
// tests of pairs, and intervals. There is a file for each dataset, and one for means over
// several. A line has the key, which is the hash of the counts, of the version of the
// metric and of the seed, then the numbers, and a checksum of the line:
//
//	9f86d081884c7d659a2feaa0c55ad015 test 12 9999 drawn 0.0123 1a2b3c4d
//	60303ae22b998861bce3b28f33eec1be interval 0.41 0.48 5e6f7a8b
//
// A line that is malformed, or about other counts, is not used.
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
	twice := map[results.StatisticKey]bool{}
	for _, name := range files {
		text, err := readFile(folder, name)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			parsePair(line, known, twice)
		}
	}
	for key := range twice { // one of them is wrong
		delete(known.Tests, key)
		delete(known.Intervals, key)
	}
	return known, nil
}

var errPair = errors.New("malformed")

// parsePair adds the statistic of a line to known. Keys with two values are in twice.
func parsePair(line string, known harness.Statistics, twice map[results.StatisticKey]bool) {
	line, whole := strings.CutSuffix(line, "\n")
	at := strings.LastIndexByte(line, ' ')
	if !whole || at < 0 || line[at+1:] != lineSum(line[:at]) {
		return
	}
	fields := strings.Split(line[:at], " ")
	text, err := hex.DecodeString(fields[0])
	if err != nil || len(text) != len(results.StatisticKey{}) || len(fields) < 2 {
		return
	}
	key := results.StatisticKey(text)
	switch fields[1] {
	case "test":
		if t, err := parseTest(fields[2:]); err == nil {
			if old, there := known.Tests[key]; there && old != t {
				twice[key] = true
			}
			known.Tests[key] = t
		}
	case "interval":
		if i, err := parseInterval(fields[2:]); err == nil {
			if old, there := known.Intervals[key]; there && old != i {
				twice[key] = true
			}
			known.Intervals[key] = i
		}
	}
}

func parseTest(fields []string) (t results.PairTest, err error) {
	if len(fields) != 4 || fields[2] != "exact" && fields[2] != "drawn" {
		return t, errPair
	}
	var err1, err2, err3 error
	t.Count, err1 = strconv.Atoi(fields[0])
	t.Tried, err2 = strconv.Atoi(fields[1])
	t.Exact = fields[2] == "exact"
	t.Spread, err3 = parseNumber(fields[3])
	if t.Count < 0 || t.Tried < 1 || t.Count > t.Tried || t.Spread < 0 {
		return t, errPair
	}
	return t, errors.Join(err1, err2, err3)
}

func parseInterval(fields []string) (i results.Interval, err error) {
	if len(fields) != 2 {
		return i, errPair
	}
	var err1, err2 error
	i.Low, err1 = parseNumber(fields[0])
	i.High, err2 = parseNumber(fields[1])
	if i.Low > i.High {
		return i, errPair
	}
	return i, errors.Join(err1, err2)
}

func parseNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
		err = errPair
	}
	return x, err
}

// cached is the number of tests and intervals of a board that were not computed.
func cached(c *harness.StatisticsCache) int {
	n := 0
	for _, of := range c.Used {
		n += len(of.Tests) + len(of.Intervals)
	}
	return n - c.Computed
}

// lineSum is the checksum at the end of a line, against damage.
func lineSum(line string) string {
	sum := sha256.Sum256([]byte(line))
	return hex.EncodeToString(sum[:4])
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
		content := encodePairs(used[dataset])
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

// encodePairs writes the lines of a file.
func encodePairs(of harness.Statistics) string {
	var lines []string
	add := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		lines = append(lines, line+" "+lineSum(line)+"\n")
	}
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for key, t := range of.Tests {
		kind := "drawn"
		if t.Exact {
			kind = "exact"
		}
		add("%x test %d %d %s %s", key, t.Count, t.Tried, kind, number(t.Spread))
	}
	for key, i := range of.Intervals {
		add("%x interval %s %s", key, number(i.Low), number(i.High))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
