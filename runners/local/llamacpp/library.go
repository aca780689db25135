package llamacpp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/hybridgroup/yzma/pkg/llama"
	"github.com/hybridgroup/yzma/pkg/loader"
	"github.com/jupiterrider/ffi"

	"nerbench/internal/fault"
)

// The build of llama.cpp that the program is made for: structures are passed by
// value, so another one could crash it. "make llama-libs" gets it.
const (
	wantLlama = "0.5.0-dev"
	wantGGML  = "0.25.1 0ad4a86" // version and commit
)

// Build names the build of the library that the program is made for, as the
// version of the server in the keys of a run.
const Build = wantLlama + " (ggml " + wantGGML + ")"

// Kinds of the library, the fastest first: what of them is in the user's cache
// folder is preferred in this order.
var kinds = []string{"cuda", "vulkan", "cpu"}

// release is the name of the build's folder in the cache.
const release = "llama-v0.5.0"

// CacheFolder is where "make llama-libs" puts a kind of the library (cpu, vulkan,
// cuda), below the user's cache folder.
func CacheFolder(cache, kind string) string {
	return filepath.Join(cache, "nerbench", release, kind)
}

// Find returns the folders that hold the library, those that are preferred first:
// the one that is named (by a flag or a variable), or else those in the user's
// cache folder and those of the system. It looks for the file only.
func Find(named, cache string) ([]string, error) {
	advice := fmt.Sprintf("\"make llama-libs\" gets it; or name its folder with --llama-lib or NERBENCH_LLAMA_LIB (build %s)", Build)
	if named != "" {
		if !holdsLibrary(named) {
			return nil, &fault.Hint{
				Err:    fmt.Errorf("llamacpp: library: %s: no file %s", named, filepath.Base(loader.GetLibraryFilename(named, "llama"))),
				Advice: advice,
			}
		}
		return []string{named}, nil
	}
	var found []string
	if cache != "" {
		for _, kind := range kinds {
			if dir := CacheFolder(cache, kind); holdsLibrary(dir) {
				found = append(found, dir)
			}
		}
	}
	for _, dir := range systemFolders() {
		if holdsLibrary(dir) {
			found = append(found, dir)
		}
	}
	if len(found) == 0 {
		return nil, &fault.Hint{Err: errors.New("llamacpp: library: llama.cpp is not here"), Advice: advice}
	}
	return found, nil
}

func holdsLibrary(dir string) bool {
	_, err := os.Stat(loader.GetLibraryFilename(dir, "llama"))
	return err == nil
}

func systemFolders() []string {
	folders := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	if runtime.GOOS == "darwin" {
		return append(folders, "/opt/homebrew/lib", "/usr/local/lib")
	}
	return append(folders, "/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/lib/"+runtime.GOARCH+"-linux-gnu", "/usr/lib/x86_64-linux-gnu")
}

// Library is the loaded library. A process has one: the operating system maps a
// library once, and its functions are variables of the binding.
type Library struct {
	Folder   string
	tokenize ffi.Fun
	log      *messages
}

// loaded is the process's library.
var loaded struct {
	sync.Mutex
	library *Library
}

// Load loads the library of a folder, with the backends that are in it, if it is
// the build that the program is made for. A second call returns the same library;
// another folder is an error then.
func Load(folder string) (*Library, error) {
	loaded.Lock()
	defer loaded.Unlock()
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("llamacpp: library: %w", err)
	}
	if l := loaded.library; l != nil {
		if l.Folder != folder {
			return nil, fmt.Errorf("llamacpp: library: %s: the process has loaded that of %s already", folder, l.Folder)
		}
		return l, nil
	}
	if err := checkBuild(folder); err != nil {
		return nil, &fault.Hint{
			Err:    fmt.Errorf("llamacpp: library: %s: %w", folder, err),
			Advice: fmt.Sprintf("\"make llama-libs\" gets the build that the program is made for, %s", Build),
		}
	}
	if err := llama.Load(folder); err != nil {
		return nil, fmt.Errorf("llamacpp: library: %s: %w", folder, err)
	}
	l := &Library{Folder: folder, log: &messages{}}
	if l.tokenize, err = prepTokenize(folder); err != nil {
		return nil, fmt.Errorf("llamacpp: library: %s: %w", folder, err)
	}
	llama.LogSet(purego.NewCallback(l.log.write))
	llama.Init()
	loaded.library = l
	return l, nil
}

// checkBuild compares what the library says of itself with what the program is
// made for. It calls functions without arguments only.
func checkBuild(folder string) error {
	base, err := loader.LoadLibrary(folder, "ggml-base")
	if err != nil {
		return fmt.Errorf("cannot be loaded: %w", err)
	}
	version, err := ask(base, "ggml_version")
	if err != nil {
		return fmt.Errorf("is another build: %w", err)
	}
	commit, err := ask(base, "ggml_commit")
	if err != nil {
		return fmt.Errorf("is another build: %w", err)
	}
	if got := version + " " + commit; got != wantGGML {
		return fmt.Errorf("is another build: ggml %s, want %s", got, wantGGML)
	}
	for _, name := range []string{"ggml", "llama"} {
		lib, err := loader.LoadLibrary(folder, name)
		if err != nil {
			return fmt.Errorf("cannot be loaded: %w", err)
		}
		if name != "llama" {
			continue
		}
		got, err := ask(lib, "llama_version")
		if err != nil {
			return fmt.Errorf("is another build: %w", err)
		}
		if got != wantLlama {
			return fmt.Errorf("is another build: llama.cpp %s, want %s", got, wantLlama)
		}
	}
	return nil
}

// ask calls a function that returns a text.
func ask(lib loader.Lib, name string) (string, error) {
	f, err := lib.Prep(name, &ffi.TypePointer)
	if err != nil {
		return "", err
	}
	var text *byte
	f.Call(unsafe.Pointer(&text))
	return goString(unsafe.Pointer(text)), nil
}

// goString copies a text of C's.
func goString(p unsafe.Pointer) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}

// prepTokenize finds llama_tokenize, which is called with a length: the binding's
// own function takes no text that holds a zero byte.
func prepTokenize(folder string) (ffi.Fun, error) {
	lib, err := loader.LoadLibrary(folder, "llama")
	if err != nil {
		return ffi.Fun{}, err
	}
	return lib.Prep("llama_tokenize", &ffi.TypeSint32, &ffi.TypePointer, &ffi.TypePointer, &ffi.TypeSint32,
		&ffi.TypePointer, &ffi.TypeSint32, &ffi.TypeUint8, &ffi.TypeUint8)
}

// tokens cuts a text into tokens. The vocabulary's beginning of a text is added
// if begin is set; control strings in the text become their tokens (docs/spec/prompts.md
// §2.4).
func (l *Library) tokens(vocabulary llama.Vocab, text string, begin bool) ([]llama.Token, error) {
	bytes := append([]byte(text), 0)
	tokens := make([]llama.Token, len(text)+8) // no token is less than a byte
	source, into := unsafe.SliceData(bytes), unsafe.SliceData(tokens)
	length, room := int32(len(text)), int32(len(tokens))
	special, parse := uint8(0), uint8(1)
	if begin {
		special = 1
	}
	var result ffi.Arg
	l.tokenize.Call(unsafe.Pointer(&result), unsafe.Pointer(&vocabulary), unsafe.Pointer(&source), unsafe.Pointer(&length),
		unsafe.Pointer(&into), unsafe.Pointer(&room), unsafe.Pointer(&special), unsafe.Pointer(&parse))
	runtime.KeepAlive(bytes)
	n := int32(result)
	if n < 0 {
		return nil, fmt.Errorf("%d bytes of text do not fit %d tokens", len(text), len(tokens))
	}
	return tokens[:n:n], nil
}
