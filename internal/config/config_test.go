package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nerbench/internal/fault"
)

// write puts a file into a new folder.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nerbench.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigRead(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	path := write(t, `
store = "results.db"
data = "/data"
datasets = "~/corpora"
llama-lib = "lib"
[ollama]
host = "http://gpu1:11434"
[openai]
base-url = "http://gpu2:8000"
api-key-file = "key"
[run]
max-connections = 8
timeout = "5m"
metric = ["span_f1", "uniner_f1"]
pull = true
gpu-layers = -1
`)
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	beside := func(name string) string { return filepath.Join(filepath.Dir(path), name) }
	if got, want := f.Globals(), map[string]string{"store": beside("results.db"), "data": "/data", "datasets": "/home/ann/corpora"}; !reflect.DeepEqual(got, want) {
		t.Errorf("globals are %q, want %q", got, want)
	}
	if got, want := f.Variables(), map[string]string{"OLLAMA_HOST": "http://gpu1:11434", "OPENAI_BASE_URL": "http://gpu2:8000", "NERBENCH_LLAMA_LIB": beside("lib")}; !reflect.DeepEqual(got, want) {
		t.Errorf("variables are %q, want %q", got, want)
	}
	if got, want := f.RunFlags(), map[string][]string{
		"max-connections": {"8"}, "timeout": {"5m"}, "metric": {"span_f1", "uniner_f1"}, "pull": {"true"}, "gpu-layers": {"-1"},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("flags of run are %q, want %q", got, want)
	}
	if string(f.OpenAI.KeyFile) != beside("key") {
		t.Errorf("key file is %s", f.OpenAI.KeyFile)
	}
}

// TestConfigKeys checks that every key of the tables is used by the program.
func TestConfigKeys(t *testing.T) {
	f := &File{}
	fill := func(v reflect.Value) {
		for i := range v.NumField() {
			switch field := v.Field(i); field.Kind() {
			case reflect.String:
				field.SetString("x")
			case reflect.Slice:
				field.Set(reflect.ValueOf(Texts{"x"}))
			}
		}
	}
	fill(reflect.ValueOf(f).Elem())
	fill(reflect.ValueOf(&f.Run).Elem())
	if got, want := len(f.RunFlags()), reflect.TypeFor[Run]().NumField(); got != want {
		t.Errorf("%d of %d keys of run reach the program", got, want)
	}
	globals := f.Globals()
	for field := range reflect.TypeFor[File]().Fields() {
		name := field.Tag.Get("toml")
		if field.Type == reflect.TypeFor[Text]() && name != "llama-lib" && globals[name] == "" {
			t.Errorf("%s does not reach the program", name)
		}
	}
}

func TestConfigFaults(t *testing.T) {
	for _, tc := range []struct{ name, text, want, hint string }{
		{"unknown key", "store = \"a\"\nstorre = \"b\"\n", `nerbench.toml:2: key "storre": unknown`, ""},
		{"unknown key of a table", "[run]\nprobe = 1\nsplit = \"dev\"\n", `nerbench.toml:3: key "run.split": unknown`, ""},
		{"unknown table", "[nosuch]\nx = 1\n", `nerbench.toml:1: key "nosuch": unknown`, ""},
		{"not TOML", "store = \n", `nerbench.toml:1: expected value`, ""},
		{"number for a string", "\nstore = 3\n", `nerbench.toml:2: want a string, have 3`, ""},
		{"string for a number", "[run]\nprobe = \"many\"\n", `nerbench.toml:2: want a whole number, have many`, ""},
		{"string for a switch", "[run]\npull = \"yes\"\n", `nerbench.toml:2: want true or false, have yes`, ""},
		{"time without a unit", "[run]\n\ntimeout = 600\n", `nerbench.toml:3: want a time such as "90s" or "10m", have 600`, ""},
		{"zero time", "[run]\ntimeout = \"0s\"\n", `nerbench.toml:2: want a time`, ""},
		{"not a colour setting", "color = \"red\"\n", `nerbench.toml:1: want auto, always, or never`, ""},
		{"zero connections", "[run]\nmax-connections = 0\n", `nerbench.toml:2: want a number from 1, or "auto"`, ""},
		{"metric that is a number", "[run]\nmetric = [1]\n", `nerbench.toml:2: want a list of strings`, ""},
		{"key of a server", "[openai]\nbase-url = \"http://x\"\napi-key = \"sk-invented\"\n", `nerbench.toml:3: openai.api-key: a key of a server must not be in this file`, "api-key-file"},
		{"key at the top", "OPENAI_API_KEY = \"sk-invented\"\n", `nerbench.toml:1: OPENAI_API_KEY: a key of a server`, "api-key-file"},
		{"token and an unknown key", "x = 1\nhf_token = \"hf_invented\"\n", `nerbench.toml:2: hf_token: a key of a server`, "api-key-file"},
		{"password in an address", "[openai]\nbase-url = \"http://ann:invented@x\"\n", `nerbench.toml: openai.base-url: a password`, "api-key-file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Read(write(t, tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error is %v, want %s", err, tc.want)
			}
			if strings.Contains(err.Error(), "invented") {
				t.Errorf("the error prints the key: %v", err)
			}
			if !errors.As(err, new(*fault.UsageError)) {
				t.Errorf("%v is not a usage error", err)
			}
			hint, _ := errors.AsType[*fault.Hint](err)
			if (hint != nil) != (tc.hint != "") || hint != nil && !strings.Contains(hint.Advice, tc.hint) {
				t.Errorf("hint is %v, want %q", hint, tc.hint)
			}
		})
	}
}

func TestConfigMissing(t *testing.T) {
	_, err := Read(filepath.Join(t.TempDir(), "nosuch.toml"))
	if !errors.Is(err, os.ErrNotExist) || errors.As(err, new(*fault.UsageError)) {
		t.Errorf("error is %v", err)
	}
}

// TestConfigPage checks that the example of docs/config.md has every key.
func TestConfigPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```toml nerbench.toml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the page has no example")
	}
	f, err := Read(write(t, example))
	if err != nil {
		t.Fatal(err)
	}
	var check func(table string, v reflect.Value)
	check = func(table string, v reflect.Value) {
		for field, value := range v.Fields() {
			switch key := field.Tag.Get("toml"); {
			case value.Kind() == reflect.Struct:
				check(key+".", value)
			case value.IsZero():
				t.Errorf("the example lacks %s%s", table, key)
			}
		}
	}
	check("", reflect.ValueOf(f).Elem())
}
