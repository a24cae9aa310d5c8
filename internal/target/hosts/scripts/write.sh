# Writes files below .skycap, each whole or not at all: name and content in turn. An
# empty content removes it.
cd "$ROOT/.skycap" || exit 1
while [ $# -gt 1 ]; do
	if [ -n "$2" ]; then
		printf '%s\n' "$2" | cat >"tmp/save.$$" && mv -f "tmp/save.$$" "$1" || fail "$1 could not be written"
	else
		rm -f "$1"
	fi
	shift 2
done
