package benchhosts

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// byTar is the floor: tar and ssh for each host, all at once.
func (b *bench) byTar(t *testing.T) float64 {
	t.Helper()
	const pipe = `tar -cz -C "$1" . | ssh -F "$2" -- "$3" "$4"`
	release := b.root + "/releases/1"
	unpack := fmt.Sprintf("mkdir -p %[1]s && tar -xz -C %[1]s && ln -s %[1]s %[2]s/current", release, b.root)
	begun := time.Now()
	var all sync.WaitGroup
	for i := range hostCount {
		all.Go(func() {
			command(t, "", nil, "sh", "-c", pipe, "sh", b.ready, b.direct, fmt.Sprintf("h%d", i+1), unpack)
		})
	}
	all.Wait()
	return time.Since(begun).Seconds()
}

// prepareCapistrano writes its configuration, and makes the mirror of the
// repository that each host would have from earlier deploys.
func (b *bench) prepareCapistrano(t *testing.T) {
	t.Helper()
	folder := filepath.Join(b.peers, "capistrano")
	write(t, folder, "Capfile", []byte(`require "capistrano/setup"
require "capistrano/deploy"
require "capistrano/scm/hg"
install_plugin Capistrano::SCM::Hg
`))
	write(t, folder, "config/deploy.rb", fmt.Appendf(nil, `set :application, "bench"
set :repo_url, %q
set :repo_path, %q
set :deploy_to, %q
set :branch, ENV.fetch("REVISION")
set :keep_releases, 5
set :ssh_options, config: %q, forward_agent: false
`, b.repository, b.mount+"/mirror", b.root, b.direct))
	var servers strings.Builder
	for i := range hostCount {
		fmt.Fprintf(&servers, "server \"h%d\", roles: %%w{app}\n", i+1)
		command(t, "", nil, "hg", "clone", "--quiet", "--noupdate", b.repository, filepath.Join(b.folders[i], "mirror"))
	}
	write(t, folder, "config/deploy/bench.rb", []byte(servers.String()))
}

func (b *bench) byCapistrano(t *testing.T, revision string) float64 {
	t.Helper()
	return timed(t, filepath.Join(b.peers, "capistrano"), []string{"REVISION=" + revision}, nil, "cap", "bench", "deploy").seconds
}

// prepareAnsible writes a playbook that is as short as it can be: facts aren't
// gathered, and the archive is made already.
func (b *bench) prepareAnsible(t *testing.T) {
	t.Helper()
	folder := filepath.Join(b.peers, "ansible")
	var inventory strings.Builder
	for i := range hostCount {
		fmt.Fprintf(&inventory, "h%d ansible_python_interpreter=/usr/bin/python3\n", i+1)
	}
	write(t, folder, "hosts", []byte(inventory.String()))
	write(t, folder, "ansible.cfg", fmt.Appendf(nil, "[defaults]\ninventory = hosts\nforks = 8\n\n"+
		"[ssh_connection]\npipelining = True\nssh_common_args = -F %s\n", b.direct))
	write(t, folder, "deploy.yml", fmt.Appendf(nil, `- hosts: all
  gather_facts: false
  tasks:
    - file: {path: %[1]s/releases/1, state: directory}
    - unarchive: {src: %[2]s, dest: %[1]s/releases/1}
    - file: {src: %[1]s/releases/1, dest: %[1]s/current, state: link}
`, b.root, b.packed))
}

// byAnsible runs the playbook. Connections of an earlier run are not there any more.
func (b *bench) byAnsible(t *testing.T) float64 {
	t.Helper()
	sockets := t.TempDir()
	return timed(t, filepath.Join(b.peers, "ansible"), []string{"ANSIBLE_SSH_CONTROL_PATH_DIR=" + sockets, "ANSIBLE_SSH_ARGS=-C -o ControlMaster=auto -o ControlPersist=5s"},
		nil, "ansible-playbook", "deploy.yml").seconds
}
