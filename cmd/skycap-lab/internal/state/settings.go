package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// The kinds of nodes that a cluster can have.
const (
	Real      = "real"
	Simulated = "simulated"
	Both      = "both"
)

// Settings are the choices of the first start; later ones keep them.
type Settings struct {
	Nodes  string         `json:"nodes"`
	Ports  map[string]int `json:"ports"`
	Hosts  int            `json:"hosts,omitempty"`
	Subnet string         `json:"subnet,omitempty"` // of the hosts, as 10.128.0; empty where they have none
}

// HasReal tells whether a kubelet runs here.
func (s Settings) HasReal() bool { return s.Nodes != Simulated }

// HasSimulated tells whether kwok plays a node.
func (s Settings) HasSimulated() bool { return s.Nodes != Real }

// Address is the loopback address of a component.
func (s Settings) Address(component string) string {
	return net.JoinHostPort("127.0.0.1", s.Port(component))
}

// Port is the port of a component as it stands in an argument.
func (s Settings) Port(component string) string { return strconv.Itoa(s.Ports[component]) }

// Registry is the registry as image references name it.
func (s Settings) Registry() string { return "localhost:" + s.Port("registry") }

// Load reads the settings; without any it returns fs.ErrNotExist.
func (d Dir) Load() (Settings, error) {
	var s Settings
	data, err := os.ReadFile(d.settingsFile())
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("reading %q: %w", d.settingsFile(), err)
	}
	return s, nil
}

// Settle keeps the choices that are made, and chooses a free port for each component
// that has none yet.
func (d Dir) Settle(choices Settings, components []string) (Settings, error) {
	s, err := d.Load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	choices.Ports, err = freePorts(s.Ports, d.firstPort(), components)
	if err != nil {
		return s, err
	}
	return choices, d.save(choices)
}

func (d Dir) settingsFile() string { return d.Path("lab.json") }

func (d Dir) save(s Settings) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(d.settingsFile(), append(data, '\n'), 0o600)
}

// WriteFile replaces a file whole, so that a kill leaves the old or the new one.
func WriteFile(path string, data []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already once it is renamed
	_, err = tmp.Write(data)
	if err := errors.Join(err, tmp.Chmod(mode), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
