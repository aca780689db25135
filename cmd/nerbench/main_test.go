package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/urfave/cli/v2"

	"nerbench/internal/commandline"
	"nerbench/runners/local/chattemplate"
)

var update = flag.Bool("update", false, "rewrite golden outputs in the scripts")

// stampVariable makes the test binary the program of another build.
const stampVariable = "NERBENCH_TEST_STAMP"

// TestMain lets the test binary stand in for the program in scripts.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == programArgument {
		beProgram(os.Args[2], os.Args[3:])
		return
	}
	if chattemplate.Serve() { // tests that call run in this process
		return
	}
	if os.Getenv(vllmVariable) != "" {
		fakeVLLM()
	}
	if other := os.Getenv(stampVariable); other != "" {
		stamp = other
	}
	if os.Getenv(childVariable) != "" {
		os.Exit(measured(realMain))
	}
	if url := os.Getenv(bareVariable); url != "" {
		if err := bare(url, os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testscript.Main(m, map[string]func(){
		"nerbench": func() { os.Exit(realMain()) },
		"vllm":     fakeVLLM,
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "content": content, "capture": capture, "serve": serveFiles, "expand": expandFile, "page": pageFile, "walk": walkPage, "sshkey": sshKey, "sameboard": sameBoard, "runerrors": runErrors, "teacher": startTeacher},
		// [noskip]: continuous integration, where no test is skipped (reference.Skip).
		Condition: func(name string) (bool, error) {
			if name != "noskip" {
				return false, fmt.Errorf("unknown condition %s", name)
			}
			return os.Getenv("NERBENCH_NO_SKIP") != "", nil
		},
		Setup: func(e *testscript.Env) error {
			// No file of the person who runs the tests takes part.
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
	})
}

// exits runs a command and demands an exit code: exits 2 nerbench nosuch.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [args...]")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// content writes a file of texts, each repeated: content FILE TEXT TIMES [TEXT
// TIMES...]. A text may have the escapes of Go, such as \xff.
func content(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args)%2 == 0 {
		ts.Fatalf("usage: content FILE TEXT TIMES [TEXT TIMES...]")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	for i := 1; i < len(args); i += 2 {
		text, err := strconv.Unquote("`" + args[i] + "`")
		if strings.Contains(args[i], `\`) {
			text, err = strconv.Unquote(`"` + strings.ReplaceAll(args[i], `"`, `\"`) + `"`)
		}
		ts.Check(err)
		times, err := strconv.Atoi(args[i+1])
		ts.Check(err)
		_, err = io.Copy(f, strings.NewReader(strings.Repeat(text, times)))
		ts.Check(err)
	}
	ts.Check(f.Close())
}

// serveFiles serves a folder of the script until it ends, and puts the address
// into SERVER: serve DIR. The first answer about each file is cut in the middle,
// /redirect/ leads elsewhere, and DIR/hub holds datasets of a hub.
func serveFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	dir := ts.MkAbs(args[0])
	var mu sync.Mutex
	seen := map[string]bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("/redirect/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.TrimPrefix(r.URL.Path, "/redirect"), http.StatusFound)
	})
	mux.HandleFunc("/api/datasets/", func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/api/datasets/")
		type sibling struct {
			Name string `json:"rfilename"`
		}
		var files []sibling
		root := filepath.Join(dir, "hub", id)
		_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				rel, _ := filepath.Rel(root, name)
				files = append(files, sibling{filepath.ToSlash(rel)})
			}
			return err
		})
		if files == nil || r.Header.Get("Authorization") != "Bearer invented" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"sha": "r1", "siblings": files})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Join(dir, filepath.FromSlash(strings.Replace(strings.TrimPrefix(r.URL.Path, "/datasets/"), "/resolve/r1/", "/", 1)))
		if strings.HasPrefix(r.URL.Path, "/datasets/") {
			name = filepath.Join(dir, "hub", strings.Replace(strings.TrimPrefix(r.URL.Path, "/datasets/"), "/resolve/r1/", "/", 1))
		}
		b, err := os.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		mu.Lock()
		first := !seen[name]
		seen[name] = true
		mu.Unlock()
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, len(b)))
		if first {
			w.Header().Set("Content-Length", strconv.Itoa(len(b)))
			_, _ = w.Write(b[:len(b)/2])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	})
	server := httptest.NewServer(mux)
	ts.Defer(server.Close)
	ts.Setenv("SERVER", server.URL)
}

// expandFile writes the variables of the script into files: expand FILE...
func expandFile(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// capture puts the first group of a pattern in the last output into a variable:
// capture RUN '"id": "(.*)"'.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture VARIABLE PATTERN")
	}
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

func TestArrange(t *testing.T) {
	app := &cli.App{
		Flags: globalFlags(),
		Commands: []*cli.Command{
			{Name: "version"},
			{Name: "run", Flags: []cli.Flag{
				&cli.StringFlag{Name: "model", Aliases: []string{"m"}},
				&cli.BoolFlag{Name: "ask-only"},
			}},
			{Name: "datasets", Subcommands: []*cli.Command{
				{Name: "show", Flags: []cli.Flag{&cli.StringFlag{Name: "split"}}},
			}},
		},
	}
	for _, tc := range []struct {
		name     string
		in, want []string
	}{
		{"nothing", []string{"n"}, []string{"n"}},
		{"global behind", []string{"n", "version", "--json"}, []string{"n", "--json", "version"}},
		{"global with value behind", []string{"n", "run", "--store", "x.db", "-m", "a"}, []string{"n", "--store", "x.db", "run", "-m", "a"}},
		{"flag behind argument", []string{"n", "datasets", "show", "row", "--split", "dev"}, []string{"n", "datasets", "show", "--split", "dev", "row"}},
		{"bool takes no value", []string{"n", "run", "--ask-only", "x"}, []string{"n", "run", "--ask-only", "x"}},
		{"equals", []string{"n", "run", "x", "--model=a"}, []string{"n", "run", "--model=a", "x"}},
		{"standard input is an argument", []string{"n", "run", "-", "-m", "a"}, []string{"n", "run", "-m", "a", "-"}},
		{"unknown flag stays local", []string{"n", "run", "x", "--what"}, []string{"n", "run", "--what", "x"}},
		{"double dash", []string{"n", "run", "--", "--json"}, []string{"n", "run", "--", "--json"}},
		{"dataset named like a command", []string{"n", "datasets", "show", "version"}, []string{"n", "datasets", "show", "version"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := commandline.Arrange(app, tc.in); !slices.Equal(got, tc.want) {
				t.Errorf("arrange(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}
