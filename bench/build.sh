#!/bin/sh
# Compiles the floors and publishes the service to bench/build/, compiled ahead as in the packages; with --floors only them.
set -eu
case ${1-} in
    '' | --floors) ;;
    *) echo "usage: bench/build.sh [--floors]" >&2; exit 64 ;;
esac
cd "$(dirname "$0")"
mkdir -p build
gcc -O2 -std=gnu11 -Wall -Wextra -Werror -pthread -o build/floor floor.c steps.c
[ -z "${1-}" ] || exit 0
dotnet publish ../src/Daemon -c Release --use-current-runtime --self-contained false -p:PublishReadyToRun=true -o build/daemon -v quiet --nologo
dotnet publish Rpc -c Release -o build/rpc -v quiet --nologo
