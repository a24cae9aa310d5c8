package registry

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// manifests passes requests on to a registry that keeps manifests in memory, and
// keeps on disk what was put there. A replay puts it back.
type manifests struct {
	dir   string
	inner http.Handler
}

// manifest is one PUT that succeeded.
type manifest struct {
	Path        string    `json:"path"` // of the URL: /v2/NAME/manifests/REFERENCE
	ContentType string    `json:"contentType"`
	Body        []byte    `json:"body"`
	Time        time.Time `json:"time"` // an index comes after what it lists
}

func (m *manifests) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	isManifest := strings.Contains(r.URL.Path, "/manifests/")
	switch {
	case isManifest && r.Method == http.MethodPut:
		m.put(w, r)
	case isManifest && r.Method == http.MethodDelete:
		if err := os.Remove(m.file(r.URL.Path)); err != nil && !errors.Is(err, os.ErrNotExist) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		m.inner.ServeHTTP(w, r)
	default:
		m.inner.ServeHTTP(w, r)
	}
}

// put answers only when the manifest is on disk.
func (m *manifests) put(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	m.inner.ServeHTTP(answer, r)
	if answer.Code == http.StatusCreated {
		err := m.save(manifest{r.URL.Path, r.Header.Get("Content-Type"), body, time.Now()})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes()) //nolint:errcheck // the client is gone
}

func (m *manifests) save(put manifest) error {
	data, err := json.Marshal(put)
	if err != nil {
		return err
	}
	return state.WriteFile(m.file(put.Path), data, 0o600)
}

// file has a name that any reference can be turned into.
func (m *manifests) file(path string) string {
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(m.dir, hex.EncodeToString(sum[:])+".json")
}

// replay puts the kept manifests into the registry in the order they came in.
func (m *manifests) replay(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(m.dir, "*.json"))
	if err != nil {
		return err
	}
	var kept []manifest
	for _, file := range files {
		var put manifest
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, &put)
		}
		if err != nil {
			return fmt.Errorf("reading %q: %w", file, err)
		}
		kept = append(kept, put)
	}
	slices.SortFunc(kept, func(a, b manifest) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Path, b.Path))
	})
	for _, put := range kept {
		request := httptest.NewRequestWithContext(ctx, http.MethodPut, put.Path, bytes.NewReader(put.Body))
		request.Header.Set("Content-Type", put.ContentType)
		answer := httptest.NewRecorder()
		m.inner.ServeHTTP(answer, request)
		if answer.Code != http.StatusCreated {
			return fmt.Errorf("%q was not taken back: %s", put.Path, answer.Body)
		}
	}
	return nil
}
