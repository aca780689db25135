package weights

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
)

// model are the files of an invented model; those that do not count are marked.
var model = map[string]string{
	"model-00001-of-00002.safetensors":     "first weights",
	"model-00002-of-00002.safetensors":     "second weights",
	"config.json":                          `{"hidden_size": 8}`,
	"generation_config.json":               `{"eos_token_id": 2}`,
	"tokenizer.json":                       `{"model": {}}`,
	"tokenizer_config.json":                `{}`,
	"chat_template.jinja":                  "{{ messages }}",
	"additional_chat_templates/tool.jinja": "{{ tools }}",

	"model.safetensors.index.json": "no: it follows from the others",
	"README.md":                    "no",
	"original/model.safetensors":   "no: another copy",
	"onnx/tokenizer.json":          "no",
}

// want is the digest of the files of a model, written as sha256sum prints them.
func want(files map[string]string) string {
	var lines []byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(files[name], "no") {
			lines = fmt.Appendf(lines, "%x  %s\n", sha256.Sum256([]byte(files[name])), name)
		}
	}
	sum := sha256.Sum256(lines)
	return hex.EncodeToString(sum[:])
}

// old is the time of files that are not changed any more.
var old = time.Now().Add(-time.Hour)

func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o600), os.Chtimes(at, old, old)); err != nil {
			t.Fatal(err)
		}
	}
}

func resolve(t *testing.T, r *Resolver, spec string) Weights {
	t.Helper()
	w, err := r.Resolve(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestFolder(t *testing.T) {
	folder, cache := filepath.Join(t.TempDir(), "tiny-7b"), t.TempDir()
	write(t, folder, model)
	r := &Resolver{Cache: cache}
	w := resolve(t, r, folder)
	if w.Digest != want(model) || w.From != "tiny-7b" {
		t.Errorf("weights %+v, want the digest %s", w, want(model))
	}
	for name := range model {
		changed := maps.Clone(model)
		changed[name] += "!"
		other := filepath.Join(t.TempDir(), "tiny-7b")
		write(t, other, changed)
		got := resolve(t, r, other)
		if counts := !strings.HasPrefix(model[name], "no"); (got.Digest != w.Digest) != counts {
			t.Errorf("%s was changed: digest changed: %v, want %v", name, got.Digest != w.Digest, counts)
		}
	}
	linked := filepath.Join(t.TempDir(), "snapshot")
	if err := os.Symlink(folder, linked); err != nil {
		t.Fatal(err)
	}
	if got := resolve(t, r, linked); got.Digest != w.Digest {
		t.Errorf("through a link: %+v", got)
	}
}

// TestCache: a file with the path, size and time of before is not read again, any other
// one is, and so is a file that may still be changed.
func TestCache(t *testing.T) {
	folder, cache := t.TempDir(), t.TempDir()
	files := map[string]string{"model.safetensors": "weights", "config.json": "{}"}
	write(t, folder, files)
	r := &Resolver{Cache: cache}
	first := resolve(t, r, folder)
	kept, err := os.ReadDir(cache)
	if err != nil || len(kept) != 2 {
		t.Fatalf("the cache has %d files, %v", len(kept), err)
	}
	write(t, folder, map[string]string{"model.safetensors": "WEIGHTS"}) // same size and time
	if got := resolve(t, r, folder); got != first {
		t.Errorf("the file was read again: %+v", got)
	}
	if got := resolve(t, &Resolver{}, folder); got == first {
		t.Error("without a cache, the file was not read")
	}
	at := filepath.Join(folder, "model.safetensors")
	for name, change := range map[string]func() error{
		"time":   func() error { return os.Chtimes(at, old, old.Add(time.Second)) },
		"size":   func() error { return os.WriteFile(at, []byte("more weights"), 0o600) },
		"recent": func() error { return os.WriteFile(at, []byte("MORE weights"), 0o600) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if got, now := resolve(t, r, folder), resolve(t, &Resolver{}, folder); got != now {
			t.Errorf("%s changed: %+v, want %+v", name, got, now)
		}
	}
	for _, f := range kept {
		if err := os.WriteFile(filepath.Join(cache, f.Name()), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, now := resolve(t, r, folder), resolve(t, &Resolver{}, folder); got != now {
		t.Errorf("with a damaged cache: %+v, want %+v", got, now)
	}
}

func TestFileAndDigest(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"tiny.gguf": "gguf"})
	r := &Resolver{}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("gguf")))
	if w := resolve(t, r, filepath.Join(folder, "tiny.gguf")); w.Digest != sum || w.From != "tiny.gguf" {
		t.Errorf("a file: %+v", w)
	}
	if w := resolve(t, r, "sha256:"+sum); w.Digest != sum || w.From != "sha256" || !w.Fits("anything") {
		t.Errorf("a digest: %+v", w)
	}
}

func TestRefused(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"pytorch_model.bin": "weights", "config.json": "{}"})
	for spec, want := range map[string]string{
		"":                              "want DIR, FILE, hf:",
		"hf:tiny":                       "want hf:ORG/NAME@COMMIT",
		"hf:mira/tiny":                  "want hf:ORG/NAME@COMMIT",
		"hf:mira/tiny@main":             "a branch may change",
		"hf:../tiny@" + at:              "want hf:ORG/NAME@COMMIT",
		"sha256:12":                     "64 hexadecimal digits",
		"sha256:" + strings.ToUpper(at): "64 hexadecimal digits",
		filepath.Join(folder, "no"):     "no such file",
		folder:                          "no safetensors",
	} {
		_, err := (&Resolver{Hub: fetch.Hub{Endpoint: "http://127.0.0.1:9"}}).Resolve(t.Context(), spec)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", spec, err, want)
		}
	}
	if Check("hf:mira/tiny@main") == nil || !errors.As(Check("sha256:1"), new(*fault.UsageError)) {
		t.Error("no usage error")
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		name, reported string
		want           bool
	}{
		{"tiny-7b", "/models/tiny-7b/", true},
		{"tiny-7b", "mira/tiny-7b", true},
		{"tiny-7b", "mira/tiny-7b-chat", false},
		{"mira/tiny-7b", "Mira/Tiny-7B", true},
		{"mira/tiny-7b", "bo/tiny-7b", false},
		{"mira/tiny-7b", "/data/tiny-7b", true},
		{"mira/tiny-7b", "/cache/hub/models--mira--tiny-7b/snapshots/" + at, true},
		{"mira/tiny-7b", "/cache/hub/models--mira--other/snapshots/" + at, false},
		{"tiny-7b", "tiny-7b", true},
		{"tiny-7b", "", true},
		{"", "anything", true},
	} {
		if got := (Weights{Name: c.name}).Fits(c.reported); got != c.want {
			t.Errorf("%q fits %q: %v", c.name, c.reported, got)
		}
	}
	for folder, want := range map[string]string{
		"/models/tiny-7b": "tiny-7b", "models/tiny-7b": "tiny-7b", `D:\models\tiny-7b`: "tiny-7b",
		"/hub/models--mira--tiny-7b/snapshots/" + at: "mira/tiny-7b",
	} {
		if got := folderName(folder); got != want {
			t.Errorf("%s: name %q, want %q", folder, got, want)
		}
	}
}

// at is the commit of the model on the hub of the tests.
const at = "0123456789abcdef0123456789abcdef01234567"

// fakeHub has a model in the shape of the Hugging Face hub: pages of two entries, large
// files with their checksums only, a token.
type fakeHub struct {
	files  map[string]string
	token  string
	wrong  string // a file whose content is not that of the commit
	mu     sync.Mutex
	served []string
}

func (h *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.served = append(h.served, r.URL.Path)
	h.mu.Unlock()
	if h.token != "" && r.Header.Get("Authorization") != "Bearer "+h.token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	names := slices.Sorted(maps.Keys(h.files))
	switch file, isFile := strings.CutPrefix(r.URL.Path, "/mira/tiny-7b/resolve/"+at+"/"); {
	case isFile && h.files[file] != "" && !strings.HasSuffix(file, ".safetensors"):
		text := h.files[file]
		if file == h.wrong {
			text = text[:len(text)-1]
		}
		_, _ = w.Write([]byte(text))
	case r.URL.Path == "/api/models/mira/tiny-7b/tree/"+at && r.URL.Query().Get("recursive") == "true":
		var first int
		_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &first)
		page := []map[string]any{}
		if first == 0 {
			page = append(page, map[string]any{"type": "directory", "oid": "d", "size": 0, "path": "original"})
		}
		for _, name := range names[first:min(first+2, len(names))] {
			text := h.files[name]
			e := map[string]any{"type": "file", "path": name, "size": len(text), "oid": fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text)))}
			if strings.HasSuffix(name, ".safetensors") {
				e["oid"] = "of the pointer"
				e["lfs"] = map[string]any{"oid": fmt.Sprintf("%x", sha256.Sum256([]byte(text))), "size": len(text), "pointerSize": 134}
			}
			page = append(page, e)
		}
		if first+2 < len(names) { // the hub names itself, also behind a mirror
			w.Header().Set("Link", fmt.Sprintf(`<https://hub.example/api/models/mira/tiny-7b/tree/%s?recursive=true&cursor=%d>; rel="next"`, at, first+2))
		}
		_ = json.NewEncoder(w).Encode(page)
	default:
		http.NotFound(w, r)
	}
}

// TestHub: the digest of a model on the hub is that of its files in a folder, and is
// fetched once.
func TestHub(t *testing.T) {
	hub := &fakeHub{files: model, token: "invented"}
	server := httptest.NewServer(hub)
	defer server.Close()
	env := map[string]string{"HF_ENDPOINT": server.URL + "/", "HF_TOKEN": "invented"}
	r := &Resolver{Cache: t.TempDir(), Hub: fetch.NewHub(func(name string) string { return env[name] })}
	spec := "hf:mira/tiny-7b@" + at
	w := resolve(t, r, spec)
	if w.Digest != want(model) || w.From != spec || !w.Fits("mira/tiny-7b") || w.Fits("bo/tiny-7b") {
		t.Errorf("weights %+v, want the digest %s", w, want(model))
	}
	for _, p := range hub.served {
		if path.Ext(p) == ".safetensors" || path.Ext(p) == ".md" {
			t.Errorf("%s was downloaded", p)
		}
	}
	server.Close()
	if again := resolve(t, r, spec); again != w {
		t.Errorf("from the cache: %+v", again)
	}
}

func TestHubRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change       func(h *fakeHub, hub *fetch.Hub)
		spec         string
		want, advice string
	}{
		"no token":   {func(h *fakeHub, hub *fetch.Hub) { h.token = "other" }, "hf:mira/tiny-7b@" + at, "401", "HF_TOKEN"},
		"no model":   {func(h *fakeHub, hub *fetch.Hub) {}, "hf:mira/none@" + at, "404", "the name and the commit"},
		"no commit":  {func(h *fakeHub, hub *fetch.Hub) {}, "hf:mira/tiny-7b@" + strings.Repeat("a", 40), "404", "the name and the commit"},
		"no hub":     {func(h *fakeHub, hub *fetch.Hub) { hub.Endpoint = "http://127.0.0.1:9" }, "hf:mira/tiny-7b@" + at, "refused", "sha256:HEX"},
		"cut":        {func(h *fakeHub, hub *fetch.Hub) { h.wrong = "config.json" }, "hf:mira/tiny-7b@" + at, "config.json: its content is not that of the commit", ""},
		"no weights": {func(h *fakeHub, hub *fetch.Hub) { h.files = map[string]string{"config.json": "{}"} }, "hf:mira/tiny-7b@" + at, "no safetensors", "FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &fakeHub{files: model}
			server := httptest.NewServer(h)
			defer server.Close()
			r := &Resolver{Cache: t.TempDir(), Hub: fetch.Hub{Endpoint: server.URL}}
			c.change(h, &r.Hub)
			_, err := r.Resolve(t.Context(), c.spec)
			hint, _ := errors.AsType[*fault.Hint](err)
			if err == nil || !strings.Contains(err.Error(), c.want) || c.advice != "" && (hint == nil || !strings.Contains(hint.Advice, c.advice)) {
				t.Errorf("error %v, want %q with %q", err, c.want, c.advice)
			}
			if kept, _ := os.ReadDir(r.Cache); len(kept) > 0 {
				t.Errorf("the cache has %d files after an error", len(kept))
			}
		})
	}
}
