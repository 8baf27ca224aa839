# Shared by the scripts of ci/, which source it. It moves to the root of the tree, so that each of
# them may be called from anywhere.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# ccache saves time where somebody has it; nothing needs it.
if command -v ccache >/dev/null && [ -z "${CMAKE_C_COMPILER_LAUNCHER-}" ]; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache
fi

# die SENTENCE...: one line on standard error, exit status 1.
die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# with_capture COMMAND...: runs it where loopback may be captured. Root may. Anybody else may in a
# network namespace of his own; where the system allows none, sudo it is.
with_capture()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif unshare --user --map-root-user --net true 2>/dev/null; then
        unshare --user --map-root-user --net sh -c 'ip link set lo up && exec "$@"' sh "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "capturing on loopback needs root, sudo or user namespaces, and there are none"
    fi
}
