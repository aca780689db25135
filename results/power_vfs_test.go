//go:build unix

package results

import (
	"encoding/gob"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// operation is what a process does to a file of a store, in the order in which it
// happens.
type operation struct {
	Kind   operationKind
	File   string // the name in the folder of the store
	Offset int64  // of a write; the new size of a truncation
	Data   []byte
	Folder bool   // a sync, or a removal, that also makes the names in the folder durable
	Note   string // what the process has reported
}

type operationKind byte

const (
	createFile operationKind = iota
	writeFile
	truncateFile
	syncFile
	removeFile
	report
)

// recorder is a file system of SQLite that passes all calls on, and writes down those
// that change files. A process has one, since the functions of SQLite have no closures.
var recorder struct {
	mu      sync.Mutex
	out     *gob.Encoder
	err     error
	vfs     sqlite3.Tsqlite3_vfs
	real    sqlite3.Tsqlite3_vfs
	methods map[uintptr]*methods // by those of the file system that is recorded
	open    map[uintptr]*openFile
}

// methods are those of an open file, with the recorded ones replaced.
type methods struct{ recording, real sqlite3.Tsqlite3_io_methods }

type openFile struct {
	name   string
	real   *sqlite3.Tsqlite3_io_methods
	folder bool // the first sync also syncs the folder
}

// startRecording makes the recorder the file system of all stores of this process.
func startRecording(path string) (stop func() error, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r := &recorder
	r.out = gob.NewEncoder(f)
	r.methods, r.open = map[uintptr]*methods{}, map[uintptr]*openFile{}
	tls := libc.NewTLS()
	r.real = *(*sqlite3.Tsqlite3_vfs)(at(sqlite3.Xsqlite3_vfs_find(tls, 0)))
	r.vfs = r.real
	if r.vfs.FzName, err = libc.CString("recorder"); err != nil {
		return nil, err
	}
	*(*func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32)(unsafe.Pointer(&r.vfs.FxOpen)) = recordOpen
	*(*func(tls *libc.TLS, vfs, name uintptr, folder int32) int32)(unsafe.Pointer(&r.vfs.FxDelete)) = recordDelete
	if code := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(&r.vfs)), 1); code != sqlite3.SQLITE_OK {
		return nil, errors.New("the file system cannot be registered")
	}
	return func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		return errors.Join(r.err, f.Close())
	}, nil
}

// record writes down an operation. The caller holds the lock.
func record(op operation) {
	recorder.err = errors.Join(recorder.err, recorder.out.Encode(op))
}

// reported writes down that the process has told its user something.
func reported(note string) {
	recorder.mu.Lock()
	defer recorder.mu.Unlock()
	record(operation{Kind: report, Note: note})
}

// at is the memory at an address of SQLite.
func at(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// call makes a function of a pointer of SQLite.
func call[F any](pointer uintptr) F {
	return *(*F)(unsafe.Pointer(&struct{ uintptr }{pointer}))
}

const files = sqlite3.SQLITE_OPEN_MAIN_DB | sqlite3.SQLITE_OPEN_WAL | sqlite3.SQLITE_OPEN_MAIN_JOURNAL

func recordOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	r := &recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	code := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](r.real.FxOpen)(tls, vfs, name, file, flags, outFlags)
	if code != sqlite3.SQLITE_OK || name == 0 || flags&files == 0 {
		return code
	}
	// The first member of an open file is the pointer to its methods.
	table := (*uintptr)(at(file))
	m := r.methods[*table]
	if m == nil {
		m = &methods{real: *(*sqlite3.Tsqlite3_io_methods)(at(*table))}
		m.recording = m.real
		*(*func(tls *libc.TLS, file uintptr) int32)(unsafe.Pointer(&m.recording.FxClose)) = recordClose
		*(*func(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32)(unsafe.Pointer(&m.recording.FxWrite)) = recordWrite
		*(*func(tls *libc.TLS, file uintptr, size int64) int32)(unsafe.Pointer(&m.recording.FxTruncate)) = recordTruncate
		*(*func(tls *libc.TLS, file uintptr, flags int32) int32)(unsafe.Pointer(&m.recording.FxSync)) = recordSync
		r.methods[*table] = m
	}
	*table = uintptr(unsafe.Pointer(&m.recording))
	f := &openFile{name: filepath.Base(libc.GoString(name)), real: &m.real}
	if flags&sqlite3.SQLITE_OPEN_CREATE != 0 {
		// As unixOpen sets UNIXFILE_DIRSYNC, which unixSync obeys.
		f.folder = flags&(sqlite3.SQLITE_OPEN_WAL|sqlite3.SQLITE_OPEN_MAIN_JOURNAL) != 0
		record(operation{Kind: createFile, File: f.name})
	}
	r.open[file] = f
	return code
}

func recordClose(tls *libc.TLS, file uintptr) int32 {
	r := &recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[file]
	delete(r.open, file)
	return call[func(*libc.TLS, uintptr) int32](f.real.FxClose)(tls, file)
}

func recordWrite(tls *libc.TLS, file, data uintptr, n int32, offset int64) int32 {
	r := &recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[file]
	record(operation{Kind: writeFile, File: f.name, Offset: offset, Data: unsafe.Slice((*byte)(at(data)), n)})
	return call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](f.real.FxWrite)(tls, file, data, n, offset)
}

func recordTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	r := &recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[file]
	record(operation{Kind: truncateFile, File: f.name, Offset: size})
	return call[func(*libc.TLS, uintptr, int64) int32](f.real.FxTruncate)(tls, file, size)
}

func recordSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	r := &recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[file]
	code := call[func(*libc.TLS, uintptr, int32) int32](f.real.FxSync)(tls, file, flags)
	record(operation{Kind: syncFile, File: f.name, Folder: f.folder})
	f.folder = false
	return code
}

func recordDelete(tls *libc.TLS, vfs, name uintptr, folder int32) int32 {
	r := &recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	code := call[func(*libc.TLS, uintptr, uintptr, int32) int32](r.real.FxDelete)(tls, vfs, name, folder)
	if code == sqlite3.SQLITE_OK {
		record(operation{Kind: removeFile, File: filepath.Base(libc.GoString(name)), Folder: folder&1 != 0})
	}
	return code
}
