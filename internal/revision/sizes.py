# Read by hg itself, as an extension. Of a file in its first version hg's own {size} reads
# all, to see whether it is a copy of another: seconds and gigabytes where a file is large.
from mercurial import registrar

templatekeyword = registrar.templatekeyword()


@templatekeyword(b'stored', requires={b'ctx'})
def stored(context, mapping):
    """the size of a file in bytes, as the index of its versions has it"""
    file = context.resource(mapping, b'ctx')[context.symbol(mapping, b'path')]
    log, version = file.filelog(), file.filerev()
    index = getattr(log, '_revlog', log)
    if index.flags(version):  # stored elsewhere, as by LFS
        return b'%d' % log.size(version)
    return b'%d' % index.rawsize(version)
