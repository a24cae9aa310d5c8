package image

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// certificateFolders are where docker and podman look for certificates: each has a
// folder for a registry, named as it is in references.
func certificateFolders(getenv func(string) string) []string {
	config := configFolder(getenv)
	return []string{
		"/etc/docker/certs.d", "/etc/containers/certs.d",
		filepath.Join(config, "docker", "certs.d"), filepath.Join(config, "containers", "certs.d"),
	}
}

// configFolder is where the user's programs keep what is set up for them.
func configFolder(getenv func(string) string) string {
	return cmp.Or(getenv("XDG_CONFIG_HOME"), filepath.Join(home(getenv), ".config"))
}

func home(getenv func(string) string) string { return cmp.Or(getenv("HOME"), getenv("USERPROFILE")) }

// certificatesFor is what the folders have for a host: CAs (*.crt) beside the system's,
// and certificates of the client (*.cert with *.key). It is nil where they have nothing.
func certificatesFor(host string, folders []string) (*tls.Config, error) {
	var found *tls.Config
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(folder, host))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			continue // docker's is for root alone on some machines
		}
		if err != nil {
			return nil, &CertificateFileError{Path: filepath.Join(folder, host), Err: err}
		}
		for _, entry := range entries {
			if found == nil {
				found = &tls.Config{MinVersion: tls.VersionTLS12}
			}
			path := filepath.Join(folder, host, entry.Name())
			if err := take(found, path); err != nil {
				return nil, &CertificateFileError{Path: path, Err: err}
			}
		}
	}
	return found, nil
}

// take adds what a file has. Of other names than these it is left alone.
func take(to *tls.Config, path string) error {
	switch base := strings.TrimSuffix(path, filepath.Ext(path)); filepath.Ext(path) {
	case ".crt":
		return takeCA(to, path)
	case ".cert":
		pair, err := tls.LoadX509KeyPair(path, base+".key")
		to.Certificates = append(to.Certificates, pair)
		return err
	}
	return nil
}

func takeCA(to *tls.Config, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if to.RootCAs == nil {
		if to.RootCAs, err = x509.SystemCertPool(); err != nil {
			return err
		}
	}
	if !to.RootCAs.AppendCertsFromPEM(text) {
		return errors.New("it has no certificate in PEM")
	}
	return nil
}
