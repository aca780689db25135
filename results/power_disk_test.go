//go:build unix

package results

import (
	"encoding/gob"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sector is the part of a write that a disk writes at once.
const sector = 512

// disk is a model of what a disk has when the power is cut. What was synced is there.
// Of the writes since then, any part may be.
type disk struct {
	names   map[string]*diskFile // that are durable
	changes []nameChange         // since the folder was synced, in order
	live    map[string]*diskFile // the names that processes see
}

// diskFile is a file without its name.
type diskFile struct {
	content []byte      // that is durable
	pending []operation // writes and truncations since the last sync
}

type nameChange struct {
	name string
	file *diskFile // nil if the name was removed
}

// newDisk is a disk with the files of a folder.
func newDisk(t *testing.T, folder string) *disk {
	t.Helper()
	d := &disk{names: map[string]*diskFile{}, live: map[string]*diskFile{}}
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		must(t, err)
		d.names[e.Name()] = &diskFile{content: b}
		d.live[e.Name()] = d.names[e.Name()]
	}
	return d
}

// apply makes the disk see an operation.
func (d *disk) apply(op operation) {
	f := d.live[op.File]
	switch op.Kind {
	case createFile:
		if f == nil {
			d.live[op.File] = &diskFile{}
			d.changes = append(d.changes, nameChange{op.File, d.live[op.File]})
		}
	case writeFile, truncateFile:
		f.pending = append(f.pending, op)
	case syncFile:
		for _, p := range f.pending {
			f.content = p.on(f.content)
		}
		f.pending = nil
	case removeFile:
		delete(d.live, op.File)
		d.changes = append(d.changes, nameChange{op.File, nil})
	}
	if op.Folder {
		d.rename(len(d.changes))
	}
}

// rename makes the first n changes of names durable.
func (d *disk) rename(n int) {
	for _, c := range d.changes[:n] {
		if c.file == nil {
			delete(d.names, c.name)
		} else {
			d.names[c.name] = c.file
		}
	}
	d.changes = d.changes[n:]
}

// on returns the content of a file after a write or truncation.
func (op *operation) on(content []byte) []byte {
	if op.Kind == truncateFile {
		return grown(content, int(op.Offset))[:op.Offset]
	}
	content = grown(content, int(op.Offset)+len(op.Data))
	copy(content[op.Offset:], op.Data)
	return content
}

// grown returns content with at least n bytes.
func grown(content []byte, n int) []byte {
	if n <= len(content) {
		return content
	}
	return append(content, make([]byte, n-len(content))...)
}

// sectors splits a write at the ends of sectors.
func (op *operation) sectors() (parts []operation) {
	if op.Kind == truncateFile {
		return []operation{*op}
	}
	for offset, data := op.Offset, op.Data; len(data) > 0; {
		n := min(len(data), int(sector-offset%sector))
		parts = append(parts, operation{Kind: writeFile, Offset: offset, Data: data[:n]})
		offset, data = offset+int64(n), data[n:]
	}
	return parts
}

// cuts are the ways in which a disk can lose power: what of the pending operations of one
// file is there afterwards.
var cuts = []struct {
	name string
	lose func(random *rand.Rand, pending []operation) []operation
}{
	{"nothing", func(*rand.Rand, []operation) []operation { return nil }},
	{"everything", func(_ *rand.Rand, pending []operation) []operation { return pending }},
	{"the first writes", func(random *rand.Rand, pending []operation) []operation {
		var parts []operation
		for _, op := range pending {
			parts = append(parts, op.sectors()...)
		}
		return parts[:random.IntN(len(parts)+1)]
	}},
	{"some writes", func(random *rand.Rand, pending []operation) (some []operation) {
		share := random.Float64()
		for _, op := range pending {
			if random.Float64() < share {
				some = append(some, op)
			}
		}
		return some
	}},
	{"some sectors", func(random *rand.Rand, pending []operation) (some []operation) {
		share := random.Float64()
		for _, op := range pending {
			for _, part := range op.sectors() {
				if random.Float64() < share {
					some = append(some, part)
				}
			}
		}
		return some
	}},
	{"all but one sector", func(random *rand.Rand, pending []operation) (some []operation) {
		for _, op := range pending {
			some = append(some, op.sectors()...)
		}
		if len(some) > 0 {
			i := random.IntN(len(some))
			some = slices.Delete(some, i, i+1)
		}
		return some
	}},
	{"sectors with garbage", func(random *rand.Rand, pending []operation) (some []operation) {
		for _, op := range pending {
			for _, part := range op.sectors() {
				switch random.IntN(8) {
				case 0:
					continue
				case 1:
					part.Data = garbage(random, len(part.Data))
				}
				some = append(some, part)
			}
		}
		return some
	}},
}

// cut writes a state that the disk may have without power into a new folder. It returns
// a description.
func (d *disk) cut(t *testing.T, random *rand.Rand, folder string) string {
	t.Helper()
	after := disk{names: map[string]*diskFile{}, changes: d.changes}
	for name, f := range d.names {
		after.names[name] = f
	}
	after.rename(random.IntN(len(d.changes) + 1))
	what := cuts[random.IntN(len(cuts))]
	var names []string
	for name := range after.names {
		names = append(names, name)
	}
	slices.Sort(names) // so that a seed repeats the choices
	for _, name := range names {
		f := after.names[name]
		content := slices.Clone(f.content)
		for _, op := range what.lose(random, f.pending) {
			content = op.on(content)
		}
		must(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
		if random.IntN(2) == 0 && filepath.Ext(name) == ".db" { // the index of the log, which is never synced
			must(t, os.WriteFile(filepath.Join(folder, name+"-shm"), garbage(random, 1<<random.IntN(16)), 0o600))
		}
	}
	return what.name
}

// readRecording reads what a process did.
func readRecording(t *testing.T, path string) (ops []operation) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	for in := gob.NewDecoder(f); ; {
		var op operation
		if err := in.Decode(&op); errors.Is(err, io.EOF) {
			return ops
		} else if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, op)
	}
}
