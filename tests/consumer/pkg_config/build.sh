#!/bin/sh
# build.sh COMPILER PROGRAM: the shortest build there is.
set -eu
cd "$(dirname "$0")"
compiler=$1
program=$2
# pkg-config quotes its output for a shell, which matters when the prefix has a space in it.
eval "set -- $(pkg-config --cflags --libs tine)"
"$compiler" -std=c++20 ../main.cpp -o "$program" "$@"
"$program"
