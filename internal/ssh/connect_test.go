package ssh

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/internal/run"
	"github.com/skycap/skycap/internal/ssh/sshtest"
)

// echo opens a session and runs one step.
func echo(t *testing.T, client *Client, address string) error {
	t.Helper()
	session := client.Open(t.Context(), Host{Address: address})
	result, err := session.Run(t.Context(), Step{Name: "echo", Script: "echo here; cat", Input: []byte("input")})
	if err == nil {
		assert.Equal(t, "here\ninput", string(result.Stdout))
		assert.Empty(t, result.Stderr)
	}
	return err
}

func TestHostKeysThatAreNotAsKnownAreToldAtOnce(t *testing.T) {
	t.Parallel()
	one, two := sshtest.Start(t), sshtest.Start(t)
	config := sshtest.Config(t,
		sshtest.Alias{Name: "known", Server: one},
		sshtest.Alias{Name: "new1", Server: one, Key: "-"},
		sshtest.Alias{Name: "new2", Server: two, Key: "-"},
		sshtest.Alias{Name: "changed", Server: two, Key: sshtest.Key(t)},
	)
	client := clientOf(t, config)
	var errs []error
	for _, name := range []string{"known", "new1", "new2", "changed"} {
		errs = append(errs, echo(t, client, name))
	}
	var keys *HostKeysError
	require.ErrorAs(t, Join(errs...), &keys)
	assert.Equal(t, []*HostKeyError{
		{Host: Host{Address: "new1"}, Type: "ssh-ed25519", Fingerprint: one.Fingerprint(t)},
		{Host: Host{Address: "new2"}, Type: "ssh-ed25519", Fingerprint: two.Fingerprint(t)},
		{Host: Host{Address: "changed"}, Type: "ssh-ed25519", Fingerprint: two.Fingerprint(t), Changed: true, Known: sshtest.Known(config) + ":2"},
	}, keys.Keys)
	require.NoError(t, errs[0])

	trusting := clientOf(t, config)
	trusting.AcceptNewHostKeys = true
	warned := make(chan string, 1)
	trusting.Warn = func(text string) { warned <- text }
	require.NoError(t, echo(t, trusting, "new1"))
	assert.Contains(t, <-warned, one.Fingerprint(t))
	require.NoError(t, echo(t, client, "new1"), "it is known from now on")
	var changed *HostKeyError
	require.ErrorAs(t, echo(t, trusting, "changed"), &changed)
	assert.True(t, changed.Changed)
}

func TestARefusedLoginIsTriedOnce(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, "AuthorizedKeysFile none")
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	var refused *AuthError
	require.ErrorAs(t, echo(t, client, "h"), &refused)
	assert.Equal(t, []string{"publickey"}, refused.Methods)
	assert.Contains(t, refused.Tried, "publickey")
	assert.Equal(t, 1, strings.Count(server.Log(), "Connection from"))
}

func TestManySessionsPassMaxStartups(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, "MaxStartups 3:50:10")
	aliases := make([]sshtest.Alias, 30)
	for i := range aliases {
		aliases[i] = sshtest.Alias{Name: fmt.Sprintf("h%d", i), Server: server}
	}
	client := clientOf(t, sshtest.Config(t, aliases...))
	var row []*Pending
	for i := range aliases {
		row = append(row, client.Open(t.Context(), Host{Address: aliases[i].Name}).Send(Step{Script: "true"}))
	}
	for _, pending := range row {
		assert.Equal(t, 0, status(t, pending))
	}
}

func TestAResetBeforeAuthenticationIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	network := sshtest.Dial(t, server, 0, 2)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server, Port: network.Port}))
	require.NoError(t, echo(t, client, "h"))
	assert.Equal(t, 3, network.Accepted())
}

func TestAServerThatAlwaysTurnsUsAwayIsUnreachable(t *testing.T) {
	t.Parallel()
	network := sshtest.Dial(t, sshtest.Start(t), 0, 100)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: sshtest.Start(t), Port: network.Port}))
	var unreachable *UnreachableError
	require.ErrorAs(t, echo(t, client, "h"), &unreachable)
	assert.Equal(t, tries, unreachable.Tries)
	assert.Equal(t, "MaxStartups", unreachable.Limit)
	assert.Equal(t, tries, network.Accepted())
}

func TestAnSSHDThatIsDownIsUnreachableAtOnce(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	server.Stop()
	begun := time.Now()
	var unreachable *UnreachableError
	require.ErrorAs(t, echo(t, client, "h"), &unreachable)
	assert.Contains(t, unreachable.Text, "Connection refused")
	assert.Less(t, time.Since(begun), 5*time.Second)
	require.ErrorAs(t, echo(t, client, "no-such-host.invalid"), &unreachable)
	assert.Contains(t, unreachable.Text, "Could not resolve hostname")
}

func TestNoiseBeforeTheShellIsIgnored(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, "Banner /etc/passwd", `ForceCommand sh -c 'echo noise; echo noise >&2; printf half; exec sh -c "$SSH_ORIGINAL_COMMAND"'`)
	require.NoError(t, echo(t, clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server})), "h"))
}

func TestAHostWithoutAShellSaysSo(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, `ForceCommand echo "This account is not available."; exit 1`)
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	var shell *ShellError
	require.ErrorAs(t, echo(t, client, "h"), &shell)
	assert.Contains(t, shell.Text, "This account is not available.")

	folder := t.TempDir()
	for _, tool := range []string{"sh", "cat", "dd", "sleep"} {
		require.NoError(t, os.Symlink("/bin/"+tool, folder+"/"+tool))
	}
	server = sshtest.Start(t, `ForceCommand PATH=`+folder+`; export PATH; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`)
	client = clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: server}))
	require.ErrorAs(t, echo(t, client, "h"), &shell)
	assert.Equal(t, []string{"flock", "gzip", "setsid"}, shell.Missing)
}

func TestJumpHosts(t *testing.T) {
	t.Parallel()
	bastion, inner := sshtest.Start(t), sshtest.Start(t)
	config := sshtest.Config(t,
		sshtest.Alias{Name: "bastion", Server: bastion},
		sshtest.Alias{Name: "second", Server: inner},
		sshtest.Alias{Name: "unknown", Server: bastion, Key: "-"},
		sshtest.Alias{Name: "far", Server: inner, Lines: []string{"ProxyJump bastion"}},
		sshtest.Alias{Name: "farther", Server: bastion, Lines: []string{"ProxyJump bastion,second"}},
		sshtest.Alias{Name: "nested", Server: bastion, Lines: []string{"ProxyJump far"}},
		sshtest.Alias{Name: "cut", Server: inner, Lines: []string{"ProxyJump unknown"}},
	)
	client := clientOf(t, config)
	require.NoError(t, echo(t, client, "far"))
	require.NoError(t, echo(t, client, "farther"))
	require.NoError(t, echo(t, client, "nested"))
	var key *HostKeyError
	require.ErrorAs(t, echo(t, client, "cut"), &key)
	assert.Equal(t, &HostKeyError{Host: Host{Address: "cut"}, Jump: "unknown", Type: "ssh-ed25519", Fingerprint: bastion.Fingerprint(t)}, key)
	path, err := client.pathTo(t.Context(), Host{Address: "nested"})
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("127.0.0.1:%d", bastion.Port), path.firstHop)
}

// A master of the user's is used; one that takes no further session is no hindrance.
func TestAMasterOfTheUsersMayBeFull(t *testing.T) {
	t.Parallel()
	server := sshtest.Start(t, "MaxSessions 1")
	config := sshtest.Config(t, sshtest.Alias{Name: "h", Server: server, Lines: []string{"ControlMaster auto", "ControlPath " + t.TempDir() + "/%C"}})
	ctx, cancel := context.WithCancel(t.Context())
	up, ended := newLines(), make(chan struct{})
	go func() {
		defer close(ended)
		_ = run.Local{}.Run(ctx, run.Command{Name: "ssh", Args: []string{"-F", config, "h", "echo up; sleep 600"}, Stdout: up})
	}()
	<-up.line
	client := clientOf(t, config)
	require.NoError(t, echo(t, client, "h"))
	require.NoError(t, echo(t, client, "h"))
	cancel()
	<-ended
}

func TestBadNamesStartNothing(t *testing.T) {
	t.Parallel()
	var started atomic.Int32
	client := &Client{Runner: run.Func(func(context.Context, run.Command) error {
		started.Add(1)
		return nil
	})}
	for _, host := range []Host{
		{Address: ""}, {Address: "-oProxyCommand=touch X"}, {Address: "a;b"}, {Address: "a b"}, {Address: "a`b"}, {Address: "a\nb"},
		{Address: "$(a)"}, {Address: "a@b"}, {Address: "[::1"}, {Address: "a\x00"},
		{Address: "h", User: "-l"}, {Address: "h", User: "a\nb"}, {Address: "h", User: "`a`"}, {Address: "h", User: "a@b"},
	} {
		var name *NameError
		_, err := client.Open(t.Context(), host).Run(t.Context(), Step{})
		require.ErrorAs(t, err, &name, "%+v", host)
		_, err = client.Command(host, false, nil)
		require.ErrorAs(t, err, &name, "%+v", host)
	}
	assert.Zero(t, started.Load())
	for _, host := range []Host{{Address: "a"}, {Address: "web-1.example.com", User: "deploy"}, {Address: "10.0.0.1"}, {Address: "::1"}, {Address: "[fe80::1%eth0]"}, {Address: "2001:db8::1"}} {
		assert.NoError(t, host.Check())
	}
}

func TestWithoutSSHTheErrorSaysSo(t *testing.T) {
	t.Parallel()
	client := &Client{Runner: run.Func(func(_ context.Context, command run.Command) error {
		return &run.NotFoundError{Name: command.Name}
	})}
	_, err := client.Open(t.Context(), Host{Address: "h"}).Run(t.Context(), Step{})
	var missing *run.NotFoundError
	require.ErrorAs(t, err, &missing)
}

func TestACommandForPeopleArrivesAsItWas(t *testing.T) {
	t.Parallel()
	client := clientOf(t, sshtest.Config(t, sshtest.Alias{Name: "h", Server: sshtest.Start(t)}))
	command, err := client.Command(Host{Address: "h"}, false, []string{"printf", "%s|", "it's", "", "$HOME", "a\nb", "-n"})
	require.NoError(t, err)
	var text strings.Builder
	command.Stdout = &text
	require.NoError(t, run.Local{}.Run(t.Context(), command))
	assert.Equal(t, "it's||$HOME|a\nb|-n|", text.String())
}
