package bundles

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"nerbench/internal/reference"
)

// sshKeygen runs the real ssh-keygen; without it the test skips.
func sshKeygen(t *testing.T, stdin []byte, args ...string) error {
	t.Helper()
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		reference.Skip(t, "there is no ssh-keygen")
	}
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	t.Logf("ssh-keygen %s: %s", strings.Join(args, " "), out)
	return err
}

// newKeyFile makes a key with the real ssh-keygen.
func newKeyFile(t *testing.T, kind, passphrase string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "id")
	if err := sshKeygen(t, nil, "-q", "-t", kind, "-N", passphrase, "-C", "mira@workstation", "-f", path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSSHKeygenVerifies: the real ssh-keygen accepts our signature, for this namespace
// only.
func TestSSHKeygenVerifies(t *testing.T) {
	path := newKeyFile(t, "ed25519", "")
	key, err := OpenKey(path, "")
	if err != nil {
		t.Fatal(err)
	}
	members := membersOf(t, written(t, someManifest(), someLines, signedBy(key)))
	sums, signature := contentOf(t, members[len(members)-2]), contentOf(t, members[len(members)-1])
	dir := t.TempDir()
	allowed, file := filepath.Join(dir, "allowed"), filepath.Join(dir, "sums.sig")
	if err := os.WriteFile(file, signature, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(allowed, []byte("mira "+key.Signer().Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := func(namespace string, message []byte) error {
		return sshKeygen(t, message, "-Y", "verify", "-f", allowed, "-I", "mira", "-n", namespace, "-s", file)
	}
	if err := verify("nerbench-bundle", sums); err != nil {
		t.Errorf("ssh-keygen does not accept the signature: %v", err)
	}
	if verify("file", sums) == nil || verify("nerbench-bundle", append(sums, 'x')) == nil {
		t.Error("ssh-keygen accepts the signature of something else")
	}
}

// TestOfSSHKeygen: we accept what the real ssh-keygen signed, for this namespace only.
func TestOfSSHKeygen(t *testing.T) {
	path := newKeyFile(t, "ed25519", "")
	key, err := OpenKey(path, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ namespace, hash, want string }{
		{Namespace, "sha512", ""}, {Namespace, "sha256", ""}, {"file", "sha512", `it is for "file", want "nerbench-bundle"`},
	} {
		content := written(t, someManifest(), someLines, func(sums []byte) ([]byte, error) {
			file := filepath.Join(t.TempDir(), "SHA256SUMS")
			if err := os.WriteFile(file, sums, 0o600); err != nil {
				return nil, err
			}
			if err := sshKeygen(t, nil, "-Y", "sign", "-f", path, "-n", tc.namespace, "-O", "hashalg="+tc.hash, file); err != nil {
				return nil, err
			}
			return os.ReadFile(file + ".sig")
		})
		b, _, err := opened(t, content)
		switch {
		case tc.want == "" && (err != nil || b.Signer == nil || *b.Signer != *key.Signer()):
			t.Errorf("%v: %v", tc, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%v: error is %v", tc, err)
		}
	}
	public, err := ReadSigners(path + ".pub")
	if err != nil || len(public) != 1 || *public[0] != *key.Signer() {
		t.Errorf("public key is %v, %v", public, err)
	}
	if strings.Contains(key.Signer().Key, "workstation") {
		t.Errorf("the comment of the key is part of it: %s", key.Signer().Key)
	}
}

// TestKeyThatSignedNothing: a signature of another message, or by another key than it
// says, is refused.
func TestKeyThatSignedNothing(t *testing.T) {
	one, other := someKey(t, 1), someKey(t, 2)
	signature, err := one.Sign([]byte("sums"), Namespace)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(signature)
	swapped := armor(bytes.Replace(block.Bytes, one.signer.PublicKey().Marshal(), other.signer.PublicKey().Marshal(), 1))
	for name, tc := range map[string]struct {
		message, signature []byte
		namespace          string
	}{
		"another message":   {[]byte("other"), signature, Namespace},
		"another key":       {[]byte("sums"), swapped, Namespace},
		"another namespace": {[]byte("sums"), signature, AttestationNamespace},
		"no signature":      {[]byte("sums"), nil, Namespace},
		"text":              {[]byte("sums"), []byte("text"), Namespace},
		"text before":       {[]byte("sums"), append([]byte("x\n"), signature...), Namespace},
		"lines of PEM":      {[]byte("sums"), pem.EncodeToMemory(block), Namespace},
	} {
		if signer, err := Verify(tc.message, tc.signature, tc.namespace); err == nil {
			t.Errorf("%s: accepted as signed by %v", name, signer)
		}
	}
	if signer, err := Verify([]byte("sums"), signature, Namespace); err != nil || *signer != *one.Signer() {
		t.Errorf("the signature itself: %v, %v", signer, err)
	}
}

func TestKeysThatCannotSign(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"rsa": pem.EncodeToMemory(block), "text": []byte("no key")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		filepath.Join(dir, "nosuch"): "no such file", filepath.Join(dir, "rsa"): "is of type ssh-rsa, want ssh-ed25519", filepath.Join(dir, "text"): "not a private key of SSH",
		newKeyFile(t, "ed25519", "secret words"): "it needs its passphrase",
	} {
		if _, err := OpenKey(name, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", name, err, want)
		}
	}
}

// TestAgent signs by the real ssh-agent, with a key whose file has a passphrase.
func TestAgent(t *testing.T) {
	if _, err := exec.LookPath("ssh-agent"); err != nil {
		reference.Skip(t, "there is no ssh-agent")
	}
	path := newKeyFile(t, "ed25519", "secret words")
	dir, err := os.MkdirTemp("", "agent") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if _, err := out.Read(make([]byte, 1)); err != nil { // it prints the socket when it listens
		t.Fatal(err)
	}
	if _, err := OpenKey(path, socket); err == nil || !strings.Contains(err.Error(), "it has other keys") {
		t.Errorf("before the key is added: %v", err)
	}
	ask := filepath.Join(dir, "ask")
	if err := os.WriteFile(ask, []byte("#!/bin/sh\necho secret words\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	add := exec.Command("ssh-add", path)
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket, "SSH_ASKPASS="+ask, "SSH_ASKPASS_REQUIRE=force")
	if text, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, name := range []string{path, path + ".pub"} {
		key, err := OpenKey(name, socket)
		if err != nil {
			t.Fatal(err)
		}
		if b, _, err := opened(t, written(t, someManifest(), someLines, signedBy(key))); err != nil || *b.Signer != *key.Signer() {
			t.Errorf("%s: %v", name, err)
		}
		if err := key.Close(); err != nil {
			t.Error(err)
		}
	}
}
