package secret

import (
	"bytes"
	"context"
	"path"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/skycap/skycap/internal/run"
)

// sopsType is what SOPS calls the type of a file that it has encrypted; empty for
// any other. It goes by the file's suffix, as SOPS itself does.
func sopsType(name string, data []byte) string {
	switch path.Ext(targetOf(name)) {
	case ".yaml", ".yml":
		return typeIf("yaml", isSopsTree(data))
	case ".json":
		return typeIf("json", isSopsTree(data))
	case ".env":
		return typeIf("dotenv", hasLine(data, "sops_mac="))
	case ".ini":
		return typeIf("ini", hasLine(data, "[sops]"))
	}
	return typeIf("binary", isSopsTree(data))
}

func typeIf(name string, is bool) string {
	if is {
		return name
	}
	return ""
}

// isSopsTree reports whether YAML or JSON has what SOPS adds to it.
func isSopsTree(data []byte) bool {
	var tree struct {
		Sops struct {
			MAC string `json:"mac"`
		} `json:"sops"`
	}
	return yaml.Unmarshal(data, &tree) == nil && tree.Sops.MAC != ""
}

func hasLine(data []byte, beginning string) bool {
	return slices.ContainsFunc(bytes.Split(data, []byte("\n")), func(line []byte) bool {
		return bytes.HasPrefix(line, []byte(beginning))
	})
}

// decryptSops has the user's own sops decrypt what its stdin is given: it knows their
// keys, agents and clouds.
func (k *Keys) decryptSops(ctx context.Context, source string, data []byte) ([]byte, error) {
	var opened bytes.Buffer
	kind := sopsType(source, data)
	err := k.Runner.Run(ctx, run.Command{
		Name: "sops", Args: []string{"--decrypt", "--input-type", kind, "--output-type", kind, "/dev/stdin"},
		Stdin: bytes.NewReader(data), Stdout: &opened,
	})
	if err != nil {
		return nil, &UndecryptableError{Path: source, Sops: true, Tried: []Attempt{{With: "sops", Why: "failed: " + reason(err)}}}
	}
	return opened.Bytes(), nil
}
