package submissions

import (
	"context"
	"errors"
	"slices"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/internal/fault"
)

// CheckRequest describes what to check of a bundle.
type CheckRequest struct {
	File string
	// Signers is a file of public keys, one of which must have signed; empty: any, or none.
	Signers string
	// Attestations are files of records of [Attest] about the bundle.
	Attestations []string
	// Against are the bundles of an audit, files or folders; empty: no audit.
	Against []string
}

// Checked is the outcome of [Check].
type Checked struct {
	Report
	Attestations []Attested   `json:"attestations,omitempty"`
	Audit        *AuditReport `json:"audit,omitempty"`
}

// Attested is an attestation and whose it is.
type Attested struct {
	Attestation
	Signer *bundles.Signer `json:"signer"`
}

// Check verifies a bundle as [Verify] does, and checks its signer and its attestations. A
// bundle that is verified is audited, too ([Audit]). The outcome is valid with an error, as
// that of Verify is. The error is a [fault.DataError] only if nothing is wrong.
func Check(ctx context.Context, b *harness.Bench, r CheckRequest) (Checked, error) {
	var signers []*bundles.Signer
	if r.Signers != "" {
		var err error
		if signers, err = bundles.ReadSigners(r.Signers); err != nil {
			return Checked{}, fault.Usagef("bundle verify: --signer: %v", err)
		}
	}
	report, err := Verify(ctx, b, r.File)
	if report.File == "" {
		return Checked{}, err
	}
	out := Checked{Report: report}
	faults := []error{err}
	if signers != nil {
		faults = append(faults, CheckSigner(r.File, report.Signer, signers))
	}
	for _, name := range r.Attestations {
		a, signer, err := ReadAttestation(ctx, name, r.File)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		out.Attestations = append(out.Attestations, Attested{a, signer})
	}
	if len(r.Against) > 0 && err == nil {
		audit, err := Audit(ctx, b, r.File, r.Against)
		out.Audit, faults = &audit, append(faults, err)
	}
	return out, errors.Join(wrongFirst(faults)...)
}

// wrongFirst drops errors about missing data if others say that something is wrong: the
// kind of the whole is theirs.
func wrongFirst(faults []error) []error {
	faults = slices.DeleteFunc(faults, func(err error) bool { return err == nil })
	data := func(err error) bool { return errors.As(err, new(*fault.DataError)) }
	if slices.ContainsFunc(faults, func(err error) bool { return !data(err) }) {
		faults = slices.DeleteFunc(faults, data)
	}
	return faults
}
