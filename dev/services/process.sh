# Sourced by every script in dev/: where things are, and how a server's process is watched.
# shellcheck shell=bash
BSS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=dev/services.env
source "$BSS_ROOT/dev/services.env"
BSS_DEV_DIR=$(realpath -m "$BSS_DEV_DIR")

# A login shell has cargo on its path, a service's or a scheduler's often has not.
if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin/cargo" ]; then
  PATH=$PATH:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin
fi

say() { echo "${0##*/}: $*" >&2; }
die() { say "$@"; exit 1; }

# A killed process that nobody has reaped yet still answers kill -0: look at its state.
alive() {
  [ -n "${1:-}" ] && [ -r "/proc/$1/stat" ] &&
    [ "$(sed -E 's/.*\) (.).*/\1/' "/proc/$1/stat" 2>/dev/null)" != Z ]
}

# alive_as PID WORD: alive, and its command line names WORD. A pid kept in a file may belong
# to a foreign process after a restart of the machine.
alive_as() {
  alive "${1:-}" && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A server killed a moment ago may hold its port until its last thread is gone: wait, then say
# that somebody else has it.
require_free_port() { # PORT VARIABLE
  local i
  for i in $(seq 50); do
    port_taken "$1" || return 0
    sleep 0.2
  done
  die "port $1 is taken by a process that these scripts did not start; stop it, or choose" \
    "another port: $2=PORT dev/up"
}

# stop_process PID SECONDS: asks it to end and kills it when it has not after SECONDS.
stop_process() {
  local i
  kill "$1" 2>/dev/null || return 0
  for i in $(seq $(($2 * 10))); do
    alive "$1" || return 0
    sleep 0.1
  done
  kill -9 "$1" 2>/dev/null || true
  for i in $(seq 50); do
    alive "$1" || return 0
    sleep 0.1
  done
}

# The last lines of a log, then an error.
fail_with_log() { # LOG MESSAGE
  tail -20 "$1" >&2 2>/dev/null || true
  die "$2 (log: $1)"
}

megabytes() { du -sm "$1" 2>/dev/null | cut -f1; }
