package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
)

const greeting = "Welcome to the storefront."

// handler answers GET / with the revision, the greeting and the configuration, and
// GET /healthz for probes.
func handler(revision string, config fs.FS) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "revision: %s\n%s\n", revision, greeting)
		if err := printFiles(w, config); err != nil {
			fmt.Fprintf(w, "\nconfig: %v\n", err)
		}
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// printFiles prints each file with its name. In a mounted ConfigMap all names are
// links into a folder "..data", where the files themselves lie.
func printFiles(w io.Writer, config fs.FS) error {
	if data, err := fs.Sub(config, "..data"); err == nil && isFolder(data) {
		config = data
	}
	return fs.WalkDir(config, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(config, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "\n--- %s\n%s", path, content)
		return err
	})
}

func isFolder(fsys fs.FS) bool {
	info, err := fs.Stat(fsys, ".")
	return err == nil && info.IsDir()
}
