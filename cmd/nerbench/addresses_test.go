package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/runners/vllm/vllmtest"
)

// TestAddressesStayHere: what is made for others has no address of a server, also where
// runs differ by nothing else, and the signature still finds its run.
func TestAddressesStayHere(t *testing.T) {
	w, servers := vllmWorkplace(t, 3, plain, plain)
	for _, s := range servers {
		w.report("run", "-m", "vllm/tiny", "-d", "mini", "-q", "--json", "--base-url", s.URL)
	}
	var made []string
	for _, format := range []string{"text", "md", "csv", "latex", "html", "json"} {
		made = append(made, w.printed("table", "--format", format), w.printed("table", "--cols", "address", "--format", format))
	}
	made = append(made, w.printed("score", "--all"))
	w.printed("site", "build", "--out", "site")
	err := filepath.WalkDir(filepath.Join(w.dir, "site"), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var text []byte
			text, err = os.ReadFile(path)
			made = append(made, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range made {
		for _, s := range servers {
			if host := strings.TrimPrefix(s.URL, "http://"); strings.Contains(text, host) {
				i := strings.Index(text, host)
				t.Errorf("%s is in %.200s", host, text[max(0, i-100):])
			}
		}
	}
	for line := range strings.Lines(w.printed("score", "--all")) {
		if signature := strings.TrimSpace(line); strings.HasPrefix(signature, "nerbench|") {
			if out := w.printed("reproduce", signature); !strings.Contains(out, "equal") {
				t.Errorf("reproduce prints %s", out)
			}
		}
	}
}

// printed runs the program, which must succeed, and returns what it prints.
func (w *workplace) printed(args ...string) string {
	w.t.Helper()
	code, stdout, stderr := w.with(nil, args...)
	if code != 0 {
		w.t.Fatalf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// TestPasswordsInAddresses: no command prints the password of an address that is
// refused, wherever it comes from.
func TestPasswordsInAddresses(t *testing.T) {
	w := newWorkplace(t, 3, 0)
	const password = "s3cret"
	hides := func(env []string, args ...string) {
		t.Helper()
		if _, stdout, stderr := w.with(env, args...); strings.Contains(stdout+stderr, password) {
			t.Errorf("%q %q prints\n%s%s", env, args, stdout, stderr)
		}
	}
	for _, address := range []string{"http://me:s3cret%zz@127.0.0.1:9/x", "http://me:s3cret", "ftp://me:s3cret@127.0.0.1"} {
		env := []string{"OLLAMA_HOST=" + address, "OPENAI_BASE_URL=" + address}
		hides(env, "config")
		hides(env, "doctor", "--json")
		hides(env, "run", "-m", "ollama/tiny", "-d", "mini")
		hides(env, "models", "check", "openai/tiny", "-d", "mini")
		hides(nil, "run", "-m", "vllm/tiny", "-d", "mini", "--base-url", address)
		w.write("settings.toml", fmt.Sprintf("[openai]\nbase-url = %q\n[ollama]\nhost = %q\n", address, address))
		hides(nil, "config", "--config", "settings.toml")
	}
	hides([]string{"HF_ENDPOINT=http://me:s3cret@127.0.0.1:9"}, "datasets", "fetch", "--dry-run", "--json", "mit-movie")
	hides(nil, "runs", "list", "--store", "postgres://me:s3cret@127.0.0.1/db")
}

// TestRedirectsOfServers: no command follows a server that redirects to another one, and
// each says what to do.
func TestRedirectsOfServers(t *testing.T) {
	w, servers := vllmWorkplace(t, 3, func(f *vllmtest.Fake) { f.Key = "sk-of-this-test" })
	var reached atomic.Int64
	inner := servers[0].Config.Handler
	servers[0].Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		inner.ServeHTTP(out, r)
	})
	from := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		http.Redirect(out, r, servers[0].URL+r.URL.Path, http.StatusPermanentRedirect)
	}))
	defer from.Close()
	env := []string{"OPENAI_API_KEY=sk-of-this-test", "OPENAI_BASE_URL=" + from.URL, "OLLAMA_HOST=" + from.URL}
	for _, args := range [][]string{
		{"run", "-m", "vllm/tiny", "-d", "mini"}, {"run", "-m", "openai/tiny", "-d", "mini"}, {"run", "-m", "ollama/tiny", "-d", "mini"},
		{"models", "check", "vllm/tiny", "-d", "mini"}, {"doctor"},
	} {
		code, stdout, stderr := w.with(env, args...)
		if !strings.Contains(stdout+stderr, "redirects the request to "+servers[0].URL) || !strings.Contains(stdout+stderr, "if you trust the target") || args[0] != "doctor" && code != 1 {
			t.Errorf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
	if reached.Load() > 0 {
		t.Errorf("%d requests followed the redirect", reached.Load())
	}
}
