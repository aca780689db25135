package faults

import (
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"nerbench/internal/campaign"
	"nerbench/ner"
)

// Client is what is attacked: a runner, as it talks to one server.
type Client struct {
	Upstream http.Handler // an honest server
	// Query reports whether a path is one for queries ([ModelQuery]). Other paths describe
	// the server.
	Query func(path string) bool
	// Secrets are parts of the credentials that the client sends. No error has one.
	Secrets []string
	// Download: the client follows redirects to other servers, without its secret, and
	// compares what it gets with a checksum.
	Download bool
	// Ask identifies a server and sends one query. limit is the time limit of each
	// request. It returns the text of the answer.
	Ask func(address string, limit time.Duration, random *rand.Rand) (answer string, err error)
}

// hangLimit is the time limit of requests that never end; limit is that of all others,
// which end by themselves.
const (
	hangLimit = 300 * time.Millisecond
	limit     = time.Minute
	// reaches is the number of times that a request is sent until it is attacked: on a busy
	// machine, the honest answers before it may come after the limit.
	reaches = 3
)

// The limits of a client: the memory that it may allocate for one attack, which is some
// times the largest description of a server, and the bytes of an error.
const (
	mostMemory = 300 << 20
	mostError  = 2000
)

// AttackAll attacks a client in each way, and checks that it ends with an answer or with
// an error of one short line, without its secret, within bounded memory, and that no
// request reaches another server. All queries in turn are attacked, and all descriptions.
func AttackAll(t testing.TB, c *campaign.Campaign, client Client) {
	output := log.Writer()
	log.SetOutput(io.Discard) // net/http prints what servers send unasked
	t.Cleanup(func() { log.SetOutput(output) })
	_, _ = manyNames(), bomb() // their memory does not count
	places := []string{"queries", "descriptions"}
	attacks := Attacks()
	for n := range c.Tries {
		a, place := attacks[n%len(attacks)], places[n/len(attacks)%len(places)]
		random := rand.New(rand.NewPCG(c.Random.Uint64(), c.Random.Uint64()))
		within := limit
		if a.Hangs {
			within = hangLimit
		}
		var server *Hostile
		var answer string
		var err error
		var used uint64
		for range reaches {
			server = NewHostile(t, client.Upstream, a, random.Uint64(), func(path string) bool {
				return client.Query(path) == (place == "queries")
			})
			used = campaign.Memory(t, func() { answer, err = client.Ask(server.URL, within, random) })
			server.CloseClientConnections()
			if server.Met() > 0 {
				break
			}
			within *= 8
		}
		name := a.Name + ", " + place
		switch {
		case server.Met() == 0:
			t.Errorf("%s: no request was attacked: %v", name, err)
		case server.Unlimited():
			t.Errorf("%s: %d bytes were read", name, server.Sent())
		case used > mostMemory:
			t.Errorf("%s: %d MiB were allocated", name, used>>20)
		case server.Reached() > 0 && !client.Download, server.Stolen():
			t.Errorf("%s: another server got a request, or its secret: %t", name, server.Stolen())
		case err == nil && !a.Harmless && !client.Download && place == "queries":
			t.Errorf("%s: the answer is %.200q", name, answer)
		}
		if err == nil {
			c.Saw(1, "were answered")
			continue
		}
		c.Saw(1, "were errors")
		line := err.Error()
		leaks := func(secret string) bool { return strings.Contains(line, secret) }
		if strings.Contains(line, "\n") || len(line) > mostError || slices.ContainsFunc(client.Secrets, leaks) {
			t.Errorf("%s: error of %d bytes: %.300q", name, len(line), line)
		}
	}
}

// ModelQuery reports whether a path of a server like Ollama or vLLM is one for queries.
func ModelQuery(path string) bool {
	return strings.HasSuffix(path, "/completions") || path == "/api/generate" || path == "/api/chat"
}

// Answer is the text of the answer to one query. A refusal is an error.
func Answer(got []ner.Completion, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case len(got) != 1:
		return "", fmt.Errorf("%d answers and no error", len(got))
	case got[0].Finish == ner.FinishRefused:
		return "", errors.New(got[0].Text)
	}
	return got[0].Text + got[0].Thinking, nil
}

// Tries is the size of a campaign that makes each attack on queries and on descriptions.
func Tries() campaign.Size {
	return campaign.Size{Short: 2 * len(Attacks()), Full: 100 * len(Attacks())}
}

// Named is the attack with a name.
func Named(t testing.TB, name string) Attack {
	attacks := Attacks()
	i := slices.IndexFunc(attacks, func(a Attack) bool { return a.Name == name })
	if i < 0 {
		t.Fatalf("no attack %q", name)
	}
	return attacks[i]
}
