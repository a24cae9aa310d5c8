# Prints the manifest of the folder that it runs in: 64 hex digits. See manifest.go.
# POSIX sh with GNU find, sort, xargs and sha256sum; a handful of processes for any number of files.
(
    LC_ALL=C
    export LC_ALL
    {
        find . -type f -print0 | sort -z
        # sha256sum marks lines whose name it quotes with a backslash.
        find . -type f -print0 | sort -z | xargs -0 -r sha256sum -- | sed 's/^\\//' | cut -c 1-64
        find . ! -type d \( ! -type f -o -perm -100 \) -printf '%y %p//%l\0' | sort -z
    } | sha256sum | cut -c 1-64
)
