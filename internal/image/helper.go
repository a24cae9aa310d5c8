package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/skycap/skycap/internal/run"
)

const (
	helperPrefix = "docker-credential-"
	maxLogin     = 1 << 20 // what is read of a helper's answer, in bytes
)

// helperRule keeps to programs on PATH.
var helperRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// helper is a program that has logins, by docker's protocol, and what it is asked.
// Source: https://github.com/docker/docker-credential-helpers.
type helper struct {
	program string
	server  string
	file    string // that names it
}

// ask runs the helper. One that has no login for the server is no error. Neither what
// it prints nor what it says on stderr is shown: that may be secrets.
func (h helper) ask(ctx context.Context, runner run.Runner, timeout time.Duration) (login, error) {
	failed := func(err error) error {
		return &HelperError{Program: h.program, Server: h.server, File: h.file, Err: err}
	}
	if !helperRule.MatchString(strings.TrimPrefix(h.program, helperPrefix)) {
		return login{}, failed(errors.New("its name may have letters, digits, dots, dashes and underscores only"))
	}
	var answer shortAnswer
	err := runner.Run(ctx, run.Command{
		Name: h.program, Args: []string{"get"}, Stdin: strings.NewReader(h.server), Stdout: &answer, Stderr: io.Discard, Timeout: timeout,
	})
	var exit *run.ExitError
	switch {
	case ctx.Err() != nil:
		return login{}, ctx.Err()
	case errors.As(err, &exit) && strings.Contains(strings.ToLower(answer.text.String()), "credentials not found"):
		return login{}, nil
	case errors.As(err, &exit):
		return login{}, failed(errors.New("it " + exit.How()))
	case err != nil:
		return login{}, failed(err)
	}
	found, err := h.parse(answer.text.Bytes())
	if err != nil {
		return login{}, failed(err)
	}
	return found, nil
}

func (h helper) parse(text []byte) (login, error) {
	var content struct{ Username, Secret string }
	if json.Unmarshal(text, &content) != nil { // its error may quote a secret
		return login{}, errors.New("what it prints is no JSON with Username and Secret")
	}
	switch {
	case content.Secret == "":
		return login{}, nil
	case content.Username == "<token>":
		return login{authn.AuthConfig{IdentityToken: content.Secret}, h.program}, nil
	}
	return login{authn.AuthConfig{Username: content.Username, Password: content.Secret}, h.program}, nil
}

// shortAnswer is what a helper prints, up to maxLogin: one that goes on is cut off.
type shortAnswer struct{ text bytes.Buffer }

func (a *shortAnswer) Write(data []byte) (int, error) {
	if a.text.Len()+len(data) > maxLogin {
		return 0, io.ErrShortWrite
	}
	return a.text.Write(data)
}
