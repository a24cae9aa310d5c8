package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/skycap/skycap/internal/revision"
)

// Folder is a service's release folder on hosts, and how the service runs from it.
// All of it but the source is recorded: with the folder that hosts keep it is
// what a rollback needs.
type Folder struct {
	Manifest string  `json:"manifest"` // sha256 over all files that are sent, 64 hex; secrets count as they are encrypted
	Branch   string  `json:"branch,omitempty"`
	Service  Hosting `json:"service"`
	UnitFile []byte  `json:"unitFile,omitempty"` // the unit's content; nil when it isn't skycap's to install

	Source Source `json:"-"` // nil of what is recorded
}

// Source is what a folder is made of.
type Source interface {
	// Tree are all files that are sent.
	Tree() revision.Tree
	// Changed are the paths that are other, or gone, than in the folder that was made
	// of another revision, a full hash. It returns an error where that can't be told.
	Changed(ctx context.Context, from string) (changed, removed []string, err error)
}

// Hosting is how a service runs on hosts, as skycap.yaml had it.
type Hosting struct {
	DeployTo      string        `json:"deployTo"`
	Unit          string        `json:"unit,omitempty"`        // with its suffix, as in worker.service
	ConfigPath    string        `json:"configPath,omitempty"`  // where in the folder all is rendered; empty without configuration
	SecretsPath   string        `json:"secretsPath,omitempty"` // where in the folder its secrets lie; empty without any
	Build         string        `json:"build,omitempty"`
	Restart       string        `json:"restart,omitempty"`
	BeforePublish string        `json:"beforePublish,omitempty"`
	AfterPublish  string        `json:"afterPublish,omitempty"`
	CheckURL      string        `json:"checkURL,omitempty"`
	CheckCommand  string        `json:"checkCommand,omitempty"`
	CheckTimeout  time.Duration `json:"checkTimeout,omitempty"`
	LinkedDirs    []string      `json:"linkedDirs,omitempty"`
	LinkedFiles   []string      `json:"linkedFiles,omitempty"`
	KeepReleases  int           `json:"keepReleases"`
	Owner         string        `json:"owner,omitempty"` // of the files; empty: the login user
	Sudo          []string      `json:"sudo,omitempty"`  // the verbs that go through sudo
}

// Key tells folders apart, 64 hex: two with one key are the same once they are built.
func (f *Folder) Key() string {
	same := struct {
		Manifest, Build         string
		LinkedDirs, LinkedFiles []string
	}{f.Manifest, f.Service.Build, f.Service.LinkedDirs, f.Service.LinkedFiles}
	text, err := json.Marshal(same)
	if err != nil {
		panic(err) // it is all text
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
