package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain is skycap itself when it is started under that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"skycap": func() {
			os.Exit(Main(context.Background(), "v0.0.0-test", os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
		},
	})
}

// TestScripts runs what needs no cluster. To write the golden files anew:
// UPDATE_SCRIPTS=1 go test ./internal/cli -run TestScripts.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("HGRCPATH", "")
			env.Setenv("HGUSER", "ada")
			env.Setenv("KUBECONFIG", env.WorkDir+"/none")
			return nil
		},
		Condition: func(name string) (bool, error) {
			_, err := exec.LookPath(name)
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a program and demands its exit code: exits 2 skycap deploy.
func exits(script *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		script.Fatalf("usage: exits <code> program args...")
	}
	want, err := strconv.Atoi(args[0])
	script.Check(err)
	err = script.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		script.Check(err)
	}
	if code != want {
		script.Fatalf("exit code %d, want %d", code, want)
	}
}
