// Command task is what the jobs of the tests run: it says its words, or for the word
// "-" what it reads, for "=" its environment, and for a path from the root what lies
// below it; and ends as it is told.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	code, _ := strconv.Atoi(os.Args[1])
	for _, word := range os.Args[2:] {
		switch {
		case word == "-":
			_, _ = io.Copy(os.Stdout, os.Stdin)
		case word == "=":
			for _, variable := range os.Environ() {
				fmt.Printf("%q\n", variable)
			}
		case filepath.IsAbs(word):
			look(word, "")
		default:
			fmt.Println(word)
		}
	}
	if code < 0 {
		time.Sleep(time.Hour) // it hangs
	}
	os.Exit(code)
}

// look prints each file below a folder, links followed, with its hash, mode and path.
// What the kubelet keeps for itself begins with two dots.
func look(folder, below string) {
	entries, err := os.ReadDir(filepath.Join(folder, below))
	must(err)
	for _, entry := range entries {
		name := filepath.Join(below, entry.Name())
		if below == "" && strings.HasPrefix(name, "..") {
			continue
		}
		info, err := os.Stat(filepath.Join(folder, name))
		must(err)
		if info.IsDir() {
			look(folder, name)
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, name))
		must(err)
		fmt.Printf("%x %s %q\n", sha256.Sum256(data), info.Mode(), name)
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "task:", err)
		os.Exit(99)
	}
}
