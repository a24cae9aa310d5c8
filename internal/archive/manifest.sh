# Prints the manifest of the folder that it runs in: 64 hex digits. See manifest.go.
# POSIX sh with GNU find, sort, xargs and sha256sum; a handful of processes for any number of
# files. In the file $1, if that is given, it lists all that is no folder, ended by NULs.
(
    LC_ALL=C
    export LC_ALL
    sum=$({
        find . -type f -print0 | xargs -0 -r sha256sum --zero --
        find . ! -type d -fprint0 "${1:-/dev/null}" \( ! -type f -o -perm -100 \) -printf '%y %p//%l\0' ||
            printf 'incomplete\0'
    } | sort -z | sha256sum) && printf '%s\n' "${sum%% *}"
)
