# Read by hg itself, as an extension: hg's own commands that print files make archives of
# them, or look up what each was copied from. That takes twice as long, and where a file
# is large, seconds and gigabytes.
from mercurial import registrar, scmutil

cmdtable = {}
command = registrar.command(cmdtable)

BATCH = 1 << 16  # bytes that are written at once


@command(
    b'skycap-files',
    [
        (b'r', b'rev', b'', b''),
        (b'', b'most', 0, b''),  # files; of more, no content is printed
        (b'', b'size', 0, b''),  # bytes of one file; of a larger one, no content is printed
        (b'', b'total', 0, b''),  # bytes of all those files; of more, no content is printed
    ],
    b'',
)
def files(ui, repo, *patterns, **opts):
    """print the files of a commit that match patterns

    Each as its flags, whether its content follows, its size, and its path, each ended
    by NUL, and the content.
    """
    commit = repo[opts['rev']]
    manifest = commit.manifest()
    if patterns:
        absent = lambda path, message: None  # adds nothing
        names = list(manifest.walk(scmutil.match(commit, patterns, badfn=absent)))
    else:
        names = list(manifest)
    bounded = bool(opts['most'])
    if bounded and len(names) > opts['most']:
        for name in names:
            ui.write(b'%s\x000\x00-1\x00%s\x00' % (manifest.flags(name), name))
        return 0

    logs = {}
    sizes = {}
    if bounded:
        for name in names:
            logs[name] = repo.file(name)
            sizes[name] = stored(logs[name], manifest[name])
    small = [size for size in sizes.values() if size <= opts['size']]
    all_small = sum(small) <= opts['total']

    batch, length = [], 0
    for name in names:
        size = sizes.get(name, 0)
        if bounded and (size > opts['size'] or not all_small):
            batch.append(b'%s\x000\x00%d\x00%s\x00' % (manifest.flags(name), size, name))
            continue
        log = logs.pop(name, None) or repo.file(name)
        content = log.read(manifest[name])
        batch.append(b'%s\x001\x00%d\x00%s\x00' % (manifest.flags(name), len(content), name))
        batch.append(content)
        length += len(content)
        if length > BATCH:
            ui.write(b''.join(batch))
            batch, length = [], 0
    ui.write(b''.join(batch))
    return 0


def stored(log, node):
    """the size of a file in bytes, as the index of its versions has it; where it is a
    copy of another, that is counted too"""
    version = log.rev(node)
    index = getattr(log, '_revlog', log)
    if index.flags(version):  # stored elsewhere, as by LFS
        return log.size(version)
    return index.rawsize(version)
