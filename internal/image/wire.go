package image

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// maxAnswer bounds what is read of one answer, in bytes: a registry takes manifests of
// up to 4 MiB.
const maxAnswer = 8 << 20

// wire sends requests, to each host with the certificates that are set up for it. It
// keeps the connections of all images together.
type wire struct {
	folders []string

	mutex sync.Mutex
	plain *http.Transport            // of the hosts that nothing is set up for
	hosts map[string]*http.Transport // of each host that was asked
}

// RoundTrip implements [http.RoundTripper]. What it answers can't be read without end.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	to, err := w.to(request.URL.Host)
	if err != nil {
		return nil, err
	}
	answer, err := to.RoundTrip(request)
	if err == nil {
		answer.Body = &bounded{ReadCloser: answer.Body, left: maxAnswer}
	}
	return answer, err
}

func (w *wire) to(host string) (*http.Transport, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if known := w.hosts[host]; known != nil {
		return known, nil
	}
	if w.hosts == nil {
		w.plain, w.hosts = client(), map[string]*http.Transport{}
	}
	certificates, err := certificatesFor(host, w.folders)
	if err != nil {
		return nil, err
	}
	w.hosts[host] = w.plain
	if certificates != nil {
		w.hosts[host] = client()
		w.hosts[host].TLSClientConfig = certificates
	}
	return w.hosts[host], nil
}

var errTooLong = errors.New("its answer is longer than 8 MiB")

// bounded is an answer that ends with an error where it is too long.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(data []byte) (int, error) {
	n, err := b.ReadCloser.Read(data)
	if b.left -= n; b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}
