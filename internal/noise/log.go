package noise

import (
	"crypto/sha256"
	"slices"
	"sync"
)

// Log is what all runs of kubectl in one run of skycap share. The zero value is
// ready, and it is safe for concurrent use.
type Log struct {
	mutex    sync.Mutex
	warned   map[fingerprint]struct{}
	warnings []string // the first of them
	size     int      // of warnings, in bytes
	families map[string]bool
	hidden   int
}

// Hidden is how many lines of noise nobody was shown.
func (l *Log) Hidden() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.hidden
}

// Warnings are the first of them, in the order in which they came: as many as people would read.
func (l *Log) Warnings() []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.warnings)
}

func (l *Log) hide(lines int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.hidden += lines
}

// fingerprint stands for the text of a warning, which may be long.
type fingerprint [sha256.Size / 2]byte

func fingerprintOf(text []byte) fingerprint {
	sum := sha256.Sum256(text)
	return fingerprint(sum[:])
}

// How much is remembered: of the texts of warnings, in bytes, and of their
// fingerprints. Warnings beyond these are always new.
const (
	warningsKept = 1 << 20
	mostWarned   = 1 << 17
)

// longestWarning is up to which length warnings are compared, in bytes; longer ones are always new.
const longestWarning = 64 << 10

// isNew reports whether a warning is heard for the first time.
func (l *Log) isNew(warning []byte) bool {
	if len(warning) > longestWarning {
		return true
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	seen := fingerprintOf(warning)
	if _, known := l.warned[seen]; known {
		return false
	}
	if l.warned == nil {
		l.warned = map[fingerprint]struct{}{}
	}
	if len(l.warned) < mostWarned {
		l.warned[seen] = struct{}{}
	}
	if l.size+len(warning) <= warningsKept {
		l.size += len(warning)
		l.warnings = append(l.warnings, string(warning))
	}
	return true
}

// IsNew reports whether a warning is heard for the first time, whoever tells of it.
func (l *Log) IsNew(warning string) bool { return l.isNew([]byte(warning)) }

// isNewFamily reports whether a family of entries is met for the first time.
func (l *Log) isNewFamily(family string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.families[family] {
		return false
	}
	if l.families == nil {
		l.families = map[string]bool{}
	}
	l.families[family] = true
	return true
}
