package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/pkg/skycap"
)

// compareFolders compares how a service runs on hosts, and tells whether the files
// in its folder are other ones.
func compareFolders(former, service Service) []skycap.ObjectChange {
	if former.Folder == nil || service.Folder == nil {
		return nil
	}
	fields := manifest.Compare(former.Folder.fields(), service.Folder.fields())
	if len(fields) == 0 {
		return nil
	}
	return []skycap.ObjectChange{{
		Service: service.Name, Action: "update", Kind: "Folder", Name: service.Folder.Service.DeployTo, Fields: fields,
	}}
}

// shortHash is how many digits of a hash tell folders and files apart for people.
const shortHash = 12

// fields are what a record has of the folder. The unit's content is told by its hash.
func (f *Folder) fields() map[string]any {
	kept := *f
	kept.UnitFile, kept.Manifest = nil, f.Manifest[:min(len(f.Manifest), shortHash)]
	text, err := json.Marshal(kept)
	if err != nil {
		panic(err) // it is all text
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		panic(err) // we have just written it
	}
	if len(f.UnitFile) > 0 {
		sum := sha256.Sum256(f.UnitFile)
		fields["unitFile"] = hex.EncodeToString(sum[:])[:shortHash]
	}
	return fields
}
