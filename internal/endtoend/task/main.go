// Command task is what the jobs of the tests run: it says its words, or for the word
// "-" what it reads, and ends as it is told.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

func main() {
	code, _ := strconv.Atoi(os.Args[1])
	for _, word := range os.Args[2:] {
		if word == "-" {
			_, _ = io.Copy(os.Stdout, os.Stdin)
			continue
		}
		fmt.Println(word)
	}
	if code < 0 {
		time.Sleep(time.Hour) // it hangs
	}
	os.Exit(code)
}
