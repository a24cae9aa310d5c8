package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
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

// printFiles prints each file with its name. What Kubernetes keeps for itself in a
// mounted ConfigMap (names that begin with "..") is no configuration.
func printFiles(w io.Writer, config fs.FS) error {
	return fs.WalkDir(config, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), "..") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		// A file of a ConfigMap is a link, and so is a folder: look behind it.
		info, err := fs.Stat(config, path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			if entry.IsDir() {
				return nil
			}
			return printFolder(w, config, path)
		}
		return printFile(w, config, path)
	})
}

// printFolder prints a folder that is a link, which WalkDir doesn't follow.
func printFolder(w io.Writer, config fs.FS, path string) error {
	folder, err := fs.Sub(config, path)
	if err != nil {
		return err
	}
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return printFile(w, config, path+"/"+name)
	})
}

func printFile(w io.Writer, config fs.FS, path string) error {
	content, err := fs.ReadFile(config, path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n--- %s\n%s", path, content)
	return err
}
