package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// measured is what a run of skycap took.
type measured struct {
	outcome
	wall, processor time.Duration // of skycap itself
	children        time.Duration // the processor's time of the programs that it ran
	memory          int           // of skycap itself at its peak, in KiB
	proxyMemory     int           // of kubectl's proxy at its peak, in KiB
	course          []int         // skycap's memory as time goes by, in KiB
	connections     int           // of the proxy to the API server, at most
	requests        int           // that went through the proxy
}

func (m measured) String() string {
	return fmt.Sprintf("%.1f s, processor %.2f s and %.2f s in kubectl and its like, memory %d MiB (%s) and %d MiB in the proxy, %d connections, %d requests",
		m.wall.Seconds(), m.processor.Seconds(), m.children.Seconds(), m.memory>>10, m.tenths(), m.proxyMemory>>10, m.connections, m.requests)
}

// tenths tells the course of the memory in ten numbers.
func (m measured) tenths() string {
	var texts []string
	for i := range min(10, len(m.course)) {
		texts = append(texts, strconv.Itoa(m.course[(i+1)*len(m.course)/min(10, len(m.course))-1]>>10))
	}
	return strings.Join(texts, " ")
}

// measure runs skycap and looks at it and at its proxy until it ends.
func (c *checkout) measure(args ...string) measured {
	c.t.Helper()
	watched := *c
	path, count := c.logProxy()
	watched.env = append(slices.Clone(c.env), path)
	begun := time.Now()
	r := watched.start(args...)
	var m measured
	ended, looked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(looked)
		for ticker := time.NewTicker(2 * pause); ; {
			m.look(r.program.Process.Pid)
			select {
			case <-ended:
				ticker.Stop()
				return
			case <-ticker.C:
			}
		}
	}()
	m.outcome = r.end()
	close(ended)
	<-looked
	m.wall, m.requests = time.Since(begun), count()
	used := r.program.ProcessState
	m.children = used.UserTime() + used.SystemTime() - m.processor
	return m
}

var highWater, resident = regexp.MustCompile(`VmHWM:\s+(\d+)`), regexp.MustCompile(`VmRSS:\s+(\d+)`)

func (m *measured) look(pid int) {
	if rss := number(pid, "status", resident); rss > 0 {
		m.course = append(m.course, rss)
	}
	m.memory = max(m.memory, number(pid, "status", highWater))
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		m.processor = max(m.processor, time.Duration(user+system)*10*time.Millisecond)
	}
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range children {
		text, _ := os.ReadFile(file)
		for _, child := range strings.Fields(string(text)) {
			line, _ := os.ReadFile("/proc/" + child + "/cmdline")
			if strings.Contains(string(line), "\x00proxy\x00") {
				proxy, _ := strconv.Atoi(child)
				m.proxyMemory = max(m.proxyMemory, number(proxy, "status", highWater))
				m.connections = max(m.connections, connections(child))
			}
		}
	}
}

func number(pid int, file string, pattern *regexp.Regexp) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file)) // it may have ended
	found := 0
	if match := pattern.FindSubmatch(text); match != nil {
		found, _ = strconv.Atoi(string(match[1]))
	}
	return found
}

// connections counts the TCP connections that a process has open.
func connections(pid string) int {
	table, _ := os.ReadFile("/proc/" + pid + "/net/tcp")
	files, _ := filepath.Glob("/proc/" + pid + "/fd/*")
	found := 0
	for _, file := range files {
		target, _ := os.Readlink(file)
		inode := strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")
		for line := range strings.Lines(string(table)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[9] == inode && fields[3] == "01" {
				found++
			}
		}
	}
	return found
}
