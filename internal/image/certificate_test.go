package image

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// authority is a private CA.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.certificate, a.key = a.signed(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// signed makes a certificate; the authority's own is signed by itself.
func (a *authority) signed(t *testing.T, wanted *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	wanted.SerialNumber, wanted.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: "test"}
	wanted.NotBefore, wanted.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = wanted, key
	}
	made, err := x509.CreateCertificate(rand.Reader, wanted, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(made)
	require.NoError(t, err)
	return parsed, key
}

func pemOf(certificate *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
}

func pemOfKey(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	text, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text}))
}

// secured is a registry with a certificate of the authority, which wants one of its clients too.
func (a *authority) secured(t *testing.T, names ...string) string {
	t.Helper()
	certificate, key := a.signed(t, &x509.Certificate{DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	clients := x509.NewCertPool()
	clients.AddCert(a.certificate)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			http.Error(w, `{"errors": [{"code": "MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
		}
	})
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://")
}

func TestFindTrustsWhatDockerAndPodmanTrust(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{".config/docker/certs.d", ".config/containers/certs.d"} {
		ca := newAuthority(t)
		address := ca.secured(t)
		user := nobody(t)
		var untrusted *UntrustedError
		_, err := open(t, user).Find(t.Context(), address+"/shop/web", "a")
		require.ErrorAs(t, err, &untrusted)
		assert.True(t, untrusted.UnknownIssuer)
		assert.Equal(t, address, untrusted.Host)

		certificate, key := ca.signed(t, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		user.write(t, filepath.Join(folder, address, "ca.crt"), pemOf(ca.certificate))
		user.write(t, filepath.Join(folder, address, "client.cert"), pemOf(certificate))
		user.write(t, filepath.Join(folder, address, "client.key"), pemOfKey(t, key))
		user.write(t, filepath.Join(folder, address, "README"), "left alone")
		_, err = open(t, user).Find(t.Context(), address+"/shop/web", "a")
		var missing *NotFoundError
		require.ErrorAs(t, err, &missing, "trusted, and not found")
	}
}

func TestFilesThatAreNoCertificates(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ca.crt":      `ca.crt" can't be used: it has no certificate in PEM`,
		"client.cert": `client.cert" can't be used: open `,
	} {
		user := nobody(t)
		address := startRegistry(t, unguarded)
		user.write(t, filepath.Join(".config/docker/certs.d", address, name), "nothing")
		_, err := open(t, user).Find(t.Context(), address+"/shop/web", "a")
		var broken *CertificateFileError
		require.ErrorAs(t, err, &broken, name)
		assert.Contains(t, err.Error(), want)
	}
}

// Only names of this machine and private addresses may be asked by plain HTTP.
func TestFindAsksNobodyElseByPlainHTTP(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.2:0")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI runs this test: it needs Linux's addresses of this machine")
		}
		t.Skip("needs Linux: there this machine has more addresses than one")
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	_, err = open(t, nobody(t)).Find(t.Context(), listener.Addr().String()+"/shop/web", "a")
	var plain *PlainError
	require.ErrorAs(t, err, &plain)
	assert.Equal(t, listener.Addr().String(), plain.Registry)
}
