# Read by hg itself, as an extension: hooks are for those who work in a repository, and what
# they print would be among what skycap reads. Those of extensions stay: LFS needs its own.


def reposetup(ui, repo):
    if not repo.local():
        return
    for name, hook in repo.ui.configitems(b'hooks', untrusted=True):
        if not callable(hook):
            for settings in (repo.ui, repo.baseui):
                settings.setconfig(b'hooks', name, b'', b'skycap')
