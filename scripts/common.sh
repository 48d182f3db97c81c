# shellcheck shell=bash disable=SC2034
# What the scripts share; sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

# die TEXT: says why on stderr, and ends.
die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# quietly LOG COMMAND...: runs the command with its output in LOG. When it fails, shows the end of
# it and where the rest is.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        printf '%s: this failed: %s\n  all of its output: %s\n' "$(basename "$0")" "$*" "$log" >&2
        return 1
    fi
}

# shown PATH: as one would type it here: relative when it lies below the current folder.
shown() {
    case $1 in
        "$PWD"/*) printf '%s\n' "${1#"$PWD"/}" ;;
        *) printf '%s\n' "$1" ;;
    esac
}
