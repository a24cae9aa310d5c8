# Removes release folders and records by name. What is current stays, whatever is asked.
cd "$ROOT" || exit 1
current=$(readlink current)
kept=
for path; do
	case $path in
	*.json) rm -f ".skycap/releases/$path" || kept=$path ;;
	*)
		[ "$current" != "$ROOT/releases/$path" ] || continue
		# A folder of which a part may be gone must not be taken for whole.
		rm -f ".skycap/folders/$path" && rm -rf "releases/$path" ".skycap/folders/$path.files" || kept=$path
		;;
	esac
done
[ -z "$kept" ] || fail "$kept could not be removed"
