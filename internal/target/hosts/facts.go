package hosts

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// facts are how a host is.
type facts struct {
	user       string
	now        time.Time     // by the host's clock
	off        time.Duration // of that clock, as far as it can be told
	root       bool          // deploy_to is there
	prepared   bool          // and so are skycap's own folders in it
	base       string        // deploy_to, or the nearest folder above it that is there
	reachable  bool          // the owner can make deploy_to
	nobody     string        // the owner, where there is no such user
	unwritable []owned       // what the owner must be able to write to, and can't
	foreign    []owned       // a folder that is somebody else's, if there is one
	readonly   string        // the mount point, where the file system is read-only
	current    string        // where the link points; empty without one
	runs       string        // the release folder that it leads to; empty where it leads to none
	blocked    string        // what current is, where it isn't a link
	stray      string        // where a releases/current that was left over points
	folders    []folder      // in the order of their names
	unlinked   []string      // linked files that are not there
	due        bool          // a restart was due when a deploy was cut off
	held       bool          // somebody holds the lock
	holder     *holder
	freeze     *freeze
	records    map[int]record
	free       int64 // KiB
	inodes     int64 // -1 where the file system has no limit
	missing    []string
	noFetcher  bool     // neither curl nor wget is there
	refused    []string // what sudo refuses
	unit       map[string]string
	unitFile   string // sha256 of the unit's file, 64 hex
	unhealthy  string // why the check fails
	understood bool
}

// owned is a file and whose it is.
type owned struct{ path, user string }

// folder is one release folder.
type folder struct {
	name, key, revision string
	listed              bool // its files are listed, as they were sent
}

// errCutShort says that a host didn't say all that it was asked.
var errCutShort = errors.New("its answer is cut short")

// parseFacts reads what facts.sh says, which is compressed.
func parseFacts(packed []byte) (*facts, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCutShort, err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCutShort, err)
	}
	f := &facts{records: map[int]record{}, unit: map[string]string{}, inodes: -1}
	for _, line := range parse(text).lines {
		if err := f.take(line.name, line.value); err != nil {
			return nil, fmt.Errorf("%s: %w", line.name, err)
		}
	}
	if !f.understood {
		return nil, errCutShort
	}
	slices.SortFunc(f.folders, func(a, b folder) int { return strings.Compare(a.name, b.name) })
	return f, nil
}

func (f *facts) take(name, value string) (err error) {
	switch name {
	case "user":
		f.user = value
	case "now":
		seconds, err := strconv.ParseInt(value, 10, 64)
		f.now = time.Unix(seconds, 0)
		return err
	case "free":
		f.free, err = strconv.ParseInt(value, 10, 64)
	case "inodes":
		f.inodes, err = strconv.ParseInt(value, 10, 64)
	case "missing":
		f.missing = append(f.missing, value)
	case "refused":
		f.refused = append(f.refused, value)
	case "unlinked":
		f.unlinked = append(f.unlinked, value)
	case "record":
		return f.takeRecord(value)
	case "holder":
		err = json.Unmarshal([]byte(value), &f.holder)
	case "freeze":
		err = json.Unmarshal([]byte(value), &f.freeze)
	default:
		f.takeWord(name, value)
	}
	return err
}

func (f *facts) takeWord(name, value string) {
	switch name {
	case "root":
		f.root = true
	case "prepared":
		f.prepared = true
	case "base":
		f.base = value
	case "reachable":
		f.reachable = value == "yes"
	case "nobody":
		f.nobody = value
	case "unwritable":
		f.unwritable = append(f.unwritable, ownedBy(value))
	case "foreign":
		f.foreign = append(f.foreign, ownedBy(value))
	case "readonly":
		f.readonly = value
	case "running":
		f.runs = value
	case "current":
		f.current = value
	case "blocked":
		f.blocked = value
	case "stray":
		f.stray = value
	case "folder":
		f.takeFolder(strings.Split(value, "\t"))
	case "due":
		f.due = true
	case "held":
		f.held = true
	case "fetcher":
		f.noFetcher = true
	case "unit":
		property, is, _ := strings.Cut(value, "=")
		f.unit[property] = is
	case "unit_file":
		f.unitFile = value
	case "unhealthy":
		f.unhealthy = value
	case "end":
		f.understood = true
	}
}

func ownedBy(text string) owned {
	path, user, _ := strings.Cut(text, "\t")
	return owned{path, user}
}

func (f *facts) takeFolder(fields []string) {
	if len(fields) == 4 {
		f.folders = append(f.folders, folder{name: fields[0], key: fields[1], revision: fields[2], listed: fields[3] == "yes"})
	}
}

// takeRecord takes one that can be read: what a crashed disk left is none.
func (f *facts) takeRecord(text string) error {
	var found record
	if err := json.Unmarshal([]byte(text), &found); err == nil && found.Summary.Number > 0 {
		f.records[found.Summary.Number] = found
	}
	return nil
}

// running is the name of the release folder that current leads to, however the link
// is written; empty where it leads to none.
func (f *facts) running() string { return f.runs }

// folder is the release folder of a name.
func (f *facts) folder(name string) (folder, bool) {
	at := slices.IndexFunc(f.folders, func(one folder) bool { return one.name == name })
	if at < 0 {
		return folder{}, false
	}
	return f.folders[at], true
}

// having is the newest folder with a key.
func (f *facts) having(key string) (folder, bool) {
	for _, one := range slices.Backward(f.folders) {
		if one.key == key {
			return one, true
		}
	}
	return folder{}, false
}

// stopped reports whether the unit is there and doesn't run, since somebody has
// stopped it: not since a deploy was cut off before it started it.
func (f *facts) stopped() bool {
	return f.unit["LoadState"] == "loaded" && f.unit["ActiveState"] == "inactive" && f.current != "" && !f.due
}
