#!/bin/sh
# Takes away what install.sh has put there. Configuration and the journal stay unless --purge is given; what is live, staging folders and
# vaults stay in any case.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

prefix=/usr purge=no
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=${2:?--prefix needs a folder}; shift 2 ;;
        --purge) purge=yes; shift ;;
        *) echo "Usage: ./uninstall.sh [--prefix DIR] [--purge]   (DESTDIR as with install.sh)" >&2; [ "$1" = --help ] && exit 0; exit 64 ;;
    esac
done
prefix=${prefix%/}
DESTDIR=${DESTDIR:-}
if [ -z "$DESTDIR" ] && [ "$(id -u)" -ne 0 ]; then
    echo "uninstall.sh: run it as root, or with DESTDIR" >&2
    exit 77
fi
case $prefix in
    /usr) units=/lib/systemd/system etc=/usr/lib ;;
    *) units=/etc/systemd/system etc=/etc ;;
esac

if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl --quiet disable --now atomikd.socket atomikd.service || true
fi
cd "$here/root"
find usr ! -type d ! -path 'usr/lib/sysusers.d/*' ! -path 'usr/lib/tmpfiles.d/*' | while read -r file; do
    rm -f "$DESTDIR$prefix/${file#usr/}"
done
rm -f "$DESTDIR$etc/sysusers.d/atomikd.conf" "$DESTDIR$etc/tmpfiles.d/atomikd.conf" "$DESTDIR$units/atomikd.service" "$DESTDIR$units/atomikd.socket"
# Folders of its own, from the leaves up, where they are empty.
find usr -depth -type d -path '*atomikd*' | while read -r folder; do
    rmdir "$DESTDIR$prefix/${folder#usr/}" 2>/dev/null || true
done
if [ "$purge" = yes ]; then
    rm -rf "$DESTDIR/etc/atomikd"
    rm -rf --one-file-system "$DESTDIR/var/lib/atomikd" "$DESTDIR/run/atomikd"
fi
if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
echo "Staging folders, what is live, and vaults (.atomikd in the targets) stay."
