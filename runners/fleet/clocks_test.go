package fleet

import (
	"crypto/x509"
	"reflect"
	"testing"
	"time"
)

// TestNoClocks: no message of a worker has a time, so that the clock of its machine does
// not matter, and a machine whose clock is decades off accepts the certificate.
func TestNoClocks(t *testing.T) {
	for _, message := range []any{beat{}, claim{}, answer{}, lesson{}} {
		times(t, reflect.TypeOf(message).Name(), reflect.TypeOf(message), map[reflect.Type]bool{})
	}
	certificate, _, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if first, last := time.Unix(0, 0), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC); leaf.NotBefore.After(first) || leaf.NotAfter.Before(last) {
		t.Errorf("the certificate is valid from %s to %s", leaf.NotBefore, leaf.NotAfter)
	}
}

// times reports the times in a type.
func times(t *testing.T, name string, of reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	if seen[of] {
		return
	}
	seen[of] = true
	if of == reflect.TypeFor[time.Time]() {
		t.Errorf("%s is a time", name)
		return
	}
	switch of.Kind() {
	case reflect.Struct:
		for i := range of.NumField() {
			times(t, name+"."+of.Field(i).Name, of.Field(i).Type, seen)
		}
	case reflect.Map:
		times(t, name+" key", of.Key(), seen)
		times(t, name+" value", of.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		times(t, name, of.Elem(), seen)
	}
}
