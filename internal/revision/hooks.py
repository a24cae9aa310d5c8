# Read by hg itself, as an extension: hooks are for those who work in a repository, and what
# they print would be among what skycap reads. Those of extensions stay: LFS needs its own.


def uisetup(ui):
    silence(ui, ui)  # of the command that serves, which starts without the repository


def reposetup(ui, repo):
    if repo.local():
        silence(repo.ui, repo.baseui)


def silence(ui, base):
    for name, hook in ui.configitems(b'hooks', untrusted=True):
        if not callable(hook):
            for settings in (ui, base):
                settings.setconfig(b'hooks', name, b'', b'skycap')
