package vllm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/vllm"
	"nerbench/runners/vllm/vllmtest"
)

const secretKey = "sk-0123456789abcdef"

// TestRedirects: no request of any kind follows a redirect to another server, and the
// error says where it leads. No retry is made.
func TestRedirects(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			var reached atomic.Int64
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
			defer other.Close()
			var on atomic.Bool
			f := vllmtest.New(t, func(f *vllmtest.Fake) { f.Key = secretKey })
			inner := f.Config.Handler
			f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if on.Load() {
					http.Redirect(w, r, other.URL+r.URL.Path, code)
					return
				}
				inner.ServeHTTP(w, r)
			})
			r := newRunner(t, f, nil)
			on.Store(true)
			_, whole := r.Complete(t.Context(), []ner.Query{query("x")})
			_, chat := r.Complete(t.Context(), []ner.Query{{Prompt: ner.Prompt{Messages: []ner.Message{{Role: "user", Content: "x"}}, MaxTokens: 4}}})
			_, look := vllm.Look(t.Context(), f.URL, secretKey)
			fresh, err := vllm.New(vllm.Config{Servers: []string{f.URL}, Model: f.Model, Key: secretKey})
			if err != nil {
				t.Fatal(err)
			}
			defer fresh.Close()
			_, identify := fresh.Identify(t.Context())
			for name, err := range map[string]error{"completion": whole, "chat": chat, "look": look, "identify": identify} {
				hint, _ := errors.AsType[*fault.Hint](err)
				if !errors.Is(err, runners.ErrFatal) || errors.Is(err, runners.ErrTemporary) || !strings.Contains(err.Error(), other.URL) || hint == nil {
					t.Errorf("%s: error is %v", name, err)
				}
			}
			if reached.Load() > 0 {
				t.Errorf("%d requests were sent to the other server", reached.Load())
			}
		})
	}
}

// TestEchoedKeys: the key is in no error, hint or completion if a server echoes it in a
// refusal, in a list of models, or in a version.
func TestEchoedKeys(t *testing.T) {
	long := strings.Repeat("x", 190)
	for _, code := range []int{200, 400, 401, 403, 404, 413, 422, 429, 500, 503} {
		for name, body := range map[string]string{
			"OpenAI":  `{"error":{"message":"bad key %s","type":"%s","code":"%s","param":"%s"}}`,
			"text":    `{"error":"Bearer %s"}`,
			"detail":  `{"detail":"%s"}`,
			"object":  `{"message":{"headers":"%s"}}`,
			"page":    long + `%s`,
			"escaped": `{"error":{"message":"Authorization: Bearer\n` + long + `%s"}}`,
		} {
			t.Run(fmt.Sprint(code, " ", name), func(t *testing.T) {
				f := vllmtest.New(t, func(f *vllmtest.Fake) { f.Key = secretKey })
				var on atomic.Bool
				inner := f.Config.Handler
				f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !on.Load() || strings.HasSuffix(r.URL.Path, "models") {
						inner.ServeHTTP(w, r)
						return
					}
					w.WriteHeader(code)
					fmt.Fprint(w, strings.ReplaceAll(body, "%s", secretKey))
				})
				r := newRunner(t, f, nil)
				on.Store(true)
				done, err := r.Complete(t.Context(), []ner.Query{query("x")})
				if len(done) == 0 && err == nil {
					t.Fatal("neither an answer nor an error")
				}
				checkHidden(t, done, err)
			})
		}
	}
}

// TestEchoedKeysInNames: a server with the key as the name of its models.
func TestEchoedKeysInNames(t *testing.T) {
	f := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		name, _ := json.Marshal(secretKey)
		fmt.Fprintf(w, `{"version":%s,"data":[{"id":%s,"root":%s,"owned_by":"vllm"}]}`, name, name, name)
	}))
	defer f.Close()
	r, err := vllm.New(vllm.Config{Servers: []string{f.URL}, Model: "tiny", Key: secretKey})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = r.Identify(t.Context())
	checkHidden(t, nil, err)
	status, err := vllm.Look(t.Context(), f.URL, secretKey)
	if err != nil || strings.Contains(fmt.Sprintf("%+v", status), secretKey) {
		t.Errorf("%+v, %v", status, err)
	}
}

func checkHidden(t *testing.T, done []ner.Completion, err error) {
	t.Helper()
	text := fmt.Sprintf("%+v %v", done, err)
	if hint, ok := errors.AsType[*fault.Hint](err); ok {
		text += hint.Advice
	}
	if status, ok := errors.AsType[*runners.StatusError](err); ok {
		text += fmt.Sprintf("%+v", *status)
	}
	if strings.Contains(text, secretKey[:8]) {
		t.Errorf("the key is in %s", text)
	}
}

// TestAddressesAreRedacted: an address that is refused shows no password and no key.
func TestAddressesAreRedacted(t *testing.T) {
	for _, in := range []string{
		"http://me:s3cret@box", "http://me:s3cret@box:port", "me:s3cret@box", "ftp://me:s3cret@box", "http://box?key=s3cret", "http://box#s3cret",
		"http://me:s3cret", "http://me:s3cret%zz@[::1", "://me:s3cret@", "me:s3cret://x@box", "http://[::1]:s3cret", "http://me:s3\x01cret@box",
	} {
		if u, err := vllm.ParseAddress(in); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "cret") {
			t.Errorf("ParseAddress(%q) is %v, %v", in, u, err)
		}
	}
}
