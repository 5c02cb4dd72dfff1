#!/bin/sh
# Makes the secrets that are not there yet, as files. Run as root, so that the containers' users can read
# them: camwatch is user 10001; the others read as group 0.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 0750 secrets
for name in postgres_password grafana_db_password grafana_admin_password; do
  [ -s "secrets/$name" ] && continue
  (umask 077; od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$name")
  chown 10001:0 "secrets/$name"
  chmod 0440 "secrets/$name"
  echo "made deploy/secrets/$name"
done
