# Stops the unit.
[ -n "$UNIT" ] || fail "it has no unit"
why=$(verb stop systemctl stop -- "$UNIT" 2>&1) || fail "the stop failed: $(last "$why")"
done_ stopped
