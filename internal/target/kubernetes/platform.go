package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/skycap/skycap/internal/image"
	"github.com/skycap/skycap/internal/manifest"
	"github.com/skycap/skycap/internal/release"
)

// PlatformError says that no node that pods may go to can run their image.
type PlatformError struct {
	Service, Object string
	Image           string
	Platforms       []image.Platform // that it is built for
	Nodes           []image.Platform // that the nodes are
}

func (e *PlatformError) Error() string {
	return fmt.Sprintf("image %q of service %q is built for %s, and the nodes that %s may go to are %s",
		e.Image, e.Service, listed(e.Platforms), e.Object, listed(e.Nodes))
}

// Fix says what mends it.
func (e *PlatformError) Fix() string {
	return fmt.Sprintf("build it for %s, or let its pods go to nodes that can run it: nodeSelector: %s", listed(e.Nodes), selecting(e.Platforms[0]))
}

func listed(platforms []image.Platform) string {
	names := make([]string, len(platforms))
	for i, platform := range platforms {
		names[i] = platform.String()
	}
	return strings.Join(names, ", ")
}

// selecting is a nodeSelector, as manifests spell it.
func selecting(platform image.Platform) string {
	return fmt.Sprintf("{%s: %s, %s: %s}", corev1.LabelOSStable, platform.OS, corev1.LabelArchStable, platform.Architecture)
}

// platformed is an image of which the registry says what it is built for, and the pods that run it.
type platformed struct {
	image           image.Image
	service, object string
	pod             corev1.PodSpec
}

// checkPlatforms compares what images are built for with the nodes that their pods may
// go to. It returns a *PlatformError for each that none can run, and warns of those that
// some can't. Who may not look at nodes is told nothing.
func (n *Namespace) checkPlatforms(ctx context.Context, r *release.Release) error {
	wanted := withPlatforms(r)
	if len(wanted) == 0 {
		return nil
	}
	nodes, err := n.nodeLabels(ctx)
	if err == nil && !slices.ContainsFunc(wanted, func(p platformed) bool { return len(p.unfit(nodes)) > 0 }) {
		return nil
	}
	if err == nil {
		nodes, err = n.nodes(ctx)
	}
	if err != nil {
		n.debug(fmt.Sprintf("images' platforms are not compared with the nodes': %v", err))
		return nil
	}
	var faults []error
	for _, p := range wanted {
		faults = append(faults, p.judged(nodes, n.warn))
	}
	return errors.Join(faults...)
}

// withPlatforms are a release's images by the objects that run them. What is read from
// records says nothing of platforms: it has run here.
func withPlatforms(r *release.Release) []platformed {
	var found []platformed
	for _, service := range r.Services {
		for _, object := range service.Objects {
			for _, pod := range manifest.Pods(object) {
				for _, image := range imagesIn(pod, service) {
					found = append(found, platformed{image: image, service: service.Name, object: object.String(), pod: pod})
				}
			}
		}
	}
	return found
}

// imagesIn are the images with known platforms that a pod runs, each once.
func imagesIn(pod corev1.PodSpec, service release.Service) []image.Image {
	var found []image.Image
	for _, pinned := range service.Images {
		runs := func(c corev1.Container) bool { return image.Digest(c.Image) == pinned.Digest }
		isKnown := func(other image.Image) bool { return other.Digest == pinned.Digest }
		used := slices.ContainsFunc(pod.InitContainers, runs) || slices.ContainsFunc(pod.Containers, runs)
		if used && len(pinned.Platforms) > 0 && !slices.ContainsFunc(found, isKnown) {
			found = append(found, pinned)
		}
	}
	return found
}

// schedulable selects nodes that take new pods.
const schedulable = "spec.unschedulable=false"

// nodeLabels are the nodes by their metadata alone, which is small and tells platforms
// as well. Any recent version does.
func (n *Namespace) nodeLabels(ctx context.Context) ([]corev1.Node, error) {
	all, err := n.proxy.Metadata(ctx, "/api/v1/nodes", url.Values{"fieldSelector": {schedulable}, "resourceVersion": {"0"}})
	nodes := make([]corev1.Node, len(all))
	for i, found := range all {
		nodes[i].ObjectMeta = found.ObjectMeta
	}
	return nodes, err
}

// nodes are the nodes with all that they tell, taints included.
func (n *Namespace) nodes(ctx context.Context) ([]corev1.Node, error) {
	var list corev1.NodeList
	err := n.proxy.Get(ctx, "/api/v1/nodes", url.Values{"fieldSelector": {schedulable}, "resourceVersion": {"0"}}, &list)
	return list.Items, err
}

// judged is a *PlatformError where no node can run the image, and warns where some can't.
func (p platformed) judged(nodes []corev1.Node, warn func(string)) error {
	able := slices.DeleteFunc(slices.Clone(nodes), func(node corev1.Node) bool { return !mayGo(p.pod, node) })
	unfit := p.unfit(nodes)
	switch {
	case len(unfit) == 0:
		return nil
	case len(unfit) == len(able):
		return &PlatformError{Service: p.service, Object: p.object, Image: p.named(), Platforms: p.image.Platforms, Nodes: platforms(unfit)}
	}
	warn(fmt.Sprintf("image %q of service %q is built for %s, and %s may go to nodes that are not: %d of %d are %s; to keep it from them: nodeSelector: %s",
		p.named(), p.service, listed(p.image.Platforms), p.object, len(unfit), len(able), listed(platforms(unfit)), selecting(p.image.Platforms[0])))
	return nil
}

// named is the image as people know it.
func (p platformed) named() string { return p.image.Repository + ":" + p.image.Tag }

// unfit are the nodes that the pods may go to, and that can't run the image.
func (p platformed) unfit(nodes []corev1.Node) []corev1.Node {
	var found []corev1.Node
	for _, node := range nodes {
		platform := platformOf(node)
		isKnown := platform.OS != "" && platform.Architecture != ""
		if isKnown && !p.image.RunsOn(platform) && mayGo(p.pod, node) {
			found = append(found, node)
		}
	}
	return found
}

// platforms are those of nodes, each once.
func platforms(nodes []corev1.Node) []image.Platform {
	var found []image.Platform
	for _, node := range nodes {
		if platform := platformOf(node); !slices.Contains(found, platform) {
			found = append(found, platform)
		}
	}
	return found
}

// platformOf is what a node says that it is, or what its kubelet has labelled it with.
func platformOf(node corev1.Node) image.Platform {
	if info := node.Status.NodeInfo; info.OperatingSystem != "" {
		return image.Platform{OS: info.OperatingSystem, Architecture: info.Architecture}
	}
	return image.Platform{OS: node.Labels[corev1.LabelOSStable], Architecture: node.Labels[corev1.LabelArchStable]}
}
