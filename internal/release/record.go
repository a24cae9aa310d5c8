package release

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/pkg/skycap"
)

// Records are Secrets in the release's namespace, told from others by these.
const (
	LabelRelease      = "skycap.dev/release"
	AnnotationSummary = "skycap.dev/summary"
	AnnotationResult  = "skycap.dev/result"

	secretType = "skycap.dev/release.v1"
	dataKey    = "release.json.gz"
)

// maxRecord is what a Secret can hold, in bytes, with room for its metadata.
const maxRecord = 1000 << 10

// RecordName is the name of the record of a number.
func RecordName(app, environment string, number int) string {
	return fmt.Sprintf("skycap-%s-%s-r%d", app, environment, number)
}

// Record returns the Secret that records a release under a number: its whole
// rendered objects, but for ConfigMaps of configuration, which are kept by
// name, and for values of Secrets.
func (r *Release) Record(number int) (map[string]any, error) {
	packed, err := pack(r.recorded())
	if err != nil {
		return nil, err
	}
	if len(packed) > maxRecord {
		return nil, fmt.Errorf("the record of the release is %d bytes compressed; a Secret holds %d", len(packed), maxRecord)
	}
	summary, err := json.Marshal(r.Summary(number))
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": secretType,
		"metadata": map[string]any{
			"name": RecordName(r.App, r.Environment, number),
			"labels": map[string]any{
				manifest.LabelManagedBy: manifest.ManagedBy, manifest.LabelApp: r.App,
				manifest.LabelEnvironment: r.Environment, LabelRelease: strconv.Itoa(number),
			},
			"annotations": map[string]any{AnnotationSummary: string(summary)},
		},
		"data": map[string]any{dataKey: base64.StdEncoding.EncodeToString(packed)},
	}, nil
}

// recorded is the part of a release that its record keeps.
func (r *Release) recorded() any {
	type service struct {
		Name    string           `json:"name"`
		Images  []string         `json:"images"`
		Config  string           `json:"config,omitempty"`
		Objects []map[string]any `json:"objects"`
	}
	services := []service{}
	for _, s := range r.Services {
		kept := service{Name: s.Name, Config: s.ConfigHash(), Images: []string{}, Objects: []map[string]any{}}
		for _, name := range slices.Sorted(maps.Keys(s.Images)) {
			kept.Images = append(kept.Images, s.Images[name].String())
		}
		for _, object := range s.Objects {
			if object.GetKind() == "ConfigMap" && object.Source == "" {
				continue
			}
			kept.Objects = append(kept.Objects, withoutSecrets(object))
		}
		services = append(services, kept)
	}
	return map[string]any{
		"app": r.App, "environment": r.Environment, "revision": r.Revision.ID, "services": services,
		"revisionFile": r.RevisionFile, "operatorFile": r.OperatorFile,
	}
}

func withoutSecrets(object manifest.Object) map[string]any {
	if object.GetKind() != "Secret" {
		return object.Object
	}
	bare := object.DeepCopy()
	delete(bare.Object, "data")
	delete(bare.Object, "stringData")
	return bare.Object
}

func pack(value any) ([]byte, error) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if err := json.NewEncoder(writer).Encode(value); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// ParseSummary reads the summary that a record's annotations hold.
func ParseSummary(annotations map[string]string) (skycap.Release, error) {
	var summary skycap.Release
	if err := json.Unmarshal([]byte(annotations[AnnotationSummary]), &summary); err != nil {
		return summary, fmt.Errorf("annotation %s: %w", AnnotationSummary, err)
	}
	summary.Result = skycap.Word(annotations[AnnotationResult])
	return summary, nil
}
