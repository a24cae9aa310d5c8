package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// User holds the settings that come from flags, SKYCAP_* variables and the user's settings file: the
// first of them that has a value wins, then the default.
type User struct {
	Chdir   string        // the folder to work in
	Config  string        // the path of skycap.yaml; empty: search for it
	Output  string        // text or json
	Color   string        // auto, always or never
	Verbose bool          // show more of the story
	Quiet   bool          // show less of it
	Yes     bool          // confirm without asking; never from the settings file
	Timeout time.Duration // more than none

	SSHConfig         string // a file for ssh, instead of the user's own; empty: that
	AcceptNewHostKeys bool   // of hosts that ssh doesn't know yet; from the flag alone

	Identities []string // paths of files with age identities; see IdentityFiles

	Noise Noise // of kubectl; from the settings file alone
}

// Noise is what a user changes of the rules by which kubectl's noise is told.
type Noise struct {
	Disable []string    `yaml:"disable"` // rules that skycap brings, by their ids
	Rules   []NoiseRule `yaml:"rules"`   // the user's own
}

// NoiseRule is a rule as in internal/noise/rules.yaml, which says what its fields mean.
type NoiseRule struct {
	ID        string   `yaml:"id"`
	Reason    string   `yaml:"reason"`
	Class     string   `yaml:"class"`
	Files     []string `yaml:"files"`
	Severity  string   `yaml:"severity"`
	Begins    []string `yaml:"begins"`
	Has       []string `yaml:"has"`
	Continues []string `yaml:"continues"`
	Examples  []string `yaml:"examples"`
}

// userFile is what the user's settings file may hold.
type userFile struct {
	Chdir   string        `yaml:"chdir"`
	Config  string        `yaml:"config"`
	Output  string        `yaml:"output"`
	Color   string        `yaml:"color"`
	Verbose bool          `yaml:"verbose"`
	Quiet   bool          `yaml:"quiet"`
	Timeout time.Duration `yaml:"timeout"`

	SSHConfig  string   `yaml:"ssh_config"`
	Identities []string `yaml:"identities"`

	Noise Noise `yaml:"noise"`
}

func (f *userFile) setDefaults() { f.Output, f.Color, f.Timeout = "text", "auto", 10*time.Minute }

// A ValueError is a wrong value of a flag or of an environment variable.
type ValueError struct {
	Source string // such as --output or SKYCAP_OUTPUT
	Value  string
	Want   string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s is %q, want %s", e.Source, e.Value, e.Want)
}

// LoadUser reads the user's settings. Of flags it binds those that are named like a field of User, in
// small letters with dashes; the others keep their variable and their default. The error is Faults for the settings
// file, and otherwise joins one *ValueError for each wrong value.
func LoadUser(flags *pflag.FlagSet) (*User, error) {
	v := viper.New()
	v.SetEnvPrefix("SKYCAP")
	v.SetDefault("output", "text")
	v.SetDefault("color", "auto")
	v.SetDefault("timeout", "10m")
	if os.Getenv("NO_COLOR") != "" {
		v.SetDefault("color", "never")
	}
	file, entries, err := readUserFile()
	if err != nil {
		return nil, err
	}
	if err := v.MergeConfigMap(entries); err != nil {
		return nil, err
	}
	s := userValues{viper: v, flags: flags}
	u := &User{
		Chdir:   s.text("chdir"),
		Config:  s.text("config"),
		Output:  s.word("output", "text", "json"),
		Color:   s.word("color", "auto", "always", "never"),
		Verbose: s.truth("verbose"),
		Quiet:   s.truth("quiet"),
		Yes:     s.truth("yes"),
		Timeout: s.duration("timeout"),

		SSHConfig:  s.text("ssh_config"),
		Identities: file.Identities,
		Noise:      file.Noise,
	}
	if variable := os.Getenv("SKYCAP_IDENTITIES"); variable != "" {
		u.Identities = filepath.SplitList(variable)
	}
	if flag := flags.Lookup("accept-new-host-keys"); flag != nil {
		u.AcceptNewHostKeys = flag.Value.String() == "true"
	}
	if err := errors.Join(s.errs...); err != nil {
		return nil, err
	}
	return u, nil
}

// UserFile is where the user's settings file would be, "" for a user without a home.
func UserFile() string {
	folder := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(folder) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		folder = filepath.Join(home, ".config")
	}
	return filepath.Join(folder, "skycap", "settings.yaml")
}

// readUserFile returns the user's settings file and its entries, none if it does not exist.
func readUserFile() (userFile, map[string]any, error) {
	path := UserFile()
	data, err := os.ReadFile(path)
	if path == "" || errors.Is(err, fs.ErrNotExist) {
		return userFile{}, nil, nil
	}
	if err != nil {
		return userFile{}, nil, err
	}
	return parseUserFile(path, data)
}

func parseUserFile(name string, data []byte) (userFile, map[string]any, error) {
	var file userFile
	d := newDocument(name)
	root := d.parse(data)
	if root == nil {
		return file, nil, d.err()
	}
	if yes, ok := root.entry("yes"); ok {
		d.misreadAt(yes.at, "yes", "cannot be a setting: each command asks, or gets --yes")
		root.entries = slices.DeleteFunc(root.entries, func(e entry) bool { return e.key == "yes" })
	}
	d.decode(root, reflect.ValueOf(&file).Elem(), "")
	c := checker{document: d}
	c.oneOf("output", file.Output, "text", "json")
	c.oneOf("color", file.Color, "auto", "always", "never")
	if file.Timeout <= 0 {
		c.fault("timeout", "is %s, want more than none", file.Timeout)
	}
	for i, path := range file.Identities {
		if !filepath.IsAbs(path) && !strings.HasPrefix(path, "~/") {
			c.fault(item("identities", i), "%q is not absolute and does not begin with ~/", path)
		}
	}
	if err := d.err(); err != nil {
		return file, nil, err
	}
	entries, _ := d.plain(root, "").(map[string]any)
	return file, entries, nil
}

// userValues takes typed values out of viper, and collects those that are wrong.
type userValues struct {
	viper *viper.Viper
	flags *pflag.FlagSet
	errs  []error
}

func (s *userValues) text(name string) string {
	s.errs = append(s.errs, s.viper.BindEnv(name))
	if flag := s.flags.Lookup(strings.ReplaceAll(name, "_", "-")); flag != nil {
		s.errs = append(s.errs, s.viper.BindPFlag(name, flag))
	}
	return s.viper.GetString(name)
}

func (s *userValues) word(name string, known ...string) string {
	value := s.text(name)
	if !slices.Contains(known, value) {
		s.wrong(name, value, strings.Join(known, " or "))
	}
	return value
}

func (s *userValues) truth(name string) bool {
	value := cmp.Or(s.text(name), "false")
	truth, err := strconv.ParseBool(value)
	if err != nil {
		s.wrong(name, value, "true or false")
	}
	return truth
}

func (s *userValues) duration(name string) time.Duration {
	value := s.text(name)
	duration, err := time.ParseDuration(value)
	if err != nil || duration <= 0 {
		s.wrong(name, value, "a duration such as 30s or 10m")
	}
	return duration
}

// wrong reports a value; it comes from a flag or a variable, since the file has been checked.
func (s *userValues) wrong(name, value, want string) {
	source := "SKYCAP_" + strings.ToUpper(name)
	if s.flags.Changed(name) {
		source = "--" + name
	}
	s.errs = append(s.errs, &ValueError{Source: source, Value: value, Want: want})
}
