// Package toolchain builds the programs of the cluster from the Go modules in
// cmd/skycap-lab/toolchain: their go.mod pins the versions, their "tool" lines say
// which programs, and their go.sum proves the sources.
package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Toolchain is one of the modules.
type Toolchain struct {
	Name     string            // its folder
	Module   string            // the module whose version the programs are stamped with
	Variable string            // where the stamp goes
	Programs map[string]string // what go build calls a program → what the lab calls it
}

// Kubernetes is the control plane and the kubelet.
func Kubernetes() Toolchain {
	return Toolchain{
		Name:     "kubernetes",
		Module:   "k8s.io/kubernetes",
		Variable: "k8s.io/component-base/version.gitVersion",
		Programs: map[string]string{
			"kube-apiserver":          "kube-apiserver",
			"kube-controller-manager": "kube-controller-manager",
			"kube-scheduler":          "kube-scheduler",
			"kubectl":                 "kubectl",
			"kubelet":                 "kubelet",
			"server":                  "etcd",
		},
	}
}

// Kwok is the program that plays nodes. Its Kubernetes libraries are of another
// version, hence a module of its own.
func Kwok() Toolchain {
	return Toolchain{
		Name:     "kwok",
		Module:   "sigs.k8s.io/kwok",
		Variable: "sigs.k8s.io/kwok/pkg/consts.Version",
		Programs: map[string]string{"kwok": "kwok"},
	}
}

// dir is the module's folder below the root of the sources.
func (t Toolchain) dir(source string) string {
	return filepath.Join(source, "cmd", "skycap-lab", "toolchain", t.Name)
}

// sum is the hash of all that decides what the programs are.
func (t Toolchain) sum(source string) (string, error) {
	h := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(t.dir(source), name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(data), data) //nolint:errcheck // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// stamp is the file beside the programs that says which sum they were built from.
func (t Toolchain) stamp(bin string) string {
	return filepath.Join(bin, "."+t.Name+".sum")
}

// isBuilt tells whether bin has each program, built from the sum.
func (t Toolchain) isBuilt(bin, sum string) (bool, error) {
	have, err := os.ReadFile(t.stamp(bin))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || string(have) != sum {
		return false, err
	}
	return t.isIn(bin), nil
}

func (t Toolchain) isIn(dir string) bool {
	for _, program := range t.Programs {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}
