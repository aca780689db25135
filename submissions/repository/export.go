package repository

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/boards"
	"nerbench/bundles"
	"nerbench/internal/atomicfile"
	"nerbench/submissions"
)

// Export writes a run of a repository as a bundle, with the signature of its submitter.
// The run is named by the beginning of its id. An existing file is replaced only if it is
// a bundle.
func Export(ctx context.Context, dir, run, out string, blobs Blobs) error {
	e, err := newExporter(dir, blobs)
	if err != nil {
		return err
	}
	defer e.folder.Close()
	s, err := e.find(run)
	if err != nil {
		return err
	}
	return e.write(ctx, s, out)
}

// ExportAll writes each run of a repository as the bundle RUN.nbz of the folder out, and
// returns the names of these files. Withdrawn runs are among them.
func ExportAll(ctx context.Context, dir, out string, blobs Blobs) ([]string, error) {
	e, err := newExporter(dir, blobs)
	if err != nil {
		return nil, err
	}
	defer e.folder.Close()
	names, err := fs.Glob(e.folder.FS(), runFiles)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return nil, fmt.Errorf("board: %w", err)
	}
	files := []string{}
	for _, name := range names {
		s, err := e.read(name)
		if err != nil {
			return files, err
		}
		file := filepath.Join(out, s.run().ID+".nbz")
		if err := e.write(ctx, s, file); err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}

// runFiles are the files of runs.
const runFiles = "submissions/*/*/*.json"

type exporter struct {
	dir    string
	folder *os.Root
	blobs  *blobReader
}

func newExporter(dir string, blobs Blobs) (*exporter, error) {
	folder, err := open(dir)
	if err != nil {
		return nil, err
	}
	rules, err := boards.Read(folder.FS(), "board.toml")
	if err != nil {
		folder.Close()
		return nil, fmt.Errorf("board: %s: %w", dir, err)
	}
	return &exporter{dir: dir, folder: folder, blobs: newBlobReader(blobs, folder, rules.Addresses)}, nil
}

// find reads the submission of the run whose id begins with a text.
func (e *exporter) find(run string) (*Submission, error) {
	names, err := fs.Glob(e.folder.FS(), runFiles)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return run == "" || !strings.HasPrefix(path.Base(name), run) })
	switch len(names) {
	case 0:
		return nil, fmt.Errorf("board: %s: run %q: there is no such run", e.dir, run)
	case 1:
		return e.read(names[0])
	}
	return nil, fmt.Errorf("board: %s: run %q: several runs begin with it, such as %s and %s", e.dir, run, names[0], names[1])
}

func (e *exporter) read(name string) (*Submission, error) {
	text, err := readFile(e.folder, name)
	if err != nil {
		return nil, fmt.Errorf("board: %s: %w", e.dir, err)
	}
	s, _, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("board: %s: %s: %w", e.dir, name, err)
	}
	return s, nil
}

func (e *exporter) write(ctx context.Context, s *Submission, out string) error {
	if err := submissions.CheckReplaced(ctx, out); err != nil {
		return err
	}
	if err := atomicfile.Write(out, func(w io.Writer) error { return e.blobs.join(ctx, w, s) }); err != nil {
		return fmt.Errorf("board: %w", err)
	}
	return nil
}

// join writes the bundle of a submission.
func (b *blobReader) join(ctx context.Context, to io.Writer, s *Submission) error {
	blob, err := b.open(ctx, s)
	if err != nil {
		return err
	}
	defer blob.Close()
	return bundles.Join(to, &s.Part, blob)
}
