package target

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExecutionOfOneOfSeveral(t *testing.T) {
	t.Parallel()
	var out, said bytes.Buffer
	all := Execution{Command: []string{"ls"}, All: true, Terminal: true, Stdin: strings.NewReader("x"), Stdout: &out, Err: &said}
	one, flush := all.Of("web-1")
	assert.Equal(t, []string{"ls"}, one.Command)
	assert.False(t, one.All)
	assert.False(t, one.Terminal)
	assert.Nil(t, one.Stdin)
	assert.Equal(t, "web-1", one.Instance)

	for _, part := range []string{"a", "b\r\n\n", "c\x00"} {
		_, err := io.WriteString(one.Stdout, part)
		require.NoError(t, err)
	}
	_, err := io.WriteString(one.Err, "why\n")
	require.NoError(t, err)
	assert.Equal(t, "web-1 | ab\r\nweb-1 | \n", out.String(), "whole lines only")
	require.NoError(t, flush())
	require.NoError(t, flush(), "twice adds nothing")
	assert.Equal(t, "web-1 | ab\r\nweb-1 | \nweb-1 | c\x00\n", out.String())
	assert.Equal(t, "web-1 | why\n", said.String())
}
