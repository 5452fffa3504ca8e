#!/usr/bin/env bash
# Ends the Slurm that up.sh started, by the process numbers it left, and removes its folder
# (`--keep` leaves the folder, with its logs). Run twice it changes nothing.
set -uo pipefail
DIR=${SLURM_TEST_DIR:-/tmp/contrage-slurm}
[ -d "$DIR" ] || exit 0
if [ -e "$DIR/env.sh" ]; then
  . "$DIR/env.sh"
  [ ! -s "$DIR/slurmctld.pid" ] || timeout 10 scancel --quiet --me 2>/dev/null
fi

stop() {
  local pid
  pid=$(cat "$DIR/$1.pid" 2>/dev/null) || return 0
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || return 0
  kill -TERM "$pid"
  for _ in $(seq 50); do
    [ -d "/proc/$pid" ] || return 0
    sleep 0.2
  done
  kill -KILL "$pid"
}

sleep 1 # for the cancelled jobs to end
for node in "$DIR"/node*.pid; do
  [ ! -e "$node" ] || stop "$(basename "$node" .pid)" slurmd
done
for daemon in slurmctld slurmdbd mariadbd munged; do
  stop "$daemon" "$daemon"
done
# What a cancelled job leaves: here, processes that lost their parent are not followed.
for process in $(pgrep -u "$(id -u)"); do
  variables=$(tr '\0' '\n' 2>/dev/null <"/proc/$process/environ") 2>/dev/null || continue
  case "$variables" in
    *"SLURM_CONF=$DIR/slurm.conf"*) case "$variables" in *SLURM_JOB_ID=*) kill -KILL "$process" ;; esac ;;
  esac
done
if [ "${1:-}" = --keep ]; then rm -f "$DIR"/*.pid; else rm -rf "$DIR"; fi
exit 0
