package registry

import (
	"net/http/httptest"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/image"
	"github.com/skycap/skycap/cmd/skycap-lab/internal/state"
)

// What was pushed to one registry is there in the next one that opens the folder.
func TestImagesSurviveARestart(t *testing.T) {
	dir := state.Dir(t.TempDir())
	pushed, err := random.Image(100, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := image.Push(t.Context(), serve(t, dir)+"/app/web:one", pushed); err != nil {
		t.Fatal(err)
	}

	again := serve(t, dir)
	if err := image.Copy(t.Context(), again+"/app/web:one", "two"); err != nil {
		t.Fatal(err)
	}
	for reference, want := range map[string]string{
		"/app/web:one":   digest(t, pushed),
		"/app/web:two":   digest(t, pushed),
		"/app/web:three": "",
		"/other:one":     "",
	} {
		got, err := image.Digest(t.Context(), again+reference)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", reference, got, err, want)
		}
	}
}

func serve(t *testing.T, dir state.Dir) (address string) {
	t.Helper()
	handler, err := open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func digest(t *testing.T, i v1.Image) string {
	t.Helper()
	d, err := i.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}
