#!/bin/sh
# Builds udp-peer and udp-echo into ./build. Needs: apt-get install -y --no-install-recommends gcc libc6-dev
set -e
cd "$(dirname "$0")"
mkdir -p build
for program in udp-peer udp-echo; do
  gcc -std=gnu11 -O2 -Wall -Wextra -I. "$program.c" -o "build/$program.new"
  mv "build/$program.new" "build/$program"
done
