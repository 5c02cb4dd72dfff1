#!/bin/sh
# Installs the Debian packages that the tests use as independent tools, where that is possible;
# names those that are missing, whose tests skip.
set -u
packages="tshark wireshark-common zstd xz-utils postgresql-15 prometheus prometheus-alertmanager rsyslog rsyslog-gnutls chromium iproute2 tcpdump tcpreplay procps libcap2-bin openssl"
missing() {
  for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf ' %s' "$package"
  done
}
command -v dpkg-query >/dev/null 2>&1 || { echo "tests: no Debian here; tests that need $packages are skipped where these are absent"; exit 0; }
want=$(missing)
if [ -n "$want" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "tests: installing$want"
  log=$(mktemp)
  # shellcheck disable=SC2086  # a list of names
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $want; } >"$log" 2>&1 || tail -n 3 "$log"
  rm -f "$log"
  want=$(missing)
fi
[ -z "$want" ] || echo "tests: not installed, so tests that use them are skipped:$want"
exit 0
