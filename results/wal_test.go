package results

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nerbench/internal/campaign"
	"nerbench/ner"
)

// leftBehind are the files of a store whose process was killed, by their ending.
type leftBehind map[string][]byte

// files of a store: the database, its log, and the index of the log.
var endings = []string{"", "-wal", "-shm"}

// takeFiles copies the files of a store that is open and not being written, which are
// those that a kill leaves.
func takeFiles(t *testing.T, path string) leftBehind {
	t.Helper()
	files := leftBehind{}
	for _, ending := range endings {
		b, err := os.ReadFile(path + ending)
		must(t, err)
		files[ending] = b
	}
	return files
}

// killedStores are files of a killed store at different times. In the last ones, the log
// has begun anew, and a part of it has been moved into the database, because a reader
// kept the rest.
func killedStores(t *testing.T, question string) (all []leftBehind) {
	t.Helper()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "results.db")
	small := defaults()
	small.pragmas = []string{"wal_autocheckpoint(60)"}
	s, err := open(ctx, path, Create, small)
	must(t, err)
	defer s.Close()
	run := testRun("m")
	must(t, s.Begin(ctx, run, walPassages))
	var stop func()
	for i := range walPassages {
		must(t, s.Record(ctx, run.ID(), []ner.Passage{testPassage(question, i, threeTypes...)}, nil))
		switch i {
		case 3, 20, 35, walPassages - 1:
			all = append(all, takeFiles(t, path))
		case 36:
			tx, err := s.read.BeginTx(ctx, nil)
			must(t, err)
			var n int
			must(t, tx.QueryRowContext(ctx, "SELECT count(*) FROM passages").Scan(&n))
			stop = func() { _ = tx.Rollback() }
		}
	}
	stop()
	must(t, s.SaveScores(ctx, run.ID(), someScores(walPassages)))
	must(t, s.End(ctx, run.ID()))
	return append(all, takeFiles(t, path))
}

const walPassages = 60

// damages of the log. A log has a header of 32 bytes, and frames: a header of 24 bytes
// and a page.
var walDamages = []struct {
	name   string
	damage func(random *rand.Rand, files, other leftBehind)
}{
	{"cut anywhere", func(random *rand.Rand, files, _ leftBehind) {
		files["-wal"] = files["-wal"][:random.IntN(len(files["-wal"]))]
	}},
	{"cut in its header", func(random *rand.Rand, files, _ leftBehind) {
		files["-wal"] = files["-wal"][:random.IntN(33)]
	}},
	{"cut after a frame", func(random *rand.Rand, files, _ leftBehind) {
		at, _ := frame(random, files["-wal"])
		files["-wal"] = files["-wal"][:at]
	}},
	{"cut in the header of a frame", func(random *rand.Rand, files, _ leftBehind) {
		at, _ := frame(random, files["-wal"])
		files["-wal"] = files["-wal"][:at+random.IntN(24)]
	}},
	{"cut after a sector", func(random *rand.Rand, files, _ leftBehind) {
		n := random.IntN(len(files["-wal"]))
		files["-wal"] = files["-wal"][:n-n%512]
	}},
	{"empty", func(_ *rand.Rand, files, _ leftBehind) { files["-wal"] = nil }},
	{"lost", func(_ *rand.Rand, files, _ leftBehind) { delete(files, "-wal") }},
	{"zeroed", func(_ *rand.Rand, files, _ leftBehind) { clear(files["-wal"]) }},
	{"zeroed from some place on", func(random *rand.Rand, files, _ leftBehind) {
		clear(files["-wal"][random.IntN(len(files["-wal"])):])
	}},
	{"zeroed frame", func(random *rand.Rand, files, _ leftBehind) {
		at, end := frame(random, files["-wal"])
		clear(files["-wal"][at:end])
	}},
	{"zeroed sector", func(random *rand.Rand, files, _ leftBehind) {
		n := random.IntN(len(files["-wal"]) / 512)
		clear(files["-wal"][n*512 : n*512+512])
	}},
	{"garbage", func(random *rand.Rand, files, _ leftBehind) {
		files["-wal"] = garbage(random, len(files["-wal"]))
	}},
	{"garbage in its header", func(random *rand.Rand, files, _ leftBehind) {
		copy(files["-wal"], garbage(random, 32))
	}},
	{"garbage in a frame", func(random *rand.Rand, files, _ leftBehind) {
		at, end := frame(random, files["-wal"])
		copy(files["-wal"][at:end], garbage(random, end-at))
	}},
	{"garbage behind it", func(random *rand.Rand, files, _ leftBehind) {
		files["-wal"] = append(files["-wal"], garbage(random, random.IntN(20_000))...)
	}},
	{"another byte", func(random *rand.Rand, files, _ leftBehind) {
		files["-wal"][random.IntN(len(files["-wal"]))] ^= byte(1 + random.IntN(255))
	}},
	{"exchanged frames", func(random *rand.Rand, files, _ leftBehind) {
		x, end := frame(random, files["-wal"])
		y, _ := frame(random, files["-wal"])
		for i := range end - x {
			files["-wal"][x+i], files["-wal"][y+i] = files["-wal"][y+i], files["-wal"][x+i]
		}
	}},
	{"that of another time or store", func(_ *rand.Rand, files, other leftBehind) { files["-wal"] = other["-wal"] }},
	{"index and log of another time or store", func(_ *rand.Rand, files, other leftBehind) {
		files["-wal"], files["-shm"] = other["-wal"], other["-shm"]
	}},
	{"database of another time or store", func(_ *rand.Rand, files, other leftBehind) { files[""] = other[""] }},
	{"index lost", func(_ *rand.Rand, files, _ leftBehind) { delete(files, "-shm") }},
	{"index empty", func(_ *rand.Rand, files, _ leftBehind) { files["-shm"] = nil }},
	{"index zeroed", func(_ *rand.Rand, files, _ leftBehind) { clear(files["-shm"]) }},
	{"index garbage", func(random *rand.Rand, files, _ leftBehind) {
		files["-shm"] = garbage(random, 1+random.IntN(2*len(files["-shm"])))
	}},
	{"index cut", func(random *rand.Rand, files, _ leftBehind) {
		files["-shm"] = files["-shm"][:random.IntN(len(files["-shm"]))]
	}},
	{"index of another time or store", func(_ *rand.Rand, files, other leftBehind) { files["-shm"] = other["-shm"] }},
}

// frame is a frame of a log.
func frame(random *rand.Rand, log []byte) (from, to int) {
	const size = 24 + pageSize
	from = 32 + random.IntN((len(log)-32)/size)*size
	return from, from + size
}

func garbage(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// TestDamagedLogs damages the log of a killed store, or its index. A damaged log loses
// what was only in it, but no value may differ, nothing half written may count, and the
// index must not matter.
func TestDamagedLogs(t *testing.T) {
	c := campaign.Start(t, campaign.Size{Short: 2 * len(walDamages), Full: 40 * len(walDamages)})
	stores, others := killedStores(t, "q"), killedStores(t, "q")
	impatient := defaults()
	for i := range c.Tries {
		d := walDamages[i%len(walDamages)]
		at := c.Random.IntN(len(stores))
		files, other := leftBehind{}, leftBehind{}
		for ending, b := range stores[at] {
			files[ending] = append([]byte(nil), b...)
		}
		for ending, b := range append(stores, others...)[c.Random.IntN(2*len(stores))] {
			other[ending] = append([]byte(nil), b...)
		}
		d.damage(c.Random, files, other)
		path := filepath.Join(t.TempDir(), "results.db")
		for ending, b := range files {
			must(t, os.WriteFile(path+ending, b, 0o600))
		}
		open := openWith
		if i/len(walDamages)%2 == 1 {
			open = openReadOnly
		}
		s, err := open(t.Context(), path, impatient)
		if err != nil {
			if !clearly(err) {
				t.Errorf("store %d, log %s: %v", at, d.name, err)
			}
			c.Saw(1, "could not be opened")
			continue
		}
		whole := checkLog(t, c, s)
		if strings.HasPrefix(d.name, "index ") && !strings.Contains(d.name, "log") && whole < passagesIn(at) {
			t.Errorf("%d of %d passages", whole, passagesIn(at))
		}
		if t.Failed() {
			t.Fatalf("store %d, log %s", at, d.name)
		}
		s.Close() // it may fail
		os.RemoveAll(filepath.Dir(path))
	}
}

// passagesIn is the number of passages of a store of killedStores.
func passagesIn(at int) int { return []int{4, 21, 36, walPassages, walPassages}[at] }

// clearly reports whether an error of a store names what is wrong.
func clearly(err error) bool {
	for _, reason := range []error{ErrDamaged, ErrNotStore, ErrNewer, emptyError{}} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// checkLog checks that what is read of a store is right, and returns the number of whole
// passages. If Check finds nothing, the run goes on and ends as an undisturbed one.
func checkLog(t *testing.T, c *campaign.Campaign, s *Store) (whole int) {
	t.Helper()
	ctx := t.Context()
	id := testRun("m").ID()
	var failures []error
	info, found := s.Find(ctx, id)
	if found != nil {
		failures = append(failures, found)
	}
	scores, err := s.Scores(ctx, id)
	if err != nil {
		failures = append(failures, err)
	} else if scores.Passages > 0 && !reflect.DeepEqual(scores, withoutPassages(someScores(walPassages))) {
		t.Errorf("scores %+v", scores)
	}
	var fault error
	for p, err := range s.Passages(ctx, id) {
		if fault = err; err != nil {
			failures = append(failures, err)
			break
		}
		whole++
		if want := testPassage("q", p.Index, threeTypes...); !reflect.DeepEqual(p, want) {
			t.Errorf("passage %+v, want %+v", p, want)
		}
	}
	if fault == nil && found == nil && whole != info.Complete {
		t.Errorf("%d passages were read, but %d are complete", whole, info.Complete)
	}
	h, err := s.Check(ctx)
	if err != nil || !h.OK() {
		c.Saw(1, "were found to be damaged")
		return whole
	}
	lost := errors.Is(found, ErrNoRun)
	if len(failures) > 0 && !lost {
		t.Errorf("reading failed, but Check finds nothing: %v", errors.Join(failures...))
	}
	if lost {
		c.Saw(1, "had lost the run with the log")
		return whole
	}
	c.Saw(1, "were whole")
	if s.write == nil {
		return whole
	}
	_, err = s.write.ExecContext(ctx, "DELETE FROM claims") // its process is this one, not a killed one
	must(t, err)
	must(t, s.Begin(ctx, testRun("m"), walPassages))
	must(t, s.Record(ctx, id, testPassages("q", walPassages), nil))
	must(t, s.End(ctx, id))
	if got := collect(t, s, id); !reflect.DeepEqual(got, testPassages("q", walPassages)) {
		t.Errorf("the completed run has %d passages, which differ", len(got))
	}
	return whole
}
