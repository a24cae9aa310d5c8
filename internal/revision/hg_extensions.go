package revision

import (
	"embed"
	"os"
	"path/filepath"
	"strings"
)

// What skycap adds to hg.
//
//go:embed *.py
var extensions embed.FS

// writeExtensions writes skycap's extensions of hg into a folder, and returns the options
// that have hg load them.
func writeExtensions(folder string) (options []string, err error) {
	files, err := extensions.ReadDir(".")
	for _, file := range files {
		content, err := extensions.ReadFile(file.Name())
		if err != nil {
			return nil, err
		}
		path := filepath.Join(folder, file.Name())
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, err
		}
		options = append(options, "--config=extensions.skycap-"+strings.TrimSuffix(file.Name(), ".py")+"="+path)
	}
	return options, err
}
