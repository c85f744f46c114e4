#!/bin/sh
# Builds peer and echo into ./build. Needs: apt-get install -y --no-install-recommends gcc libc6-dev cyclonedds-dev cyclonedds-tools
set -e
cd "$(dirname "$0")"
mkdir -p build
exec 9>build/.lock
flock 9 # tests in parallel build once
idlc -l c -t -x final -o build ros2.idl
for program in peer echo; do
  gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Ibuild -I. "$program.c" build/ros2.c -lddsc -lm -lpthread -o "build/$program.new"
  mv "build/$program.new" "build/$program"
done
