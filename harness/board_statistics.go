package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"nerbench/metrics/stats"
	"nerbench/results"
)

// Statistics are tests, intervals, sums over answers, and errors of runs by their keys.
type Statistics struct {
	Tests     map[results.StatisticKey]results.PairTest
	Intervals map[results.StatisticKey]results.Interval
	Costs     map[results.StatisticKey]results.Cost
	// Errors are [ner.ErrorCounts] as JSON.
	Errors map[results.StatisticKey]string
	twice  map[results.StatisticKey]bool // keys of which two values were read
}

// NewStatistics has none.
func NewStatistics() Statistics {
	return Statistics{
		map[results.StatisticKey]results.PairTest{}, map[results.StatisticKey]results.Interval{}, map[results.StatisticKey]results.Cost{},
		map[results.StatisticKey]string{}, map[results.StatisticKey]bool{},
	}
}

var errLine = errors.New("malformed")

// Read adds the statistics of a text that [Statistics.String] wrote. Lines that are malformed
// or damaged are left out, and so are keys with two values, of which one is wrong.
func (s Statistics) Read(text string) {
	for line := range strings.Lines(text) {
		s.readLine(line)
	}
}

func (s Statistics) readLine(line string) {
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
			addOnce(s, s.Tests, key, t)
		}
	case "interval":
		if i, err := parseInterval(fields[2:]); err == nil {
			addOnce(s, s.Intervals, key, i)
		}
	case "cost":
		if c, err := parseCost(fields[2:]); err == nil {
			addOnce(s, s.Costs, key, c)
		}
	case "errors":
		if text := strings.Join(fields[2:], " "); json.Valid([]byte(text)) {
			addOnce(s, s.Errors, key, text)
		}
	}
}

func addOnce[T comparable](s Statistics, to map[results.StatisticKey]T, key results.StatisticKey, value T) {
	if old, there := to[key]; there && old != value {
		s.twice[key] = true
		delete(to, key)
	} else if !s.twice[key] {
		to[key] = value
	}
}

func parseTest(fields []string) (t results.PairTest, err error) {
	if len(fields) == 7 {
		if t.Whole, err = parseSums(fields[4:]); err != nil {
			return t, err
		}
		fields = fields[:4]
	}
	if len(fields) != 4 || fields[2] != "exact" && fields[2] != "drawn" {
		return t, errLine
	}
	var err1, err2, err3 error
	t.Count, err1 = strconv.Atoi(fields[0])
	t.Tried, err2 = strconv.Atoi(fields[1])
	t.Exact = fields[2] == "exact"
	t.Spread, err3 = parseNumber(fields[3])
	if t.Count < 0 || t.Tried < 1 || t.Count > t.Tried || t.Spread < 0 || t.Whole.Rounds > t.Tried || t.Whole.Count > t.Count {
		return t, errLine
	}
	return t, errors.Join(err1, err2, err3)
}

func parseSums(fields []string) (s results.RoundSums, err error) {
	var err1, err2, err3 error
	s.Rounds, err1 = strconv.Atoi(fields[0])
	s.Count, err2 = strconv.Atoi(fields[1])
	s.Squares, err3 = parseNumber(fields[2])
	if s.Rounds < 1 || s.Rounds%stats.RoundChunk != 0 || s.Count < 0 || s.Count > s.Rounds || s.Squares < 0 {
		return s, errLine
	}
	return s, errors.Join(err1, err2, err3)
}

func parseInterval(fields []string) (i results.Interval, err error) {
	if len(fields) != 2 {
		return i, errLine
	}
	var err1, err2 error
	i.Low, err1 = parseNumber(fields[0])
	i.High, err2 = parseNumber(fields[1])
	if i.Low > i.High {
		return i, errLine
	}
	return i, errors.Join(err1, err2)
}

func parseCost(fields []string) (c results.Cost, err error) {
	var n [5]int64
	if len(fields) != len(n) {
		return c, errLine
	}
	for i, field := range fields {
		if n[i], err = strconv.ParseInt(field, 10, 64); err != nil || n[i] < 0 {
			return c, errLine
		}
	}
	return results.Cost{Queries: int(n[0]), Uncounted: int(n[1]), PromptTokens: int(n[2]), AnswerTokens: int(n[3]), Duration: time.Duration(n[4])}, nil
}

func parseNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(x) || math.IsInf(x, 0)) {
		err = errLine
	}
	return x, err
}

// lineSum is the checksum at the end of a line, against damage.
func lineSum(line string) string {
	sum := sha256.Sum256([]byte(line))
	return hex.EncodeToString(sum[:4])
}

// String writes the statistics in lines, sorted: the key, the numbers, and a checksum of
// the line. A test has its rounds, and then those of whole chunks, from which a test with
// more rounds continues.
//
//	9f86d081884c7d659a2feaa0c55ad015 test 12 9999 drawn 0.0123 9216 11 1.395 1a2b3c4d
//	60303ae22b998861bce3b28f33eec1be interval 0.41 0.48 5e6f7a8b
//	fd61a03af4f77d870fc21e05e7e80678 errors {"classes":{"C":7},"confusion":null,"buckets":[]} 9c0d1e2f
func (s Statistics) String() string {
	var lines []string
	add := func(format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		lines = append(lines, line+" "+lineSum(line)+"\n")
	}
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for key, t := range s.Tests {
		kind := "drawn"
		if t.Exact {
			kind = "exact"
		}
		whole := ""
		if t.Whole.Rounds > 0 {
			whole = fmt.Sprintf(" %d %d %s", t.Whole.Rounds, t.Whole.Count, number(t.Whole.Squares))
		}
		add("%x test %d %d %s %s%s", key, t.Count, t.Tried, kind, number(t.Spread), whole)
	}
	for key, i := range s.Intervals {
		add("%x interval %s %s", key, number(i.Low), number(i.High))
	}
	for key, c := range s.Costs {
		add("%x cost %d %d %d %d %d", key, c.Queries, c.Uncounted, c.PromptTokens, c.AnswerTokens, int64(c.Duration))
	}
	for key, text := range s.Errors {
		add("%x errors %s", key, text)
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
