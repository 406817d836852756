#!/bin/sh
# Installs AtomikD from the unpacked tarball, or upgrades it. Running it again does no harm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

usage() {
    cat <<'USAGE'
Usage: ./install.sh [--prefix DIR] [--no-start]

Installs the program below DIR (default /usr), the configuration in /etc/atomikd, the units in /lib/systemd/system (with another prefix:
in /etc/systemd/system), makes the user atomikd, and enables and starts the socket and the service. Configuration that is there stays.

  --prefix DIR   /usr/local, say
  --no-start     put the files in place, and nothing else

DESTDIR=ROOT in the environment puts everything below ROOT and starts nothing. ./uninstall.sh with the same arguments takes it away again.
USAGE
}

prefix=/usr start=yes
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=${2:?--prefix needs a folder}; shift 2 ;;
        --no-start) start=no; shift ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; exit 64 ;;
    esac
done
case $prefix in /*) ;; *) echo "install.sh: --prefix is an absolute path" >&2; exit 64 ;; esac
prefix=${prefix%/}
DESTDIR=${DESTDIR:-}
if [ -z "$DESTDIR" ] && [ "$(id -u)" -ne 0 ]; then
    echo "install.sh: run it as root, or with DESTDIR" >&2
    exit 77
fi
case $prefix in
    /usr) units=/lib/systemd/system etc=/usr/lib ;;
    *) units=/etc/systemd/system etc=/etc ;;
esac

# What .NET needs of a host that has dpkg's relatives only.
if [ -z "$DESTDIR" ]; then
    for library in libstdc++.so.6 libgcc_s.so.1 libssl.so.3; do
        if command -v ldconfig >/dev/null && ! ldconfig -p | grep -q "$library"; then
            echo "install.sh: the host has no $library; install it first (libstdc++, libgcc, OpenSSL 3)" >&2
            exit 1
        fi
    done
fi

# A file is put beside its place and renamed: what runs goes on with the old one.
put() {
    mkdir -p "$(dirname "$2")"
    cp -P "$1" "$2.new"
    mv -f "$2.new" "$2"
}

cd "$here/root"
find usr -type f ! -path usr/lib/atomikd/atomikctl ! -path 'usr/lib/sysusers.d/*' ! -path 'usr/lib/tmpfiles.d/*' | while read -r file; do
    put "$file" "$DESTDIR$prefix/${file#usr/}"
done
# The same file under its other name.
ln -f "$DESTDIR$prefix/lib/atomikd/atomikd" "$DESTDIR$prefix/lib/atomikd/atomikctl"
mkdir -p "$DESTDIR$prefix/bin"
ln -sfn ../lib/atomikd/atomikd "$DESTDIR$prefix/bin/atomikd"
ln -sfn ../lib/atomikd/atomikctl "$DESTDIR$prefix/bin/atomikctl"
put usr/lib/sysusers.d/atomikd.conf "$DESTDIR$etc/sysusers.d/atomikd.conf"
put usr/lib/tmpfiles.d/atomikd.conf "$DESTDIR$etc/tmpfiles.d/atomikd.conf"

for unit in atomikd.service atomikd.socket; do
    sed "s:/usr/bin/atomikd:$prefix/bin/atomikd:g" "lib/systemd/system/$unit" >"$here/.$unit"
    put "$here/.$unit" "$DESTDIR$units/$unit"
    rm -f "$here/.$unit"
done
find etc -type f | while read -r file; do
    if [ -e "$DESTDIR/$file" ] && ! cmp -s "$file" "$DESTDIR/$file"; then
        put "$file" "$DESTDIR/$file.new-version"
        echo "/$file was changed here and stays; the one of this version is beside it as $(basename "$file").new-version"
    else
        put "$file" "$DESTDIR/$file"
    fi
done

[ -z "$DESTDIR" ] && [ "$start" = yes ] || exit 0
if ! command -v systemctl >/dev/null || [ ! -d /run/systemd/system ]; then
    echo "No systemd runs here: make the user atomikd and the folders of $etc/tmpfiles.d/atomikd.conf, and run $prefix/bin/atomikd as that user."
    exit 0
fi
systemd-sysusers atomikd.conf
systemd-tmpfiles --create atomikd.conf
systemctl daemon-reload
systemctl --quiet enable atomikd.socket atomikd.service
# The socket stays open while the service restarts: who calls meanwhile waits.
systemctl start atomikd.socket
systemctl restart atomikd.service
echo "AtomikD runs. The first route: $prefix/share/doc/atomikd/operations.md"
