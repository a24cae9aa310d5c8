package ssh

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed driver.sh
var driverText string

// bootstrap is the command line of the remote side. Every login shell reads it
// alike, it has no secret, and it takes the driver from stdin: one line, since
// read is what never reads ahead.
const bootstrap = `exec sh -c 'read -r driver; eval "$(printf %b "$driver")"'`

// silence is how many ticks without a sign of life end a driver; it is written in driver.sh too.
const silence = 6

// driverLine is the driver with what it has to know, as the one line that bootstrap reads.
func driverLine(token string, tick time.Duration) []byte {
	var code strings.Builder
	fmt.Fprintf(&code, "token=%s tick=%g\n", token, tick.Seconds())
	for line := range strings.Lines(driverText) {
		if line = strings.TrimLeft(line, "\t"); !strings.HasPrefix(line, "#") && line != "\n" {
			code.WriteString(line)
		}
	}
	return []byte(strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(code.String()) + "\n")
}
