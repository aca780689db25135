//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/runners/vllm/vllmtest"
)

// TestRouterRecipe gives the command of docs/scale.md for one address in front of many
// servers to a router with two vLLM servers. One of them is gone for a while, for which the
// router answers 502. The run is that of one server that is asked directly.
func TestRouterRecipe(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(page), "\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "--base-url http://router:8000") })
	if i < 0 {
		t.Fatal("docs/scale.md has no command with a router")
	}
	w := newWorkplace(t, 60, 0)
	var servers [2]*vllmtest.Fake
	var routed [2]atomic.Int32
	var proxies [2]*httputil.ReverseProxy
	for i := range servers {
		servers[i] = vllmtest.New(t)
		target, err := url.Parse(servers[i].URL)
		if err != nil {
			t.Fatal(err)
		}
		proxies[i] = httputil.NewSingleHostReverseProxy(target)
	}
	var requests atomic.Int32
	router := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		i := int(n) % len(servers)
		if i == 0 && n > 20 && n < 40 {
			http.Error(rw, "Bad Gateway", http.StatusBadGateway)
			return
		}
		routed[i].Add(1)
		proxies[i].ServeHTTP(rw, r)
	}))
	defer router.Close()
	command := strings.NewReplacer("vllm/uniner", "vllm/tiny", "hf:ORG/NAME@COMMIT", "sha256:"+strings.Repeat("ab", 32), "--suite full49", "-d mini")
	for store, url := range map[string]string{"routed.db": router.URL, "direct.db": servers[0].URL} {
		line := strings.ReplaceAll(command.Replace(lines[i]), "http://router:8000", url)
		w.must(append(strings.Fields(line)[1:], "-q", "--store", store)...)
	}
	if routed[0].Load() == 0 || routed[1].Load() == 0 {
		t.Errorf("requests at the servers: %d and %d", routed[0].Load(), routed[1].Load())
	}
	if got, want := w.dump("routed.db"), w.dump("direct.db"); got != want {
		t.Errorf("the store of the router:\n%s\nwant\n%s", head(got), head(want))
	}
}
