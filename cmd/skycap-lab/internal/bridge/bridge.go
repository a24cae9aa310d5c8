// Package bridge makes and removes the bridges that join pods and hosts to this machine.
package bridge

import (
	"context"
	"net"
	"os"
	"path/filepath"

	"github.com/skycap/skycap/cmd/skycap-lab/internal/process"
)

// Ensure makes sure that the bridge is there and up, with an address such as 10.0.0.1/24.
func Ensure(ctx context.Context, name, address string) error {
	if !exists(name) {
		if err := ip(ctx, "link", "add", name, "type", "bridge"); err != nil {
			return err
		}
	}
	if err := ip(ctx, "address", "replace", address, "dev", name); err != nil {
		return err
	}
	return ip(ctx, "link", "set", name, "up")
}

// Remove removes the bridge and what is plugged into it.
func Remove(ctx context.Context, name string) error {
	if !exists(name) {
		return nil
	}
	for _, port := range ports(name) {
		// One that is gone already went with the namespace of its other end.
		ip(ctx, "link", "delete", port) //nolint:errcheck // see above
	}
	return ip(ctx, "link", "delete", name)
}

// Unplug removes an interface, if it is there.
func Unplug(ctx context.Context, port string) error {
	if !exists(port) {
		return nil
	}
	if err := ip(ctx, "link", "delete", port); err != nil && exists(port) {
		return err
	}
	return nil
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join("/sys/class/net", name))
	return err == nil
}

// ports lists the interfaces that are plugged into a bridge.
func ports(bridge string) []string {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var names []string
	for _, i := range interfaces {
		if _, err := os.Lstat(filepath.Join("/sys/class/net", bridge, "brif", i.Name)); err == nil {
			names = append(names, i.Name)
		}
	}
	return names
}

func ip(ctx context.Context, args ...string) error {
	_, err := process.Command{Argv: append([]string{"ip"}, args...)}.Run(ctx)
	return err
}
