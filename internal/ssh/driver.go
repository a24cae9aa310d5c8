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
	code := fmt.Sprintf("token=%s tick=%g\n", token, tick.Seconds()) + Condensed(driverText)
	return []byte(strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(code) + "\n")
}

// Condensed is a script without its comments, empty lines and indentation, none of which
// may be part of a string: that is a third of what would go over the wire.
func Condensed(script string) string {
	var text strings.Builder
	for line := range strings.Lines(script) {
		if line = strings.TrimLeft(line, "\t "); !strings.HasPrefix(line, "#") && line != "\n" {
			text.WriteString(line)
		}
	}
	return text.String()
}
