package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// bareVariable is the environment variable that makes the test program a bare client of
// this server. It reads the sizes of the bodies from its input.
const bareVariable = "NERBENCH_TEST_BARE"

// costConnections is the number of connections of both clients of BenchmarkCost.
const costConnections = 64

// bare sends bodies with net/http and parses the replies.
func bare(url string, input io.Reader) error {
	var sizes []int
	if err := json.NewDecoder(input).Decode(&sizes); err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: costConnections, DisableCompression: true}}
	next := make(chan int, len(sizes))
	for _, size := range sizes {
		next <- size
	}
	close(next)
	faults := make(chan error, costConnections)
	var workers sync.WaitGroup
	for range costConnections {
		workers.Go(func() {
			for size := range next {
				if err := bareRequest(client, url, size); err != nil {
					faults <- err
					return
				}
			}
		})
	}
	workers.Wait()
	close(faults)
	return <-faults
}

func bareRequest(client *http.Client, url string, size int) error {
	response, err := client.Post(url+"/api/generate", "application/json", bytes.NewReader(bytes.Repeat([]byte{'x'}, size)))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Response string `json:"response"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
