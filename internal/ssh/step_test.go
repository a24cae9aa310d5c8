package ssh

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh/sshtest"
)

// connected is a session with an sshd of its own.
func connected(t *testing.T, lines ...string) *Session {
	t.Helper()
	server := sshtest.Start(t, lines...)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	return client.Open(t.Context(), Host{Address: "h"})
}

func clientOf(t *testing.T, config string) *Client {
	t.Helper()
	client := &Client{Runner: run.Local{}, Config: config, Debug: func(text string) { t.Log(text) }, Warn: func(text string) { t.Log(text) }}
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

func allBytes() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

func TestBytesArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	session := connected(t)
	result, err := session.Run(t.Context(), Step{Name: "cat", Script: "cat", Input: allBytes()})
	require.NoError(t, err)
	assert.Equal(t, Result{Stdout: allBytes()}, result)

	large := bytes.Repeat(allBytes(), 5<<20/256)
	result, err = session.Run(t.Context(), Step{Name: "cat", Script: "tee /dev/stderr", Input: large})
	require.NoError(t, err)
	assert.True(t, bytes.Equal(large, result.Stdout))
	assert.True(t, bytes.Equal(large, result.Stderr))
}
