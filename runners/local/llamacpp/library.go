package llamacpp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"nerbench/internal/fault"
	"nerbench/runners/local/llamacpp/llama"
)

// Build names the build of the library that the program supports. It is the version of
// the server in the keys of a run. "make llama-libs" installs it.
const Build = llama.Build

// kinds of the library in the user's cache folder, the preferred (fastest) first.
var kinds = []string{"cuda", "vulkan", "cpu"}

// release is the name of the build's folder in the cache.
const release = "llama-v0.5.0"

// CacheFolder is the folder to which "make llama-libs" installs a kind of the library
// (cpu, vulkan, cuda), below the user's cache folder.
func CacheFolder(cache, kind string) string {
	return filepath.Join(cache, "nerbench", release, kind)
}

// Find returns the folders with the library, the preferred one first: the folder named
// (by a flag or a variable), or else those in the user's cache folder and those of the
// system. It only checks that the file exists.
func Find(named, cache string) ([]string, error) {
	advice := fmt.Sprintf("\"make llama-libs\" installs it; or name its folder with --llama-lib or NERBENCH_LLAMA_LIB (build %s)", Build)
	if named != "" {
		if !holdsLibrary(named) {
			return nil, &fault.Hint{
				Err:    fmt.Errorf("llamacpp: library: %s: no file %s", named, llama.FileName("llama")),
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
		return nil, &fault.Hint{Err: errors.New("llamacpp: library: llama.cpp is not installed"), Advice: advice}
	}
	return found, nil
}

func holdsLibrary(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, llama.FileName("llama")))
	return err == nil
}

func systemFolders() []string {
	folders := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	if runtime.GOOS == "darwin" {
		return append(folders, "/opt/homebrew/lib", "/usr/local/lib")
	}
	return append(folders, "/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/lib/"+runtime.GOARCH+"-linux-gnu", "/usr/lib/x86_64-linux-gnu")
}

// Library is the loaded library. There is one per process, because the operating system
// maps a library once, and the library has one list of devices and one log.
type Library struct {
	Folder string
	calls  *llama.Library
	log    *messages
	aborts *aborts
}

// loaded is the process's library.
var loaded struct {
	sync.Mutex
	library *Library
}

// Load loads the library and its backends from a folder. A library of another build is
// an error. A second call returns the same library; with another folder, it is an error.
func Load(folder string) (*Library, error) {
	loaded.Lock()
	defer loaded.Unlock()
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("llamacpp: library: %w", err)
	}
	if l := loaded.library; l != nil {
		if l.Folder != folder {
			return nil, fmt.Errorf("llamacpp: library: %s: the process has already loaded the library in %s", folder, l.Folder)
		}
		return l, nil
	}
	calls, err := llama.Open(folder)
	if err != nil {
		return nil, &fault.Hint{
			Err:    fmt.Errorf("llamacpp: library: %s: %w", folder, err),
			Advice: fmt.Sprintf("\"make llama-libs\" installs the build that nerbench supports, %s", Build),
		}
	}
	l := &Library{Folder: folder, calls: calls, log: &messages{}, aborts: newAborts()}
	calls.Log(l.log.write)
	calls.OnAbort(l.aborts.hold)
	calls.BackendInit()
	calls.LoadBackends(folder)
	loaded.library = l
	return l, nil
}
