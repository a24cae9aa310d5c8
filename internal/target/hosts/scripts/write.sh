# Writes files below .skycap, each whole or not at all: name and content in turn. An
# empty content removes it.
cd "$ROOT/.skycap" || exit 1
while [ $# -gt 1 ]; do
	if [ -n "$2" ]; then
		save "$1" "$2"
	else
		rm -f "$1"
	fi
	shift 2
done
