#!/bin/sh
# Installs camwatch as a service of systemd, on Debian 12 or what is like it. As root:
#   sh deploy/install.sh [--interface eth1] [--cameras 10.20.3.0/24]
#   sh deploy/install.sh --remove            keeps settings and store;  --purge  takes them too
# May be run again, also to upgrade: it changes what differs, and keeps settings and store.
# ROOT=/some/directory installs under a directory, and leaves users and services alone.
set -eu

root=${ROOT:-}
here=$(cd "$(dirname "$0")/.." && pwd)
program=$root/opt/camwatch
command=$root/usr/local/bin/camwatch
unit=$root/etc/systemd/system/camwatch.service
page=$root/etc/systemd/system/camwatch-page.service
settings=$root/etc/camwatch.toml
state=$root/var/lib/camwatch
cache=$root/var/cache/camwatch

say() { printf 'install.sh: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
systemd() { [ -n "$root" ] || [ ! -d /run/systemd/system ] || systemctl "$@"; }

remove() {
  systemd disable --quiet --now camwatch-page.service camwatch.service 2>/dev/null || true
  rm -f "$unit" "$page" "$command"
  rm -rf "$program" "$cache"
  systemd daemon-reload
  if [ "$1" = purge ]; then
    rm -f "$settings"
    rm -rf "$state"
    [ -n "$root" ] || ! id camwatch >/dev/null 2>&1 || userdel camwatch
    say "removed, with settings and store"
  else
    say "removed; settings ($settings) and store ($state) are kept: --purge takes them"
  fi
}

interface='' cameras=''
while [ $# -gt 0 ]; do
  case $1 in
    --interface) [ $# -ge 2 ] || die "--interface: name one; such as --interface eth1"; interface=$2; shift 2 ;;
    --cameras) [ $# -ge 2 ] || die "--cameras: name networks; such as --cameras 10.20.3.0/24"; cameras=$2; shift 2 ;;
    --remove | --purge) [ "$(id -u)" = 0 ] || die "must be root; try sudo"; remove "${1#--}"; exit 0 ;;
    *) die "$1: no such option; see the first lines of $0" ;;
  esac
done

[ "$(id -u)" = 0 ] || die "must be root; try sudo"
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "$python: older than 3.11; name another: PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null || die "no environment can be made; apt install python3-venv"

if [ -z "$root" ] && ! id camwatch >/dev/null 2>&1; then
  useradd --system --home-dir /var/lib/camwatch --shell /usr/sbin/nologin camwatch
fi

# A new environment takes the place of the old one whole, so that a failure half-way changes nothing.
mkdir -p "$root/opt"
rm -rf "$program.new"
trap 'rm -rf "$program.new"' EXIT
"$python" -m venv "$program.new"
pip="$program.new/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir"
$pip --require-hashes -r "$here/requirements.lock"
awk '/^[a-z]/ { keep = /^psycopg/ } keep' "$here/requirements-dev.lock" >"$program.new/postgres.lock"
$pip --no-deps --require-hashes -r "$program.new/postgres.lock"
copy=$program.new/src
mkdir "$copy"
cp -R "$here/monitor" "$here/pyproject.toml" "$here/README.md" "$here/LICENSE" "$copy/"
$pip --no-deps "$copy"
rm -rf "$copy"
# Scripts name the directory that they were made in.
sed -i "s#$program.new#${program#"$root"}#g" "$program.new"/bin/* "$program.new/pyvenv.cfg" 2>/dev/null || true
rm -rf "$program.old"
[ ! -d "$program" ] || mv "$program" "$program.old"
mv "$program.new" "$program"
rm -rf "$program.old"

mkdir -p "${command%/*}" "${unit%/*}" "$state" "$cache"
ln -sfn "${program#"$root"}/bin/camwatch" "$command"
install -m 0644 "$here/deploy/camwatch.service" "$unit"
install -m 0644 "$here/deploy/camwatch-page.service" "$page"
if [ ! -e "$settings" ]; then
  mkdir -p "${settings%/*}"
  quote() { printf '"%s"' "$1" | sed 's/,/", "/g'; }
  {
    echo '# Settings of camwatch; "camwatch show-config --config /etc/camwatch.toml" explains every one.'
    echo '[sensor]'
    [ -z "$interface" ] && echo '# interfaces = ["eth1"]' || echo "interfaces = [$(quote "$interface")]"
    echo '[site]'
    [ -z "$cameras" ] && echo '# cameras = ["10.20.3.0/24"]' || echo "cameras = [$(quote "$cameras")]"
  } >"$settings"
fi
if [ -z "$root" ]; then
  chown root:camwatch "$settings"
  chmod 0640 "$settings"
  chown camwatch:camwatch "$state" "$cache"
  chmod 0750 "$state" "$cache"
  "$command" check-config "$settings"
fi
systemd daemon-reload
if grep -q '^interfaces' "$settings"; then
  systemd enable --quiet camwatch.service camwatch-page.service
  systemd restart camwatch.service camwatch-page.service
  say "installed; the page is at http://127.0.0.1:8465/ (camwatch token create gives a way in)"
else
  say "installed; name the interface of the mirror in $settings, then: systemctl enable --now camwatch camwatch-page"
fi
