#!/bin/sh
# Builds fastdds-peer and fastdds-echo into ./build. Needs: apt-get install -y --no-install-recommends g++ libfastrtps-dev
set -e
cd "$(dirname "$0")"
mkdir -p build
exec 9>build/.lock-fastdds
flock 9 # tests in parallel build once
for program in fastdds-peer fastdds-echo; do
  g++ -std=c++17 -O1 -Wall -Wextra "$program.cpp" -lfastrtps -lfastcdr -lpthread -o "build/$program.new"
  mv "build/$program.new" "build/$program"
done
