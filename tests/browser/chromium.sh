#!/usr/bin/env bash
# Prints the path of a Chromium for the tests: the one that CONTRAGE_CHROMIUM names, one that is
# installed, or Debian's, which it installs (root).
#
#   tests/browser/chromium.sh
#
# Exit status 3: there is none and it cannot be had; the reason is the last line of standard error.
set -euo pipefail
LOG=${TMPDIR:-/tmp}/contrage-chromium-apt.log

give_up() {
  echo "browser for tests: $1" >&2
  exit 3
}

find_one() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" && return 0
  done
  return 1
}

if [ -n "${CONTRAGE_CHROMIUM:-}" ]; then
  command -v "$CONTRAGE_CHROMIUM" || give_up "CONTRAGE_CHROMIUM: $CONTRAGE_CHROMIUM cannot be run"
  exit 0
fi
find_one && exit 0
exec 9>"${TMPDIR:-/tmp}/contrage-chromium-install.lock"
flock 9 # another process of tests may be at it
find_one && exit 0
command -v apt-get >/dev/null || give_up "no Chromium here, and no apt-get to install it; name one in CONTRAGE_CHROMIUM"
[ "$(id -u)" = 0 ] || give_up "no Chromium here, and installing it takes root; name one in CONTRAGE_CHROMIUM"
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
  --no-install-recommends -o Dpkg::Use-Pty=0 chromium fonts-dejavu-core; } >"$LOG" 2>&1 ||
  give_up "apt-get could not install chromium: $(tail -n 1 "$LOG")"
find_one || give_up "apt-get installed chromium, but there is no such command"
