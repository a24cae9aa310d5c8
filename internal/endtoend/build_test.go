package endtoend

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/skycap/skycap/pkg/skycap"
)

// withBuilder makes a checkout's builder ready, with images of its own. Where docker
// has no daemon only its test is left out: the lab brings buildah.
func (c *checkout) withBuilder(name string) {
	c.t.Helper()
	ask := exec.CommandContext(c.t.Context(), name, "version")
	if err := ask.Run(); err != nil || os.Geteuid() != 0 {
		if os.Getenv("CI") != "" && name == "buildah" {
			c.t.Fatalf("CI runs this test: it needs buildah, and root: %v", err)
		}
		c.t.Skipf("needs %s, and root: %v", name, err)
	}
	storage := write(c.t, c.t.TempDir(), "storage.conf", "[storage]\ndriver = \"vfs\"\n"+
		"graphroot = \""+filepath.Join(c.t.TempDir(), "graph")+"\"\nrunroot = \""+filepath.Join(c.t.TempDir(), "run")+"\"\n")
	registries := write(c.t, c.t.TempDir(), "registries.conf", "[[registry]]\nlocation = \""+shared.registry+"\"\ninsecure = true\n")
	c.env = append(c.env, "CONTAINERS_STORAGE_CONF="+storage, "CONTAINERS_REGISTRIES_CONF="+registries, "BUILDAH_ISOLATION=chroot",
		"PATH="+filepath.Dir(shared.binary)+":"+os.Getenv("PATH"))
}

// kitchen is a repository of a service that is all files, with an image of its own.
func kitchen(t *testing.T, builder string) *checkout {
	t.Helper()
	needLab(t)
	c := emptyCheckout(t)
	c.withBuilder(builder)
	c.hg("init")
	c.write("skycap.yaml", "app: kitchen\nservices:\n  web:\n    image: "+c.ownImage()+"\n    build: {context: src}\n    kubernetes: {manifests: deploy}\n")
	c.write("src/Dockerfile", "FROM scratch\nCOPY . /srv/\n")
	c.write("src/.dockerignore", "*.log\n")
	c.write("src/noise.log", "ignored\n")
	c.write("src/a b/é.txt", "unicode\n")
	c.write("src/empty", "")
	c.write("src/run", "#!/bin/sh\n")
	require.NoError(t, os.Chmod(filepath.Join(c.folder, "src/run"), 0o755))
	require.NoError(t, os.Symlink("run", filepath.Join(c.folder, "src/link")))
	c.hg("commit", "--quiet", "--addremove", "--message=a kitchen")
	c.write("src/empty", "not committed\n")
	c.write("src/new", "not committed\n")
	c.write(".hg/hgrc", "[paths]\ndefault = https://ann:secret@hg.example.com/kitchen\n")
	return c
}

// ownImage is the repository of an image that no other test has.
func (c *checkout) ownImage() string { return shared.registry + "/" + c.staging + "/web" }

func TestBuildPutsTheRevisionIntoTheImage(t *testing.T) {
	t.Parallel()
	for _, builder := range []string{"buildah", "docker"} {
		t.Run(builder, func(t *testing.T) {
			t.Parallel()
			c := kitchen(t, builder)
			node := c.node("tip")
			reference := c.ownImage() + ":" + node[:12]

			o := c.skycap("build", "tip", "--builder", builder, "-o", "json")
			require.Zero(t, o.code, o.stdout+o.stderr)
			built := c.result(o)
			assert.Equal(t, []skycap.BuiltImage{{Service: "web", Repository: c.ownImage(), Tag: node[:12], Built: true}}, built.Images)

			pushed := c.result(c.skycap("build", "tip", "web", "--push", "--builder", builder, "-o", "json"))
			assert.Equal(t, []skycap.BuiltImage{{
				Service: "web", Repository: c.ownImage(), Tag: node[:12], Digest: digest(t, reference), Pushed: true,
			}}, pushed.Images, "what was built before is pushed")
			again := c.result(c.skycap("build", node, "--push", "--builder", builder, "-o", "json"))
			assert.Equal(t, skycap.ResultOK, again.Word)
			assert.False(t, again.Changed)
			assert.Equal(t, pushed.Images[0].Digest, again.Images[0].Digest)

			config, err := pull(t, reference).ConfigFile()
			require.NoError(t, err)
			assert.Equal(t, node, config.Config.Labels["org.opencontainers.image.revision"])
			assert.Equal(t, "https://hg.example.com/kitchen", config.Config.Labels["org.opencontainers.image.source"])
			assert.Equal(t, map[string]string{
				"srv/Dockerfile": "FROM scratch\nCOPY . /srv/\n", "srv/.dockerignore": "*.log\n", "srv/a b/é.txt": "unicode\n",
				"srv/empty": "", "srv/run": "#!/bin/sh\n", "srv/link": "-> run",
			}, filesOf(t, reference))
		})
	}
}

// filesOf are the files of an image, by path. What may be run must be what may be run in the repository.
func filesOf(t *testing.T, reference string) map[string]string {
	t.Helper()
	layers := mutate.Extract(pull(t, reference))
	defer layers.Close() //nolint:errcheck // it was read
	found := map[string]string{}
	for reader := tar.NewReader(layers); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		name := strings.TrimPrefix(header.Name, "/")
		switch header.Typeflag {
		case tar.TypeReg:
			data, err := io.ReadAll(reader)
			require.NoError(t, err)
			found[name] = string(data)
			assert.Equal(t, strings.HasSuffix(name, "run"), header.Mode&0o111 != 0, name)
		case tar.TypeSymlink:
			found[name] = "-> " + header.Linkname
		default:
		}
	}
}

func TestBuildsOfOneRevisionAtOnceDoNoHarm(t *testing.T) {
	t.Parallel()
	c := kitchen(t, "buildah")
	outcomes := make([]outcome, 3)
	var all sync.WaitGroup
	for i := range outcomes {
		r := c.start("build", "tip", "--push", "--builder", "buildah", "-o", "json")
		all.Go(func() { outcomes[i] = r.end() })
	}
	all.Wait()
	var layers []string
	for _, o := range outcomes {
		require.Zero(t, o.code, o.stdout+o.stderr)
		found := c.result(o).Images[0]
		reference := found.Repository + "@" + found.Digest
		assert.Equal(t, c.node("tip"), labelOf(t, reference), "whichever image was found, it is of the revision")
		manifest, err := pull(t, reference).Manifest()
		require.NoError(t, err)
		require.Len(t, manifest.Layers, 1)
		layers = append(layers, manifest.Layers[0].Digest.String())
	}
	assert.Len(t, slices.Compact(layers), 1, "the same revision gives the same layers; of digests buildah's history may tell others")
}

func TestBuildSaysWhichStepFails(t *testing.T) {
	t.Parallel()
	c := kitchen(t, "buildah")
	c.commit("src/Dockerfile", "FROM scratch\nCOPY nowhere /srv/\n")
	o := c.skycap("build", "tip", "--push", "--builder", "buildah", "-o", "json")
	assert.Equal(t, 1, o.code)
	result := c.result(o)
	assert.Contains(t, result.Error, `was not built: buildah ended with exit status 125 at step "COPY nowhere /srv/"`)
	require.Len(t, result.Services, 1)
	assert.Contains(t, strings.Join(result.Services[0].Evidence, "\n"), "no such file or directory")
	assert.False(t, result.Changed)
}

// An image under the revision's tag that was built from another one is never replaced.
func TestBuildRefusesTheImageOfAnotherRevision(t *testing.T) {
	t.Parallel()
	c := kitchen(t, "buildah")
	reference := c.ownImage() + ":" + c.node("tip")[:12]
	push(t, labelled(t, pull(t, image(command(t, shared.repository, c.env, "hg", "log", "--rev=v1.0", "--template={node}"))),
		"org.opencontainers.image.revision", strings.Repeat("a", 40)), reference)
	before := digest(t, reference)
	o := c.skycap("build", "tip", "--push")
	assert.Equal(t, 1, o.code)
	assert.Contains(t, o.stderr, "was built from revision \""+strings.Repeat("a", 40))
	assert.Equal(t, before, digest(t, reference))
}

// From a commit to what pods answer, with nothing typed but two commands: the best of a few, since others use the machine.
func TestACommitIsLiveWithin15Seconds(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.withBuilder("buildah")
	base := image(c.node("v1.0"))
	c.withoutBuilds()
	c.commit("Dockerfile", "FROM "+base+"\n")
	c.commitSettings("image: "+shared.registry+"/storefront/web", "image: "+c.ownImage())
	c.ok("init", "--ci", "hook")
	c.commit(greeting, "Hello, for the first time.\n")
	c.deploy("tip", "staging")

	var took time.Duration
	for _, line := range []string{"one", "two", "three"} {
		c.write(greeting, "Hello, "+line+".\n")
		began := time.Now()
		c.hg("commit", "--quiet", "--message="+line, greeting)
		c.deploy("tip", "staging")
		assert.Contains(t, c.answer(c.staging), "Hello, "+line+".")
		took = time.Since(began)
		t.Logf("from hg commit to the pods' answer: %s", took.Round(100*time.Millisecond))
		if took < 15*time.Second {
			break
		}
	}
	assert.Less(t, took, 15*time.Second)
	assert.Equal(t, c.node("tip"), labelOf(t, c.ownImage()+":"+c.node("tip")[:12]))
}

// labelOf is the revision that an image's label names.
func labelOf(t *testing.T, reference string) string {
	t.Helper()
	config, err := pull(t, reference).ConfigFile()
	require.NoError(t, err)
	return config.Config.Labels["org.opencontainers.image.revision"]
}
