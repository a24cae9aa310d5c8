package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/skycap/skycap/pkg/skycap"
)

func (s *session) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show which skycap this is",
		Args:  arguments(false),
		RunE: func(*cobra.Command, []string) error {
			version := s.versionOf()
			return s.document(version, func() error {
				_, err := fmt.Fprintf(s.Out, "skycap %s (%s)\n", version.Version, version.Go)
				return err
			})
		},
	}
}

func (s *session) versionOf() skycap.Version {
	version := skycap.Version{Schema: skycap.VersionSchema, Version: s.version, Go: runtime.Version()}
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return version
	}
	if version.Version == "" {
		version.Version = built.Main.Version // as go install sets it
	}
	for _, setting := range built.Settings {
		if setting.Key == "vcs.revision" {
			version.Commit = setting.Value
		}
	}
	return version
}
