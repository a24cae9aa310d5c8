// Command task is what the jobs of the tests run: it says its words, and ends as it is told.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	code, _ := strconv.Atoi(os.Args[1])
	for _, word := range os.Args[2:] {
		fmt.Println(word)
	}
	if code < 0 {
		time.Sleep(time.Hour) // it hangs
	}
	os.Exit(code)
}
