#!/bin/sh
# usage: isas_share_nothing.sh LIBRARY
#
# The linker keeps one of several functions of the same name. One that was compiled for AVX-512 and is called
# by all would end the program on other CPUs, so each instruction set's object file may define nothing
# but names of its own.
set -eu
objects=0
for isa in baseline avx2 avx512 blas; do
  names=$(nm --demangle --defined-only "$1" 2>/dev/null |
    awk -v object="_$isa[.]cpp[.]o:\$" '/:$/ { inside = $0 ~ object } inside && / [WVuBDTR] /')
  [ -n "$names" ] || continue
  objects=$((objects + 1))
  shared=$(printf '%s\n' "$names" |
    grep -v -e "Eigen_$isa::" -e "tine::matrix::$isa::" -e 'DW.ref.__gxx_personality_v0' || true)
  if [ -n "$shared" ]; then
    printf 'what is compiled for %s defines what others may call:\n%s\n' "$isa" "$shared"
    exit 1
  fi
done
[ "$objects" -ge 2 ] || { echo "found object files of $objects instruction sets"; exit 1; }
echo "$objects instruction sets share nothing"
