package ssh

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

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

func TestArgumentsAndEnvironmentArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	session := connected(t)
	var every []byte
	every = append(every, allBytes()[1:]...)
	words := []string{"it's", "", "$HOME `id` \\ \"", "a\nb\n", "\xff\xfe", "-n", string(every), "*"}
	result, err := session.Run(t.Context(), Step{
		Script: `for word; do printf '%s\0' "$word"; done; printf '%s\0' "$ONE" "$TWO"`,
		Args:   words, Env: []string{"ONE=it's\n=\n", "TWO=" + string(every)},
	})
	require.NoError(t, err)
	want := append(append([]string{}, words...), "it's\n=\n", string(every), "")
	assert.Equal(t, want, strings.Split(string(result.Stdout), "\x00"))
}

func TestWhatAShellCannotBeToldIsRefused(t *testing.T) {
	t.Parallel()
	session := connected(t)
	for _, step := range []Step{
		{Args: []string{"a\x00b"}}, {Script: "\x00"}, {Env: []string{"A=\x00"}},
		{Env: []string{"A"}}, {Env: []string{"A B=1"}}, {Env: []string{"1=1"}}, {User: "-u"}, {User: "a;b"}, {User: "a b"},
	} {
		_, err := session.Run(t.Context(), step)
		assert.Error(t, err, "%+v", step)
	}
}

func TestTheStatusIsTheSteps(t *testing.T) {
	t.Parallel()
	session := connected(t)
	for _, test := range []struct {
		script string
		want   Result
	}{
		{"true", Result{}},
		{"exit 3", Result{Status: 3}},
		{"exit 255", Result{Status: 255}},
		{"kill -KILL $$", Result{Status: 137, Signal: "KILL"}},
		{"kill -TERM $$", Result{Status: 143, Signal: "TERM"}},
		{"kill -USR1 $$", Result{Status: 138, Signal: "USR1"}},
		{"printf out; printf err >&2; exit 1", Result{Status: 1, Stdout: []byte("out"), Stderr: []byte("err")}},
		{"printf '\\n\\n'", Result{Stdout: []byte("\n\n")}},
		{"echo $#; cat <<E\nhere\nE\n# comment", Result{Stdout: []byte("0\nhere\n")}},
		{"exec >&- 2>&-; exit 4", Result{Status: 4}},
		{"kill -KILL 0; sleep 9", Result{Status: 137, Signal: "KILL"}},
	} {
		result, err := session.Run(t.Context(), Step{Script: test.script})
		require.NoError(t, err, test.script)
		assert.Equal(t, test.want, result, test.script)
	}
}

func TestStepsRunInOrderAndInARow(t *testing.T) {
	t.Parallel()
	session := connected(t)
	folder := t.TempDir()
	var row []*Pending
	for i := range 30 {
		row = append(row, session.Send(Step{
			Script: `cd "$1"; ls | wc -l | tr -d ' \n'; cat; : >"$2"; echo >&2 "$2"; exit "$2"`,
			Args:   []string{folder, strconv.Itoa(i)}, Input: bytes.Repeat([]byte{'.'}, i*1000),
		}))
	}
	for i, pending := range row {
		result, err := pending.Wait(t.Context())
		require.NoError(t, err)
		assert.Equal(t, i, result.Status)
		assert.Equal(t, strconv.Itoa(i)+strings.Repeat(".", i*1000), string(result.Stdout))
		assert.Equal(t, strconv.Itoa(i)+"\n", string(result.Stderr))
	}
}

func TestUnreadInputIsNotTheNextSteps(t *testing.T) {
	t.Parallel()
	session := connected(t)
	first := session.Send(Step{Script: "head -c 3", Input: bytes.Repeat([]byte("run 9 9 9 -\n"), 100_000)})
	second := session.Send(Step{Script: "echo second; cat"})
	result, err := first.Wait(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "run", string(result.Stdout))
	result, err = second.Wait(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "second\n", string(result.Stdout))
}

func TestWritersGetOutputAndTheRestIsBounded(t *testing.T) {
	t.Parallel()
	session := connected(t)
	var out, errs bytes.Buffer
	result, err := session.Run(t.Context(), Step{Script: "echo out; echo err >&2", Output: &out, Errors: &errs})
	require.NoError(t, err)
	assert.Equal(t, Result{}, result)
	assert.Equal(t, "out\nerr\n", out.String()+errs.String())

	_, err = session.Run(t.Context(), Step{Name: "much", Script: "head -c 9000000 /dev/zero"})
	var much *OutputError
	require.ErrorAs(t, err, &much)
	result, err = session.Run(t.Context(), Step{Script: "echo on"})
	require.NoError(t, err)
	assert.Equal(t, "on\n", string(result.Stdout))
}

// The step ends although its child holds its output, and the child with it.
func TestWhatAStepLeavesBehindEnds(t *testing.T) {
	t.Parallel()
	session := connected(t)
	result, err := session.Run(t.Context(), Step{Script: "sleep 600 & echo $!"})
	require.NoError(t, err)
	assertEnded(t, string(result.Stdout))
	result, err = session.Run(t.Context(), Step{Script: "(trap '' TERM; while :; do sleep 1; done) & echo $!"})
	require.NoError(t, err)
	assertEnded(t, string(result.Stdout))
}

func TestRunsAsAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	session := connected(t)
	result, err := session.Run(t.Context(), Step{User: "nobody", Script: `id -un; printf '%s' "$1$A"; cat`, Args: []string{"it's"}, Env: []string{"A=1"}, Input: []byte("in")})
	require.NoError(t, err)
	assert.Equal(t, "nobody\nit's1in", string(result.Stdout))
}

// assertEnded waits for a process to be gone, or to be a zombie that its parent has yet to collect.
func assertEnded(t *testing.T, pid string) {
	t.Helper()
	stat := "/proc/" + strings.TrimSpace(pid) + "/stat"
	assert.Eventually(t, func() bool {
		text, err := os.ReadFile(stat)
		return err != nil || strings.Contains(string(text), ") Z ")
	}, 10*time.Second, 10*time.Millisecond, "process %s is still there", pid)
}
