# Removes release folders and records by name. What is current stays, whatever is asked.
cd "$ROOT" || exit 1
kept=
for path; do
	case $path in
	*.json) rm -f ".skycap/releases/$path" || kept=$path ;;
	*)
		! is_current "$path" || continue
		# A folder of which a part may be gone must not be taken for whole.
		rm -f ".skycap/folders/$path" && rm -rf "releases/$path" ".skycap/folders/$path.files" || kept=$path
		;;
	esac
done
for about in .skycap/folders/*; do # of those that Capistrano has removed
	name=${about##*/}
	[ -d "releases/${name%.files}" ] || rm -f "$about"
done
[ -z "$kept" ] || fail "$kept could not be removed"
