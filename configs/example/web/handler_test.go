package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// A mounted ConfigMap with items in folders: names are links into "..data".
func TestHandlerPrintsMountedConfig(t *testing.T) {
	root := t.TempDir()
	data := filepath.Join(root, "..2026", "partners")
	for _, err := range []error{
		os.MkdirAll(data, 0o755),
		os.WriteFile(filepath.Join(data, "shipping.yaml"), []byte("url: x\n"), 0o600),
		os.WriteFile(filepath.Join(root, "..2026", "greeting.txt"), []byte("hi\n"), 0o600),
		os.Symlink("..2026", filepath.Join(root, "..data")),
		os.Symlink("..data/partners", filepath.Join(root, "partners")),
		os.Symlink("..data/greeting.txt", filepath.Join(root, "greeting.txt")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	answer := httptest.NewRecorder()
	handler("3f2c1a9b8d70", os.DirFS(root)).ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
	want := "revision: 3f2c1a9b8d70\n" + greeting + "\n" +
		"\n--- greeting.txt\nhi\n\n--- partners/shipping.yaml\nurl: x\n"
	if got := answer.Body.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
