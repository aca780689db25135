package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"nerbench/boards"
	"nerbench/datasets"
	"nerbench/internal/processor"
	"nerbench/ner"
	"nerbench/reports/site"
)

// fullSizeVariable is the environment variable that makes the test program a process of
// [TestFullSize]. Its value is a [fullSizeJob].
const fullSizeVariable = "NERBENCH_TEST_FULL_SIZE"

func TestMain(m *testing.M) {
	text := os.Getenv(fullSizeVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var job fullSizeJob
	err := json.Unmarshal([]byte(text), &job)
	if err == nil {
		err = job.do(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fullSizeJob is the work of one process: a run on the sized datasets, or the site of it.
type fullSizeJob struct {
	Data, Datasets, Store string
	Sized                 []string // the datasets
	Server                string
	Site                  string // folder; empty: the run is made
}

// fullSizeDone is what a process has done. Memory is the largest that it had, in MiB; 0
// where the system does not report it.
type fullSizeDone struct {
	Runs, Answers int
	Processor     time.Duration
	Memory        int
}

// start does the job in another process, which collects garbage as a command that asks
// models does.
func (j fullSizeJob) start(t *testing.T) (done fullSizeDone) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), fullSizeVariable+"="+string(job))
	if j.Site == "" {
		cmd.Env = append(cmd.Env, "GOGC=400")
	}
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &done)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, faults.Bytes())
	}
	return done
}

// do does the job in this process, and prints what was done.
func (j fullSizeJob) do(ctx context.Context) error {
	if j.Data == "" {
		return fmt.Errorf("%s: no data", fullSizeVariable)
	}
	bench := &Bench{Data: j.Data, Datasets: j.Datasets, Store: j.Store}
	work := j.run
	if j.Site != "" {
		work = j.show
	}
	done, err := work(ctx, bench)
	if err != nil {
		return err
	}
	done.Processor, done.Memory = processor.Time(), int(processor.PeakMemory()>>20)
	return json.NewEncoder(os.Stdout).Encode(done)
}

func (j fullSizeJob) run(ctx context.Context, bench *Bench) (done fullSizeDone, err error) {
	request := Request{Plan: ner.Plan{Model: "vllm/tiny"}, Connections: 32}
	request.Servers = []string{j.Server}
	if request.Datasets, err = bench.SelectDatasets([]string{strings.Join(j.Sized, ",")}, "", ""); err != nil {
		return done, err
	}
	summary, err := bench.Run(ctx, request)
	for _, r := range summary.Runs {
		done.Answers += r.Asked
	}
	done.Runs = len(summary.Runs)
	return done, err
}

func (j fullSizeJob) show(ctx context.Context, bench *Bench) (done fullSizeDone, err error) {
	rules := &boards.Board{Title: "Full size", Metrics: []string{"span_f1", "uniner_f1"}, SuiteNames: []string{"sized"}, Family: "uniner"}
	standard, err := boards.Default()
	if err != nil {
		return done, err
	}
	rules.Tracks = standard.Tracks
	rules.Own = []datasets.Suite{{Name: "sized", Title: "All datasets", Datasets: j.Sized}}
	built, err := bench.WriteSite(ctx, j.Site, SiteRequest{BoardRequest: BoardRequest{Rules: rules, Resamples: 1000, Version: "test"}, Options: site.Options{}})
	done.Runs = built.Runs
	return done, err
}
