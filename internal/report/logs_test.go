package report

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLogsMarkLinesAndLeaveTheirBytes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	NewLogs(&out, false).Print("web", "web-1", "\x1b[1m\xff\r")
	NewLogs(&out, true).Print("web", "web-1", "")
	assert.Equal(t, "web web-1 | \x1b[1m\xff\r\n\x1b[36mweb web-1 |\x1b[0m \n", out.String())
}
