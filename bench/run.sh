#!/usr/bin/env bash
# Builds what is measured, runs it on the given folder, and prints one table.
set -euo pipefail

usage() {
    echo "usage: bench/run.sh FOLDER [--items N] [--rounds N] [--threads N]" >&2
    exit 64
}

[ $# -ge 1 ] || usage
folder=$1
shift
items=5000 rounds=3 threads=8
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
        --items) items=$2 ;;
        --rounds) rounds=$2 ;;
        --threads) threads=$2 ;;
        *) usage ;;
    esac
    shift 2
done
[ -d "$folder" ] || { echo "$folder is not a folder" >&2; exit 66; }

here=$(cd "$(dirname "$0")" && pwd)
"$here/build.sh"
work=$(mktemp -d -p "$folder" atomikd-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
results=$work/results

# measure NAME COMMAND...: the command prints a line of key=value, commits_per_second among them.
measure() {
    local name=$1 line
    shift
    line=$("$@")
    echo "$line" >&2
    printf '%s %s %s\n' "$((++measured))" "$name" "$(sed -n 's/.*commits_per_second=\([0-9]*\).*/\1/p' <<<"$line")" >>"$results"
}

# Interleaved, so that what else the machine does meanwhile falls on all alike.
for ((round = 1; round <= rounds; round++)); do
    measured=0
    echo "round $round of $rounds" >&2
    measure plain "$here/build/floor" plain "$work" --items "$items"
    measure serial "$here/build/floor" serial "$work" --items "$items"
    measure threads "$here/build/floor" threads "$work" --items "$items" --threads "$threads"
    measure grouped "$here/build/floor" grouped "$work" --items "$items"
    measure steps "$here/build/floor" steps "$work" --items "$items"
    measure daemon-full "$here/daemon.py" "$work" --items "$items"
    measure daemon-none "$here/daemon.py" "$work" --items "$items" --durability none
done

echo
echo "$items one-file folders replaced on $(findmnt -n -o FSTYPE -T "$folder"), commits per second, $rounds rounds"
echo
sort -k1,1n -k3,3n "$results" | awk '
    { all[$2] = all[$2] " " $3; if (!($2 in count)) order[++names] = $2; count[$2]++ }
    function value(name, which,   parts) { split(all[name], parts, " "); return parts[which] }
    function median(name,   n) { n = count[name]; return (value(name, int((n + 1) / 2)) + value(name, int(n / 2) + 1)) / 2 }
    END {
        printf "%-16s %10s %10s %10s %14s %10s\n", "", "median", "least", "most", "of grouped", "of steps"
        for (i = 1; i <= names; i++) {
            name = order[i]
            printf "%-16s %10d %10d %10d %14.2f %10.2f\n", name, median(name), value(name, 1), value(name, count[name]), median(name) / median("grouped"), median(name) / median("steps")
        }
    }'
