#!/usr/bin/env bash
# Installs PostgreSQL and PostGIS from Debian's packages, where that is possible, for the tests
# with the marker postgis. Where it is not, those tests are skipped and say so.
set -u
if ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1; then
  echo "PostGIS is installed"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "no apt-get here: install PostgreSQL 15 and PostGIS 3 by hand"
  exit 1
fi
root=""
if [ "$(id -u)" -ne 0 ]; then root="sudo -n"; fi
export DEBIAN_FRONTEND=noninteractive
install() {
  timeout 300 $root apt-get install -qq -y --no-install-recommends postgresql-15 postgresql-15-postgis-3
}
if install >/dev/null 2>&1 || { timeout 120 $root apt-get update -qq && install; } >/dev/null 2>&1; then
  echo "PostGIS was installed"
else
  echo "PostGIS could not be installed: its tests will be skipped"
  exit 1
fi
