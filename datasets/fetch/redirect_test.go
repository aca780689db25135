package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"nerbench/internal/httpclient"
)

// TestTokenStaysWithTheHub: a file comes from another server, as the hub's files do; the
// token is not sent there, although it is another port of the same host.
func TestTokenStaysWithTheHub(t *testing.T) {
	const token = "hf_0123456789"
	var mu sync.Mutex
	got := map[string][]string{}
	record := func(name string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[name] = append(got[name], r.Header.Get("Authorization")+r.Header.Get("Referer"))
	}
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record("store", r)
		if strings.HasSuffix(r.URL.Path, "list") {
			fmt.Fprint(w, `{"sha":"c0ffee","siblings":[{"rfilename":"a"}]}`)
			return
		}
		fmt.Fprint(w, "an invented file")
	}))
	defer store.Close()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record("hub", r)
		if strings.HasPrefix(r.URL.Path, "/api/") {
			http.Redirect(w, r, store.URL+"/list", http.StatusTemporaryRedirect)
			return
		}
		http.Redirect(w, r, store.URL+"/x?signature=secret", http.StatusFound)
	}))
	defer hub.Close()
	c, dir := quick(t)
	if err := c.Fetch(t.Context(), File{URL: hub.URL + "/file", To: "file", Token: token}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "file")); err != nil || string(b) != "an invented file" {
		t.Errorf("%q, %v", b, err)
	}
	h := Hub{Endpoint: hub.URL, Token: token}
	if l, err := h.List(t.Context(), nil, "a/b", ""); err != nil || l.Revision != "c0ffee" {
		t.Errorf("%+v, %v", l, err)
	}
	if want := "Bearer " + token; len(got["hub"]) != 2 || got["hub"][0] != want || got["hub"][1] != want || strings.Join(got["store"], "") != "" {
		t.Errorf("headers are %q", got)
	}
}

// TestFetchStaysWithHTTPS: a download is never redirected from https to http, and is not
// tried again.
func TestFetchStaysWithHTTPS(t *testing.T) {
	requests := 0
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("http was asked") }))
	defer plain.Close()
	safe := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, plain.URL, http.StatusFound)
	}))
	defer safe.Close()
	c, _ := quick(t)
	c.HTTP = safe.Client()
	err := c.Fetch(t.Context(), File{URL: safe.URL + "/file", To: "file"})
	if _, ok := errors.AsType[*httpclient.RedirectError](err); !ok || requests != 1 {
		t.Errorf("%v after %d requests", err, requests)
	}
}

// TestErrorsHideCredentials: of addresses with a password, of redirects to signed
// addresses, and of addresses that are not valid.
func TestErrorsHideCredentials(t *testing.T) {
	store := httptest.NewServer(http.NotFoundHandler())
	defer store.Close()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, store.URL+"/x?signature=s3cret", http.StatusFound)
	}))
	defer hub.Close()
	login := strings.Replace(hub.URL, "http://", "http://me:s3cret@", 1)
	for _, address := range []string{hub.URL, login, "http://me:s3cret@127.0.0.1:1", "http://me:s3cret@%zz", "http://me:s3cret", "://me:s3cret@x"} {
		c, _ := quick(t)
		c.Tries = 1
		if err := c.Fetch(t.Context(), File{URL: address + "/file", To: "file"}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error is %v", address, err)
		}
		if _, err := (Hub{Endpoint: address}).List(t.Context(), nil, "a/b", ""); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: error of the list is %v", address, err)
		}
	}
}
