#!/bin/sh
# Proves deploy/install.sh on a Debian made for it: installs, starts, runs a second time, removes, purges.
# By hand, as root; needs debootstrap and two to three minutes, so that no test run starts it:
#   sh tests/install_in_chroot.sh [MIRROR]
# BIND="/a /b" names directories and files of this machine to show inside, such as a package index.
set -eu
mirror=${1:-http://deb.debian.org/debian}
here=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo "skipped: a chroot needs root"; exit 0; }
command -v debootstrap >/dev/null || { echo "skipped: debootstrap is not installed"; exit 0; }

base=$(mktemp -d /var/tmp/camwatch-install-XXXXXX)
root=$base/root
end() { rm -rf --one-file-system "$base"; }
trap end EXIT
trap 'exit 1' INT TERM
say() { echo "== $*"; }

say "Debian 12"
debootstrap --variant=minbase --include=python3-venv,ca-certificates,iproute2 bookworm "$root" "$mirror" >"$base/log" 2>&1 ||
  { tail -3 "$base/log"; echo "skipped: no Debian could be had from $mirror"; exit 0; }
mkdir "$root/camwatch"
(cd "$here" && tar -cf - monitor deploy requirements.lock requirements-dev.lock pyproject.toml README.md LICENSE) | tar -C "$root/camwatch" -xf -
# In namespaces of its own: what is mounted goes with it, and so does what was started.
shown=
for one in ${BIND:-}; do
  if [ -d "$one" ]; then mkdir -p "$root$one"; else mkdir -p "$root${one%/*}"; touch "$root$one"; fi
  shown="$shown mount --rbind $one $root$one;"
done
inside() { unshare --mount --pid --fork --kill-child $how sh -euc "$shown exec chroot $root sh -euc \"\$1\"" - "mount -t proc proc /proc; $1"; }
how=
here_is() { for one in "$@"; do [ -e "$root$one" ] || [ -L "$root$one" ] || { echo "missing: $one"; exit 1; }; done; }
gone() { for one in "$@"; do { [ ! -e "$root$one" ] && [ ! -L "$root$one" ]; } || { echo "still there: $one"; exit 1; }; done; }

say "an option that is not known is refused"
if inside "sh /camwatch/deploy/install.sh --intreface eth1" 2>/dev/null; then
  echo "it was taken"
  exit 1
fi

say "install"
inside "sh /camwatch/deploy/install.sh --interface eth1 --cameras 10.20.3.0/24"
here_is /opt/camwatch/bin/camwatch /usr/local/bin/camwatch /etc/camwatch.toml /var/lib/camwatch \
  /etc/systemd/system/camwatch.service /etc/systemd/system/camwatch-page.service
before=$(cat "$root/etc/camwatch.toml")

say "start, as the unit does: user camwatch, NET_RAW"
how=--net # The interface is no real one.
command=$(sed -n 's/^ExecStart=//p' "$root/etc/systemd/system/camwatch.service")
inside "
  ip link add eth1 type veth peer name far && ip link set eth1 up && ip link set far up
  export XDG_CACHE_HOME=/var/cache/camwatch HOME=/var/lib/camwatch
  setpriv --reuid=camwatch --regid=camwatch --clear-groups --bounding-set=-all,+net_raw --inh-caps=+net_raw \
    --ambient-caps=+net_raw --no-new-privs $command 2>/var/log/camwatch &
  pid=\$!
  for _ in \$(seq 240); do
    grep -q '\"event\": \"ready\"' /var/log/camwatch && break
    kill -0 \$pid || { cat /var/log/camwatch; exit 1; }
    sleep 1
  done
  kill -TERM \$pid
  wait \$pid
  grep -q '\"event\": \"stopped\"' /var/log/camwatch"
how=
here_is /var/lib/camwatch/camwatch.db

say "install again: settings and store stay"
store=$(sha256sum <"$root/var/lib/camwatch/camwatch.db")
inside "sh /camwatch/deploy/install.sh"
[ "$before" = "$(cat "$root/etc/camwatch.toml")" ]
[ "$store" = "$(sha256sum <"$root/var/lib/camwatch/camwatch.db")" ]
inside "camwatch --version"
gone /opt/camwatch.new /opt/camwatch.old

say "remove: settings and store stay"
inside "sh /camwatch/deploy/install.sh --remove"
gone /opt/camwatch /usr/local/bin/camwatch /etc/systemd/system/camwatch.service /etc/systemd/system/camwatch-page.service \
  /var/cache/camwatch
here_is /etc/camwatch.toml /var/lib/camwatch/camwatch.db

say "purge"
inside "sh /camwatch/deploy/install.sh --purge; if id camwatch 2>/dev/null; then exit 1; fi"
gone /etc/camwatch.toml /var/lib/camwatch
left=$(find "$root" -xdev -name '*camwatch*' -not -path "$root/camwatch*" -not -path "$root/proc/*" -not -path "$root/var/log/camwatch")
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
say "deploy/install.sh holds"
