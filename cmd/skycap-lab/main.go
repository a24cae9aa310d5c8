// Command skycap-lab runs a production-like environment on one machine: a real
// Kubernetes control plane with a real or a simulated node, an image registry,
// and an application in a Mercurial repository whose commits build images.
package main

import (
	"os"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
