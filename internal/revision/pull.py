# Read by hg itself, as an extension: hg pull keeps what the other repository has given up,
# and only newer versions of hg can be told to let bookmarks go. Its order of changesets may
# be another, too: what tip and branches stand for is kept as it is there.
from mercurial import commands, exchange, extensions, registrar, repair
from mercurial.node import bin, hex

cmdtable = {}
command = registrar.command(cmdtable)
TIPS = b'skycap-tips'  # of what was pulled: the hash and the name of each, in lines


def reposetup(ui, repo):
    if not repo.local():
        return

    class mirror(repo.__class__):
        def __getitem__(self, changeid):
            if changeid == b'tip':
                changeid = read(self).get(changeid, changeid)
            return super().__getitem__(changeid)

        def branchtip(self, branch, *args, **opts):
            return read(self).get(branch) or super().branchtip(branch, *args, **opts)

    repo.__class__ = mirror


@command(b'skycap-pull', [], b'')
def pull(ui, repo, source):
    """pull what another repository has, and forget what it hasn't

    What it has was found out by the pull: it isn't asked again.
    """
    pulls = []

    def kept(original, repo, remote, *args, **opts):
        with remote.commandexecutor() as asked:
            tip = asked.callcommand(b'lookup', {b'key': b'tip'})
            branches = asked.callcommand(b'branchmap', {})
        done = original(repo, remote, *args, **opts)
        pulls.append((done, tip.result(), branches.result()))
        return done

    with extensions.wrappedfunction(exchange, 'pull', kept):
        commands.pull(ui, repo, source, remote_hidden=False)
    with repo.wlock(), repo.lock():
        for done, tip, branches in pulls:
            strip(ui, repo, done.pulledsubset)
            mark(repo, done.remotebookmarks or {})
            write(repo, tip, branches)
    return 0


def strip(ui, repo, theirs):
    """take away the changesets that aren't in the history of others"""
    whole = repo.unfiltered()
    theirs = [node for node in theirs if whole.changelog.hasnode(node)]
    strays = set(repo.heads()) - set(theirs) - {b'\0' * 20}
    if strays:
        gone = [commit.node() for commit in whole.set(b'roots(only(%ln, %ln))', strays, theirs)]
        if gone:
            repair.strip(ui, repo, gone, backup=False)


def mark(repo, theirs):
    """make the bookmarks those of others"""
    ours = repo._bookmarks
    known = repo.unfiltered().changelog.hasnode
    changes = [(name, None) for name in ours if name not in theirs]
    changes += [(name, node) for name, node in theirs.items() if ours.get(name) != node and known(node)]
    if changes:
        with repo.transaction(b'skycap') as transaction:
            ours.applychanges(repo, transaction, changes)


def write(repo, tip, branches):
    """keep what tip and branches stand for elsewhere, whose heads come in its order: as for
    hg, the last one that is open, or else the last"""
    tips = {b'tip': tip}
    for name, heads in branches.items():
        known = [node for node in heads if repo.changelog.hasnode(node)]
        opened = [node for node in known if not repo[node].closesbranch()]
        tips.update((name, node) for node in (opened or known)[-1:])
    content = b''.join(b'%s %s\n' % (hex(node), name) for name, node in sorted(tips.items()))
    if content != repo.vfs.tryread(TIPS):
        with repo.vfs(TIPS, b'w', atomictemp=True) as file:
            file.write(content)


def read(repo):
    """what write has kept, of the changesets that are here"""
    lines = [line.split(b' ', 1) for line in repo.vfs.tryread(TIPS).splitlines()]
    return {name: bin(node) for node, name in lines if repo.changelog.hasnode(bin(node))}
