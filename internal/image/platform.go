package image

import (
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Platform is what a program can be built for, and what a node is, as Go names it.
type Platform struct {
	OS, Architecture string
	Variant          string // as v7; nodes tell none
}

// String is how builders spell it: linux/arm/v7.
func (p Platform) String() string {
	text := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		text += "/" + p.Variant
	}
	return text
}

// RunsOn reports whether a node of a platform can run the image. One that says nothing
// of its platforms may be for any.
func (i Image) RunsOn(node Platform) bool {
	return len(i.Platforms) == 0 || slices.ContainsFunc(i.Platforms, node.runs)
}

// runs reports whether a node takes what is built for another platform. Variants are
// left to the runtime, which alone knows the node's.
func (p Platform) runs(built Platform) bool {
	return p.OS == built.OS && (p.Architecture == built.Architecture || smaller(p.Architecture) == built.Architecture)
}

// smaller is the architecture of 32 bits whose programs a processor runs too, and
// containerd pulls for it.
func smaller(architecture string) string {
	return map[string]string{"amd64": "386", "arm64": "arm"}[architecture]
}

// platformsOf are the platforms of one image, or of all in an index: none where one of them is not known.
func platformsOf(all ...*v1.Platform) []Platform {
	var found []Platform
	for _, platform := range all {
		if platform == nil || platform.OS == "" || platform.Architecture == "" {
			return nil
		}
		built := Platform{OS: platform.OS, Architecture: goArchitecture(platform.Architecture), Variant: platform.Variant}
		if !slices.Contains(found, built) {
			found = append(found, built)
		}
	}
	return found
}

// goArchitecture is Go's name of an architecture that a builder may have spelled as the system does.
func goArchitecture(name string) string {
	spelled := map[string]string{"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armhf": "arm", "armel": "arm"}
	if known, ok := spelled[name]; ok {
		return known
	}
	return name
}
