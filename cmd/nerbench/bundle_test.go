package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"nerbench/bundles"
)

// someSSHKey is a private key with a fixed seed, in a form that SSH reads.
func someSSHKey(seed string) ([]byte, error) {
	whole := make([]byte, ed25519.SeedSize)
	copy(whole, seed)
	private, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(whole))
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), err
}

func writeSSHKey(t *testing.T, name string) {
	t.Helper()
	key, err := someSSHKey("")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, key, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sshKey writes a key, or another one, with its public half FILE.pub: sshkey FILE [SEED].
func sshKey(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: sshkey FILE [SEED]")
	}
	key, err := someSSHKey(strings.Join(args[1:], ""))
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ts.Check(os.WriteFile(path, key, 0o600))
	opened, err := bundles.OpenKey(path, "")
	ts.Check(err)
	ts.Check(os.WriteFile(path+".pub", []byte(opened.Signer().Key+"\n"), 0o600))
	ts.Check(opened.Close())
}
