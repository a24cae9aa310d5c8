package release

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	exact "k8s.io/apimachinery/pkg/util/json"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/revision"
	"github.com/skycap/skycap/pkg/skycap"
)

// Records are Secrets in the release's namespace, told from others by these.
const (
	LabelRelease      = "skycap.dev/release"      // on the first part of a record: the number
	LabelPart         = "skycap.dev/release-part" // on the others
	AnnotationSummary = "skycap.dev/summary"
	AnnotationResult  = "skycap.dev/result"
	AnnotationEnded   = "skycap.dev/ended"   // when the command ended
	AnnotationResumed = "skycap.dev/resumed" // when another command took it up
	AnnotationLeftBy  = "skycap.dev/left-by" // the rollback that left it
	AnnotationParts   = "skycap.dev/parts"   // how many there are, the first included

	secretType = "skycap.dev/release.v1"
	dataKey    = "release.json.gz"
)

// partSize is what one Secret holds of a record, in bytes: its limit is 1 MiB.
const partSize = 1000 << 10

// RecordName is the name of the record of a number.
func RecordName(app, environment string, number int) string {
	return fmt.Sprintf("skycap-%s-%s-r%d", app, environment, number)
}

// PartName is the name of a record's part, from 2 on.
func PartName(app, environment string, number, part int) string {
	return fmt.Sprintf("%s-p%d", RecordName(app, environment, number), part)
}

// Record returns the Secrets that record a release under a number: all of its
// rendered objects, but for values of Secrets. The first one claims the number.
func (r *Release) Record(number int) ([]*unstructured.Unstructured, error) {
	packed, err := pack(r.recorded())
	if err != nil {
		return nil, err
	}
	summary, err := json.Marshal(r.Summary(number))
	if err != nil {
		return nil, err
	}
	parts := slices.Collect(slices.Chunk(packed, partSize))
	secrets := make([]*unstructured.Unstructured, len(parts))
	for i, part := range parts {
		name, label := PartName(r.App, r.Environment, number, i+1), LabelPart
		if i == 0 {
			name, label = RecordName(r.App, r.Environment, number), LabelRelease
		}
		secrets[i] = &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Secret", "type": secretType,
			"data": map[string]any{dataKey: base64.StdEncoding.EncodeToString(part)},
		}}
		secrets[i].SetName(name)
		secrets[i].SetLabels(map[string]string{
			manifest.LabelManagedBy: manifest.ManagedBy, manifest.LabelApp: r.App,
			manifest.LabelEnvironment: r.Environment, label: strconv.Itoa(number),
		})
	}
	secrets[0].SetAnnotations(map[string]string{AnnotationSummary: string(summary), AnnotationParts: strconv.Itoa(len(parts))})
	return secrets, nil
}

// record is the part of a release that its record keeps.
type record struct {
	App          string          `json:"app"`
	Environment  string          `json:"environment"`
	Revision     string          `json:"revision"`
	Summary      string          `json:"summary,omitempty"`
	Services     []recordService `json:"services"`
	RevisionFile string          `json:"revisionFile,omitempty"`
	OperatorFile string          `json:"operatorFile,omitempty"`
}

type recordService struct {
	Name     string            `json:"name"`
	Target   skycap.Target     `json:"target,omitempty"`   // left out: kubernetes, as the first versions knew no other
	Revision string            `json:"revision,omitempty"` // where it is another than the release's
	Images   map[string]string `json:"images"`             // by the name that skycap.yaml gives them
	Config   string            `json:"config,omitempty"`
	Secrets  string            `json:"secrets,omitempty"`
	After    []string          `json:"after,omitempty"`
	Objects  []rendered        `json:"objects"`
	Folder   *Folder           `json:"folder,omitempty"` // on hosts
}

// rendered is an object whose whole numbers stay whole.
type rendered map[string]any

// UnmarshalJSON implements [json.Unmarshaler].
func (r *rendered) UnmarshalJSON(data []byte) error {
	return exact.Unmarshal(data, (*map[string]any)(r))
}

func (r *Release) recorded() record {
	kept := record{
		App: r.App, Environment: r.Environment, Revision: r.Revision.ID, Summary: r.Revision.Summary,
		Services: []recordService{}, RevisionFile: r.RevisionFile, OperatorFile: r.OperatorFile,
	}
	for _, s := range r.Services {
		service := recordService{
			Name: s.Name, Target: s.Target, Revision: s.Revision, Config: s.Config, Secrets: s.Secrets, Images: map[string]string{}, After: s.After,
			Objects: []rendered{}, Folder: s.Folder,
		}
		for name, image := range s.Images {
			service.Images[name] = image.String()
		}
		for _, object := range s.Objects {
			service.Objects = append(service.Objects, withoutSecrets(object))
		}
		kept.Services = append(kept.Services, service)
	}
	return kept
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

// Unpack makes a release of the parts of its record. Its Secrets have no values.
func Unpack(parts []corev1.Secret) (*Release, error) {
	var packed []byte
	for _, part := range parts {
		packed = append(packed, part.Data[dataKey]...)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	return Decode(text)
}

// Encode is a release as its record keeps it, in JSON.
func (r *Release) Encode() ([]byte, error) { return json.Marshal(r.recorded()) }

// Decode reads what Encode has written.
func Decode(text []byte) (*Release, error) {
	var kept record
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	made := &Release{
		App: kept.App, Environment: kept.Environment, Revision: revision.Revision{ID: kept.Revision, Summary: kept.Summary},
		RevisionFile: kept.RevisionFile, OperatorFile: kept.OperatorFile,
	}
	for _, service := range kept.Services {
		made.Services = append(made.Services, service.unpacked())
	}
	return made, nil
}

func (s recordService) unpacked() Service {
	service := Service{
		Name: s.Name, Target: cmp.Or(s.Target, skycap.TargetKubernetes), Revision: s.Revision, Config: s.Config, Secrets: s.Secrets,
		After: s.After, Images: map[string]image.Image{}, Folder: s.Folder,
	}
	for name, reference := range s.Images {
		service.Images[name] = image.Parse(reference)
	}
	for _, object := range s.Objects {
		kept := manifest.Object{Unstructured: &unstructured.Unstructured{Object: object}}
		kept.Withheld = kept.GetKind() == "Secret"
		service.Objects = append(service.Objects, kept)
	}
	return service
}

// ParseSummary reads the summary that a record's annotations hold.
func ParseSummary(annotations map[string]string) (skycap.Release, error) {
	var summary skycap.Release
	if err := json.Unmarshal([]byte(annotations[AnnotationSummary]), &summary); err != nil {
		return summary, fmt.Errorf("annotation %s: %w", AnnotationSummary, err)
	}
	summary.Result = skycap.Word(annotations[AnnotationResult])
	summary.Ended, _ = time.Parse(time.RFC3339, annotations[AnnotationEnded]) // it may not have ended
	summary.Resumed, _ = time.Parse(time.RFC3339Nano, annotations[AnnotationResumed])
	summary.LeftBy, _ = strconv.Atoi(annotations[AnnotationLeftBy]) // it may not have been left
	return summary, nil
}
