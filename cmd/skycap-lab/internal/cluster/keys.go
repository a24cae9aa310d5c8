package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// lifetime of the certificates; a lab is made anew long before.
const lifetime = 10 * 365 * 24 * time.Hour

// pair is a certificate with its key.
type pair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// ensureKeys makes the cluster's keys once: an authority, the API server's
// certificate, the one that it shows to the kubelet, and the key that signs
// ServiceAccount tokens. The authority's file is written last: where it is, all are.
func ensureKeys(dir state.Dir) error {
	if _, err := os.Stat(dir.Cluster("ca.crt")); err == nil {
		return nil
	}
	authority, err := issue(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "skycap-lab"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}, nil)
	if err != nil {
		return err
	}
	server, err1 := issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		DNSNames:    []string{"localhost", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, authority)
	client, err2 := issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver", Organization: []string{"system:masters"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, authority)
	accounts, err3 := issue(&x509.Certificate{}, authority)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	return errors.Join(
		server.save(dir, "apiserver"),
		client.save(dir, "kubelet-client"),
		accounts.save(dir, "service-account"),
		authority.save(dir, "ca"),
	)
}

// issue makes a key and a certificate for it, signed by the issuer or by itself.
func issue(template *x509.Certificate, issuer *pair) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(lifetime)
	if issuer == nil {
		issuer = &pair{certificate: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.certificate, &key.PublicKey, issuer.key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &pair{certificate: certificate, key: key}, err
}

func (p *pair) save(dir state.Dir, name string) error {
	der, err := x509.MarshalECPrivateKey(p.key)
	if err != nil {
		return err
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.certificate.Raw})
	if err := state.WriteFile(dir.Cluster(name+".key"), key, 0o600); err != nil {
		return err
	}
	return state.WriteFile(dir.Cluster(name+".crt"), certificate, 0o600)
}
