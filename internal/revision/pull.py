# Read by hg itself, as an extension: hg pull keeps what the other repository has given up,
# and only newer versions of hg can be told to let bookmarks go.
from mercurial import commands, exchange, extensions, registrar, repair

cmdtable = {}
command = registrar.command(cmdtable)


@command(b'skycap-pull', [], b'')
def pull(ui, repo, source):
    """pull what another repository has, and forget what it hasn't

    What it has was found out by the pull: it isn't asked again.
    """
    pulls = []

    def kept(original, *args, **opts):
        pulls.append(original(*args, **opts))
        return pulls[-1]

    with extensions.wrappedfunction(exchange, 'pull', kept):
        commands.pull(ui, repo, source, remote_hidden=False)
    with repo.wlock(), repo.lock():
        for done in pulls:
            strip(ui, repo, done.pulledsubset)
            mark(repo, done.remotebookmarks or {})
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
