#!/usr/bin/env bash
# Starts a real Slurm on this machine for the tests: a controller, accounting and two nodes with
# two pretend GPUs each, all bound to loopback, all files under one folder.
#
#   tests/slurm/up.sh && . "$SLURM_TEST_DIR/env.sh"       (default folder: /tmp/contrage-slurm)
#
# With SLURM_TEST_MIXED=1 the GPUs of node2 are an a100, cut into two shards, and a slice (1g.10gb).
#
# Run twice it changes nothing. Exit status 3: the packages cannot be had; the reason is the last
# line of standard error. `down.sh` ends what this started and nothing else.
set -euo pipefail
DIR=${SLURM_TEST_DIR:-/tmp/contrage-slurm}
PORT=${SLURM_TEST_PORT:-26817}      # this one and the six after it
MIXED=${SLURM_TEST_MIXED:-}
NODES=(node1 node2)
CPUS=8                              # advertised by each node, more than there are
MEMORY_MB=64000
GPUS=(/dev/null /dev/zero)          # Slurm wants a character device for each GPU, any will do
HOST=$(hostname -s)
USER_NAME=$(id -un)

say() { echo "slurm for tests: $*" >&2; }

give_up() {
  say "$1"
  exit 3
}

# Is the daemon whose process number lies in DIR/$1.pid one that we started?
alive() {
  local pid
  pid=$(cat "$DIR/$1.pid" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "${2:-$1}" ]
}

# Ask for something again and again, for $1 seconds.
wait_for() {
  local tries=$(($1 * 5))
  shift
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.2
  done
}

fail() {
  say "$1; the last lines of its log:"
  tail -n 15 "$2" >&2 || true
  exit 1
}

install_packages() {
  local program missing=0
  exec 9>/tmp/contrage-slurm-install.lock
  flock 9 # another up.sh may be at it
  for program in munged slurmctld slurmd slurmdbd sbatch mariadbd; do
    command -v "$program" >/dev/null || missing=1
  done
  if [ "$missing" = 0 ]; then
    exec 9>&-
    return 0
  fi
  command -v apt-get >/dev/null || give_up "Slurm is not installed and there is no apt-get to install it"
  [ "$(id -u)" = 0 ] || give_up "Slurm is not installed and installing it takes root"
  # No package may start its own services.
  local policy=/usr/sbin/policy-rc.d ours=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    ours=1
  fi
  local installed=1
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends -o Dpkg::Use-Pty=0 munge slurmctld slurmd slurm-client slurmdbd \
    mariadb-server-core mariadb-client-core; } >"$DIR/log/apt.log" 2>&1 || installed=0
  [ "$ours" = 0 ] || rm -f "$policy"
  exec 9>&-
  [ "$installed" = 1 ] || give_up "apt-get could not install Slurm: $(tail -n 1 "$DIR/log/apt.log")"
}

write_configuration() {
  [ -s "$DIR/munge/munge.key" ] || (umask 077 && head -c 1024 /dev/urandom >"$DIR/munge/munge.key")
  chmod 755 "$DIR/munge" # the socket's folder has to be reachable; the key itself is 0600
  cat >"$DIR/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$DIR/munge/munge.socket
DbdHost=$HOST
DbdAddr=127.0.0.1
DbdPort=$((PORT + 1))
CommunicationParameters=NoInAddrAny
SlurmUser=$USER_NAME
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((PORT + 2))
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
LogFile=$DIR/log/slurmdbd.log
PidFile=$DIR/slurmdbd.pid
CONF
  chmod 600 "$DIR/slurmdbd.conf"
  cat >"$DIR/slurm.conf" <<CONF
ClusterName=contrage
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=$USER_NAME
SlurmdUser=$USER_NAME
SlurmctldPort=$PORT
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$DIR/munge/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$DIR/controller
SlurmctldPidFile=$DIR/slurmctld.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdSpoolDir=$DIR/%n
SlurmdPidFile=$DIR/%n.pid
SlurmdLogFile=$DIR/log/%n.log
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((PORT + 1))
AccountingStoragePass=$DIR/munge/munge.socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
KillWait=2
OverTimeLimit=0
GresTypes=gpu${MIXED:+,shard}
CONF
  : >"$DIR/gres.conf"
  local index node gpu gres
  for index in "${!NODES[@]}"; do
    node=${NODES[$index]}
    mkdir -p "$DIR/$node"
    gres=gpu:${#GPUS[@]}
    [ -z "$MIXED" ] || [ "$node" = node1 ] || gres=gpu:a100:1,gpu:1g.10gb:1,shard:2
    echo "NodeName=$node NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((PORT + 3 + index))" \
      "CPUs=$CPUS RealMemory=$MEMORY_MB Gres=$gres State=UNKNOWN" >>"$DIR/slurm.conf"
    if [ "$gres" != "gpu:${#GPUS[@]}" ]; then
      {
        echo "NodeName=$node Name=gpu Type=a100 File=${GPUS[0]}"
        echo "NodeName=$node Name=gpu Type=1g.10gb File=${GPUS[1]}"
        echo "NodeName=$node Name=shard Count=2 File=${GPUS[0]}"
      } >>"$DIR/gres.conf"
      continue
    fi
    for gpu in "${GPUS[@]}"; do
      echo "NodeName=$node Name=gpu File=$gpu" >>"$DIR/gres.conf"
    done
  done
  echo "PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP" >>"$DIR/slurm.conf"
  echo "PartitionName=gpu Nodes=ALL MaxTime=INFINITE State=UP" >>"$DIR/slurm.conf"
  # Snakemake's job step drops all SLURM_* variables before it calls srun; a cluster whose
  # configuration lies under /etc does not mind, this one tells srun again where it lies.
  printf '#!/bin/sh\nSLURM_CONF=%q exec %q "$@"\n' "$DIR/slurm.conf" \
    "$(PATH=${PATH//$DIR\/bin:/} command -v srun)" >"$DIR/bin/srun"
  chmod 755 "$DIR/bin/srun"
  printf 'export SLURM_CONF=%q\ncase ":$PATH:" in *:%q:*) ;; *) export PATH=%q:$PATH ;; esac\n' \
    "$DIR/slurm.conf" "$DIR/bin" "$DIR/bin" >"$DIR/env.sh"
}

sql() { mariadb --no-defaults --socket="$DIR/database/socket" --user=root --execute="$1"; }

start_accounting() {
  # A starting server removes temporary tables: in a folder shared with another's, those as well.
  if [ ! -d "$DIR/database/mysql" ]; then
    TMPDIR="$DIR/temporary" mariadb-install-db --no-defaults --user="$USER_NAME" --datadir="$DIR/database" \
      --auth-root-authentication-method=normal --skip-test-db >"$DIR/log/install-db.log" 2>&1 ||
      fail "the database could not be made" "$DIR/log/install-db.log"
  fi
  if ! alive mariadbd; then
    TMPDIR="$DIR/temporary" setsid nohup mariadbd --no-defaults --user="$USER_NAME" --datadir="$DIR/database" \
      --socket="$DIR/database/socket" --bind-address=127.0.0.1 --port=$((PORT + 2)) \
      --pid-file="$DIR/mariadbd.pid" --innodb-buffer-pool-size=64M \
      --log-error="$DIR/log/mariadbd.log" </dev/null >/dev/null 2>&1 &
    wait_for 30 sql "select 1" || fail "the database does not answer" "$DIR/log/mariadbd.log"
    sql "create database if not exists slurm;
      create user if not exists slurm@'127.0.0.1' identified by 'slurm';
      create user if not exists slurm@localhost identified by 'slurm';
      grant all on slurm.* to slurm@'127.0.0.1'; grant all on slurm.* to slurm@localhost;"
  fi
  alive slurmdbd || slurmdbd
  wait_for 30 sacctmgr --noheader list cluster ||
    fail "slurmdbd does not answer" "$DIR/log/slurmdbd.log"
}

node_is_up() { [ "$(sinfo --noheader --nodes="$1" --format=%t | sort -u)" != "" ] &&
  sinfo --noheader --nodes="$1" --format=%t | grep -Eq '^(idle|mix|alloc)$'; }

start_slurm() {
  alive slurmctld || slurmctld -i
  wait_for 20 scontrol ping || fail "the controller does not answer" "$DIR/log/slurmctld.log"
  local node
  for node in "${NODES[@]}"; do
    alive "$node" slurmd || slurmd -N "$node"
  done
  for node in "${NODES[@]}"; do
    wait_for 40 node_is_up "$node" || fail "$node does not come up" "$DIR/log/$node.log"
  done
}

umask 022
mkdir -p "$DIR"/{bin,log,munge,controller,database,temporary}
chmod 700 "$DIR/controller"
install_packages
alive slurmctld || write_configuration
. "$DIR/env.sh"
if ! alive munged; then
  rm -f "$DIR"/munge/munge.socket*
  munged --key-file="$DIR/munge/munge.key" --socket="$DIR/munge/munge.socket" \
    --pid-file="$DIR/munged.pid" --log-file="$DIR/log/munged.log" \
    --seed-file="$DIR/munge/munge.seed" || fail "munge does not start" "$DIR/log/munged.log"
fi
start_accounting
start_slurm
say "up: $(sinfo --noheader --format='%P %D nodes, %c CPUs, %m MB, %G' | tr '\n' ';')"
