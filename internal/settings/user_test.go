package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// userFlags are the flags that every command has, parsed from args.
func userFlags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("skycap", pflag.ContinueOnError)
	flags.String("chdir", "", "")
	flags.String("config", "", "")
	flags.String("output", "text", "")
	flags.String("color", "auto", "")
	flags.Bool("verbose", false, "")
	flags.Bool("quiet", false, "")
	flags.Bool("yes", false, "")
	flags.Duration("timeout", 10*time.Minute, "")
	flags.String("ssh-config", "", "")
	flags.Bool("accept-new-host-keys", false, "")
	require.NoError(t, flags.Parse(args))
	return flags
}

// userHome is a user's home with a settings file, and a clean environment. It returns the file.
func userHome(t *testing.T, file string) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{
		"XDG_CONFIG_HOME", "NO_COLOR", "SKYCAP_CHDIR", "SKYCAP_CONFIG", "SKYCAP_OUTPUT", "SKYCAP_COLOR",
		"SKYCAP_VERBOSE", "SKYCAP_QUIET", "SKYCAP_YES", "SKYCAP_TIMEOUT", "SKYCAP_SSH_CONFIG",
	} {
		t.Setenv(name, "")
	}
	path := filepath.Join(home, ".config", "skycap", "settings.yaml")
	if file != "" {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(file), 0o644))
	}
	return path
}

func TestLoadUser(t *testing.T) {
	usual := func(change func(*User)) User {
		u := User{Output: "text", Color: "auto", Timeout: 10 * time.Minute}
		change(&u)
		return u
	}
	for name, test := range map[string]struct {
		file string
		env  map[string]string
		args []string
		want User
	}{
		"nothing set": {want: usual(func(*User) {})},
		"settings file": {
			file: "output: json\ntimeout: 5m\nverbose: true\nconfig: Deploy/Skycap.yaml\n",
			want: usual(func(u *User) {
				u.Output, u.Timeout, u.Verbose, u.Config = "json", 5*time.Minute, true, "Deploy/Skycap.yaml"
			}),
		},
		"variable over file": {
			file: "output: json\ntimeout: 5m\nquiet: true\n",
			env:  map[string]string{"SKYCAP_OUTPUT": "text", "SKYCAP_TIMEOUT": "90s", "SKYCAP_QUIET": "false", "SKYCAP_YES": "1"},
			want: usual(func(u *User) { u.Timeout, u.Yes = 90*time.Second, true }),
		},
		"flag over variable": {
			file: "color: always\nchdir: /file\n",
			env:  map[string]string{"SKYCAP_COLOR": "never", "SKYCAP_CHDIR": "/variable", "SKYCAP_YES": "true"},
			args: []string{"--color=auto", "--chdir=/flag", "--yes=false", "--timeout=1s"},
			want: usual(func(u *User) { u.Chdir, u.Timeout = "/flag", time.Second }),
		},
		"noise": {
			file: "noise:\n  disable: [throttling]\n  rules:\n  - id: mine\n    reason: it talks\n    files: [gcloud.go]\n    begins: [Plugin]\n",
			want: usual(func(u *User) {
				u.Noise.Disable = []string{"throttling"}
				u.Noise.Rules = []NoiseRule{{ID: "mine", Reason: "it talks", Files: []string{"gcloud.go"}, Begins: []string{"Plugin"}}}
			}),
		},
		"ssh from the file": {file: "ssh_config: /file\n", want: usual(func(u *User) { u.SSHConfig = "/file" })},
		"ssh from the variable": {
			file: "ssh_config: /file\n",
			env:  map[string]string{"SKYCAP_SSH_CONFIG": "/variable", "SKYCAP_ACCEPT_NEW_HOST_KEYS": "true"},
			want: usual(func(u *User) { u.SSHConfig = "/variable" }),
		},
		"ssh from flags": {
			env:  map[string]string{"SKYCAP_SSH_CONFIG": "/variable"},
			args: []string{"--ssh-config=/flag", "--accept-new-host-keys"},
			want: usual(func(u *User) { u.SSHConfig, u.AcceptNewHostKeys = "/flag", true }),
		},
		"NO_COLOR":             {env: map[string]string{"NO_COLOR": "1"}, want: usual(func(u *User) { u.Color = "never" })},
		"NO_COLOR and setting": {file: "color: always\n", env: map[string]string{"NO_COLOR": "1"}, want: usual(func(u *User) { u.Color = "always" })},
		"empty file":           {file: "# nothing yet\n\n", want: usual(func(*User) {})},
	} {
		t.Run(name, func(t *testing.T) {
			userHome(t, test.file)
			for key, value := range test.env {
				t.Setenv(key, value)
			}
			u, err := LoadUser(userFlags(t, test.args...))
			require.NoError(t, err)
			assert.Equal(t, &test.want, u)
		})
	}
}

func TestLoadUserXDG(t *testing.T) {
	userHome(t, "output: json\n")
	folder := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", folder)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "skycap"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "skycap", "settings.yaml"), []byte("color: never\n"), 0o644))
	u, err := LoadUser(userFlags(t))
	require.NoError(t, err)
	assert.Equal(t, &User{Output: "text", Color: "never", Timeout: 10 * time.Minute}, u)
}

func TestLoadUserFewFlags(t *testing.T) {
	userHome(t, "")
	t.Setenv("SKYCAP_OUTPUT", "json")
	u, err := LoadUser(pflag.NewFlagSet("skycap", pflag.ContinueOnError))
	require.NoError(t, err)
	assert.Equal(t, &User{Output: "json", Color: "auto", Timeout: 10 * time.Minute}, u)
}

func TestLoadUserFaults(t *testing.T) {
	for file, want := range map[string]string{
		"yes: true\n":                      ":1: yes: cannot be a setting: each command asks, or gets --yes",
		"color: on\noutptu: x":             ":1: color: is \"on\", want one of auto, always, never\nFILE:2: outptu: unknown key \"outptu\"; did you mean \"output\"?",
		"\ntimeout: 600\n":                 ":2: timeout: is the number 600, want a duration such as 30s or 10m",
		"timeout: 0s\n":                    ":1: timeout: is 0s, want more than none",
		"noise: {disabled: [x]}\n":         ":1: noise.disabled: unknown key \"disabled\"; did you mean \"disable\"?",
		"noise: {rules: [{file: x.go}]}\n": ":1: noise.rules[0].file: unknown key \"file\"; did you mean \"files\"?",
		"output: ''\n":                     ":1: output: is \"\", want one of text, json",
		"identities: [keys]\n":             ":1: identities[0]: \"keys\" is not absolute and does not begin with ~/",
		"- yes\n":                          ":1: is a list, want a mapping",
		"verbose: 'true'\n":                ":1: verbose: is the string \"true\", want true or false",
		"color: [\n":                       ":1: is not YAML: sequence end token ']' not found",
		"color: auto\nYes: on ":            ":2: Yes: unknown key \"Yes\"; known are chdir, color, config, identities, noise, output, quiet, ssh_config, timeout, verbose",
	} {
		t.Run(file, func(t *testing.T) {
			path := userHome(t, file)
			_, err := LoadUser(userFlags(t))
			var faults Faults
			require.ErrorAs(t, err, &faults)
			assert.Equal(t, path+want, strings.ReplaceAll(err.Error(), "\n"+path, "\nFILE"))
		})
	}
}

func TestLoadUserWrongValues(t *testing.T) {
	userHome(t, "")
	t.Setenv("SKYCAP_TIMEOUT", "600")
	t.Setenv("SKYCAP_YES", "maybe")
	t.Setenv("SKYCAP_OUTPUT", "json")
	_, err := LoadUser(userFlags(t, "--output=xml"))
	assert.EqualError(t, err, `--output is "xml", want text or json
SKYCAP_YES is "maybe", want true or false
SKYCAP_TIMEOUT is "600", want a duration such as 30s or 10m`)
	var wrong *ValueError
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, "--output", wrong.Source)
}
