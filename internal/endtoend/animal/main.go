// Animal is what runs in the zoo: a web server that misbehaves as its environment says.
//
//	LISTEN         address of the server; :8080 when empty
//	HEALTH_STATUS  what /healthz answers; 200 when empty
//	READY_AFTER    for how long /healthz answers 503 first
//	FLAP           for how long every other answer of /healthz is 503
//	EXIT_AFTER     when it ends by itself, with EXIT_CODE
//	EXIT_TIMES     how many starts end so, counted in the file MARKER; all when empty
//	ALLOCATE_MIB   how much memory it takes
//	LINGER         how long it lives on after SIGTERM
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	fmt.Println("animal: awake")
	hoard := allocate(number("ALLOCATE_MIB", 0))
	go serve(time.Now())

	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	select {
	case <-exit():
		fmt.Fprintln(os.Stderr, "animal: fatal: the zoo has no bamboo")
		os.Exit(number("EXIT_CODE", 1))
	case <-terminated:
		time.Sleep(duration("LINGER"))
	}
	fmt.Println("animal: asleep", len(hoard))
}

// serve answers with 200 all that isn't /healthz.
func serve(start time.Time) {
	address := os.Getenv("LISTEN")
	if address == "" {
		address = ":8080"
	}
	var asked atomic.Int64
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		age, status := time.Since(start), number("HEALTH_STATUS", http.StatusOK)
		if age < duration("READY_AFTER") || age < duration("FLAP") && asked.Add(1)%2 == 0 {
			status = http.StatusServiceUnavailable
		}
		w.WriteHeader(status)
	})
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	server := &http.Server{Addr: address, ReadHeaderTimeout: time.Second}
	fmt.Fprintln(os.Stderr, "animal:", server.ListenAndServe())
}

// exit is when this start ends by itself, or never.
func exit() <-chan time.Time {
	if os.Getenv("EXIT_AFTER") == "" || starts() > number("EXIT_TIMES", 1<<30) {
		return nil
	}
	return time.After(duration("EXIT_AFTER"))
}

// starts counts this start and those before it: a byte of the file each.
func starts() int {
	if os.Getenv("MARKER") == "" {
		return 1
	}
	content, _ := os.ReadFile(os.Getenv("MARKER"))
	content = append(content, '.')
	if err := os.WriteFile(os.Getenv("MARKER"), content, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "animal:", err)
	}
	return len(content)
}

// allocate takes memory and writes to all of it, so that it counts.
func allocate(mib int) []byte {
	hoard := make([]byte, mib<<20)
	for i := 0; i < len(hoard); i += 4096 {
		hoard[i] = 1
	}
	return hoard
}

func number(name string, otherwise int) int {
	value, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		return otherwise
	}
	return value
}

func duration(name string) time.Duration {
	value, _ := time.ParseDuration(os.Getenv(name))
	return value
}
