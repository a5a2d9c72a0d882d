#!/bin/sh
# as_nobody.sh PROGRAM [ARGUMENT...]: runs a test program as the user nobody, from a folder that he
# can reach. Exit status 77: only root can do that.
set -eu
if [ "$(id -u)" -ne 0 ]; then
  echo 'not root: the same program has just been run as an ordinary user'
  exit 77
fi
program=$1
shift
folder=$(mktemp -d "${TMPDIR:-/tmp}/tine-as-nobody-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cp "$program" "$folder"
chmod 0755 "$folder" "$folder"/*
cd "$folder"
setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups --inh-caps=-all \
  "./$(basename "$program")" "$@"
