package bundles

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"nerbench/internal/fault"
)

// The namespaces of signatures: a signature of one kind is none of another.
const (
	Namespace            = "nerbench-bundle"
	AttestationNamespace = "nerbench-attestation"
)

// Signer is whose key made a signature.
type Signer struct {
	// Key is the public key in one line, without a comment.
	Key string `json:"key"`
	// Fingerprint is the SHA-256 of the key, as ssh-keygen prints it.
	Fingerprint string `json:"fingerprint"`
}

func newSigner(key ssh.PublicKey) *Signer {
	return &Signer{strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), ssh.FingerprintSHA256(key)}
}

// Key signs.
type Key struct {
	signer ssh.Signer
	close  func() error
}

// Signer is whose key it is.
func (k *Key) Signer() *Signer { return newSigner(k.signer.PublicKey()) }

// Close ends the connection to an agent.
func (k *Key) Close() error {
	if k.close == nil {
		return nil
	}
	return k.close()
}

// OpenKey opens a private Ed25519 key of SSH; without a path, that of the user's folder,
// .ssh/id_ed25519. A key with a passphrase, and the public half of a key (FILE.pub), sign
// by the agent at the address agentSocket; empty: there is no agent.
func OpenKey(path, agentSocket string) (*Key, error) {
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		path = filepath.Join(home, ".ssh", "id_ed25519")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &fault.Hint{Err: fmt.Errorf("key: %w", err), Advice: "ssh-keygen -t ed25519 makes a key; --key names another file"}
	}
	signer, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		if kind := signer.PublicKey().Type(); kind != ssh.KeyAlgoED25519 {
			return nil, wrongKind(path, kind)
		}
		return &Key{signer: signer}, nil
	case errors.As(err, &locked):
		public := locked.PublicKey
		if public == nil {
			if public, err = readPublic(path + ".pub"); err != nil {
				return nil, fmt.Errorf("key: %s: it has a passphrase, and its public half: %w", path, err)
			}
		}
		return agentKey(path, public, agentSocket)
	}
	if public, err := readPublic(path); err == nil {
		return agentKey(path, public, agentSocket)
	}
	return nil, fmt.Errorf("key: %s: not a private key of SSH", path)
}

func wrongKind(path, kind string) error {
	return &fault.Hint{Err: fmt.Errorf("key: %s: is of type %s, want %s", path, kind, ssh.KeyAlgoED25519), Advice: "ssh-keygen -t ed25519 makes such a key"}
}

// agentKey is a key whose private half an agent has.
func agentKey(path string, public ssh.PublicKey, socket string) (*Key, error) {
	if kind := public.Type(); kind != ssh.KeyAlgoED25519 {
		return nil, wrongKind(path, kind)
	}
	missing := func(why error) error {
		return &fault.Hint{Err: fmt.Errorf("key: %s: it needs its passphrase, or is a public key, and ssh-agent does not have it: %w", path, why), Advice: "ssh-add " + strings.TrimSuffix(path, ".pub")}
	}
	if socket == "" {
		return nil, missing(errors.New("SSH_AUTH_SOCK is not set"))
	}
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return nil, missing(err)
	}
	signers, err := agent.NewClient(connection).Signers()
	for _, s := range signers {
		if bytes.Equal(s.PublicKey().Marshal(), public.Marshal()) {
			return &Key{s, connection.Close}, nil
		}
	}
	connection.Close()
	if err == nil {
		err = errors.New("it has other keys")
	}
	return nil, missing(err)
}

// readPublic reads the first public key of a file of one key a line.
func readPublic(path string) (ssh.PublicKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	return key, err
}

// ReadSigners reads the public keys of a file: one a line, as in FILE.pub.
func ReadSigners(path string) ([]*Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var signers []*Signer
	for len(bytes.TrimSpace(text)) > 0 {
		key, _, _, rest, err := ssh.ParseAuthorizedKey(text)
		if err != nil {
			return nil, fmt.Errorf("%s: not a file of public keys: %w", path, err)
		}
		signers, text = append(signers, newSigner(key)), rest
	}
	if signers == nil {
		return nil, fmt.Errorf("%s: has no key", path)
	}
	return signers, nil
}

// Sign signs a message, as ssh-keygen -Y sign -n NAMESPACE does.
func (k *Key) Sign(message []byte, namespace string) ([]byte, error) {
	s, err := sshsig.Sign(bytes.NewReader(message), k.signer, sshsig.HashSHA512, namespace)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return armor(s.Marshal()), nil
}

const (
	armorStart = "-----BEGIN " + sshsig.PEMType + "-----\n"
	armorEnd   = "-----END " + sshsig.PEMType + "-----\n"
)

// armor writes a signature in lines as ssh-keygen does, which are longer than those of
// PEM.
func armor(signature []byte) []byte {
	const width = 70
	var b bytes.Buffer
	b.WriteString(armorStart)
	text := base64.StdEncoding.EncodeToString(signature)
	for len(text) > width {
		b.WriteString(text[:width] + "\n")
		text = text[width:]
	}
	b.WriteString(text + "\n" + armorEnd)
	return b.Bytes()
}

// Verify verifies a signature of a message, and returns whose it is. It takes the one
// form in which ssh-keygen and this program write a signature: any changed byte is an
// error.
func Verify(message, signature []byte, namespace string) (*Signer, error) {
	block, _ := pem.Decode(signature)
	if block == nil || !bytes.Equal(armor(block.Bytes), signature) {
		return nil, errors.New("not a signature of SSH as ssh-keygen writes it")
	}
	s, err := sshsig.ParseSignature(block.Bytes)
	switch {
	case err != nil:
		return nil, fmt.Errorf("not a signature of SSH: %w", err)
	case !bytes.Equal(s.Marshal(), block.Bytes):
		return nil, errors.New("not a signature of SSH: it has reserved or further bytes")
	case s.PublicKey.Type() != ssh.KeyAlgoED25519:
		return nil, fmt.Errorf("the key is of type %s, want %s", s.PublicKey.Type(), ssh.KeyAlgoED25519)
	case s.Namespace != namespace:
		return nil, fmt.Errorf("it is for %q, want %q", s.Namespace, namespace)
	}
	if err := sshsig.Verify(bytes.NewReader(message), s, s.PublicKey, s.HashAlgorithm, namespace); err != nil {
		return nil, fmt.Errorf("it does not sign this content: %w", err)
	}
	return newSigner(s.PublicKey), nil
}
