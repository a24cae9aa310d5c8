//go:build unix

package benchconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// source is the same files in a Git and a Mercurial repository.
type source struct {
	git, hg string // the folders of the checkouts
	count   int    // files
}

// newSource makes so many files, as many services as they need, and a kustomization that
// makes ConfigMaps of them.
func newSource(t *testing.T, count int) *source {
	t.Helper()
	s := &source{git: t.TempDir(), hg: t.TempDir(), count: count}
	for name, text := range sourceFiles(count) {
		for _, folder := range []string{s.git, s.hg} {
			file := filepath.Join(folder, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		}
	}
	for _, command := range []struct {
		folder string
		line   string
	}{
		{s.git, "git init --quiet"}, {s.git, "git add ."}, {s.git, "git -c gc.auto=0 -c user.name=bench -c user.email=bench@localhost commit --quiet --message=files"},
		{s.git, "git gc --quiet"},
		{s.hg, "hg init"}, {s.hg, "hg commit --addremove --quiet --user=bench --message=files"},
	} {
		words := strings.Fields(command.line)
		out, err := in(t, command.folder, words[0], words[1:]...).CombinedOutput()
		require.NoError(t, err, "%s: %s", command.line, out)
	}
	return s
}

func sourceFiles(count int) map[string]string {
	files := map[string]string{}
	var services, resources, generators strings.Builder
	for i := range count {
		service := fmt.Sprintf("s%d", i/perService)
		if i%perService == 0 {
			fmt.Fprintf(&services, "  %s:\n    config: {from: [config/%[1]s], mount: /etc/bench}\n    kubernetes: {manifests: deploy/%[1]s.yaml}\n", service)
			fmt.Fprintf(&resources, "- deploy/%s.yaml\n", service)
			fmt.Fprintf(&generators, "- name: bench-%s-config\n  files:\n", service)
			files["deploy/"+service+".yaml"] = fmt.Sprintf(deployment, service)
		}
		name := fmt.Sprintf("part%02d/file%04d.yaml", i%20, i%perService)
		files["config/"+service+"/"+name] = fileText(i)
		sum := sha256.Sum256([]byte(name))
		fmt.Fprintf(&generators, "  - x-%s=config/%s/%s\n", hex.EncodeToString(sum[:])[:16], service, name)
	}
	files["skycap.yaml"] = "app: bench\nservices:\n" + services.String() + "environments:\n  bench:\n    kubernetes: {context: bench, namespace: bench}\n"
	files["kustomization.yaml"] = "resources:\n" + resources.String() + "configMapGenerator:\n" + generators.String()
	return files
}

// deployment has no image of a service: no registry is asked.
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: main, image: "busybox:1"}]}
`

// fileText is a settings file, of 0.8 KB on average.
func fileText(seed int) string {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	var text strings.Builder
	for i := range 3 + random.IntN(18) {
		fmt.Fprintf(&text, "section%d:\n  timeout: %ds\n  url: \"http://host%d.example:8080/path\"\n", i%7, random.IntN(600), random.IntN(1000))
	}
	return text.String()
}

// prove compares what tools have made: the same files by the same keys, and of both
// repositories the same bytes.
func (s *source) prove(t *testing.T, tools []tool) {
	t.Helper()
	var made []map[string]string
	printed := map[string][32]byte{}
	for _, tool := range tools {
		if tool.apart {
			continue
		}
		out := filepath.Join(t.TempDir(), "objects")
		timed(t, tool.run(s), out)
		text, err := os.ReadFile(out)
		require.NoError(t, err)
		made = append(made, filesOf(t, string(text)))
		printed[tool.name] = sha256.Sum256(text)
	}
	require.NotEmpty(t, made[0])
	require.Equal(t, made[0], made[1])
	require.Equal(t, printed["skycap, Git"], printed["skycap, Mercurial"])
}

// filesOf are the hashes of what ConfigMaps hold, by service and key.
func filesOf(t *testing.T, objects string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(objects), 4096); ; {
		var object unstructured.Unstructured
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		data, _, _ := unstructured.NestedStringMap(object.Object, "data")
		for key, value := range data {
			service := strings.Split(object.GetName(), "-")[1]
			files[service+"/"+key] = fmt.Sprintf("%x", sha256.Sum256([]byte(value)))
		}
	}
}
