#!/bin/sh
# Makes the secrets that are not there yet, as files. Run as root. A container sees the file of each of its
# secrets alone, and reads it by a user of its own, so that everybody may read a file; on this machine the
# directory keeps them from everybody but root.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 0700 secrets
for name in postgres_password grafana_db_password grafana_admin_password; do
  [ -s "secrets/$name" ] && continue
  (umask 077; od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$name")
  chmod 0444 "secrets/$name"
  echo "made deploy/secrets/$name"
done
