package noise

import (
	"slices"
	"sync"
)

// Log is what all runs of kubectl in one run of skycap share. The zero value is
// ready, and it is safe for concurrent use.
type Log struct {
	mutex    sync.Mutex
	warned   map[string]bool
	warnings []string
	families map[string]bool
	hidden   int
}

// Hidden is how many lines of noise nobody was shown.
func (l *Log) Hidden() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.hidden
}

// Warnings are all of them, in the order in which they came.
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

// longestWarning is up to which length warnings are compared, in bytes; longer ones are always new.
const longestWarning = 64 << 10

// isNew reports whether a warning is heard for the first time.
func (l *Log) isNew(warning []byte) bool {
	if len(warning) > longestWarning {
		return true
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	text := string(warning)
	if l.warned[text] {
		return false
	}
	if l.warned == nil {
		l.warned = map[string]bool{}
	}
	l.warned[text] = true
	l.warnings = append(l.warnings, text)
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
