#!/bin/sh
# Publishes a copy of a folder (or file) through AtomikD and waits for the outcome. Run it, or source it for the function:
#
#   publish STAGING FOLDER NAME
#
# 0  live; its receipt is STAGING/NAME.done
# 1  not published; stderr says why, and the copy is left at STAGING/NAME
# 2  not asked for: wrong use, or it could not be staged
# 3  not known: it still waits after ATOMIKD_TIMEOUT seconds (300 unless set), or there is nothing left that tells; stderr says where to look
#
# ATOMIKD_MARKER is what the marker says, if anything: '{"overwrite":true}'. Whoever publishes under one NAME takes turns.

publish() (
    if [ $# -ne 3 ]; then
        echo 'usage: publish STAGING FOLDER NAME' >&2
        exit 2
    fi
    name=$3
    case $name in
        '' | .* | */* | *.ready | *.done | *.failed)
            echo "publish: '$name' cannot be a name: it is empty, starts with a dot, has a slash, or ends in .ready, .done or .failed" >&2
            exit 2 ;;
    esac
    here=$(pwd)
    case $1 in /*) staging=$1 ;; *) staging=$here/$1 ;; esac
    case $2 in /*) source=$2 ;; *) source=$here/$2 ;; esac

    # From here on all paths are relative to the folder itself, so that an unmount cannot make a marker look served.
    cd "$staging" || exit 2
    if [ -e "./$name.ready" ] || [ -L "./$name.ready" ]; then
        echo "publish: $staging/$name.ready is there: an earlier request still waits. To withdraw it, remove that file" >&2
        exit 2
    fi

    # What an earlier refusal left would otherwise hold the new copy.
    rm -rf "./$name" || exit 2
    if [ -d "$source" ]; then
        mkdir "./$name" && cp -R "$source/." "./$name/"
    else
        cp "$source" "./$name"
    fi || { rm -rf "./$name"; exit 2; }

    # Held for reading, it can be told where it went.
    exec 9< "./$name" || exit 2
    # Of an earlier request. One that may not be removed here is known again by its inode.
    rm -f "./$name.done" "./$name.failed" 2> /dev/null || :
    old=$(ls -i "./$name.done" 2> /dev/null) || :
    printf '%s' "${ATOMIKD_MARKER-}" > "./.$name.marker" && mv "./.$name.marker" "./$name.ready" || exit 2

    # Not the wall clock, which may be set meanwhile.
    read -r now _ < /proc/uptime
    end=$((${now%.*} + ${ATOMIKD_TIMEOUT:-300}))
    while [ -e "./$name.ready" ]; do
        read -r now _ < /proc/uptime
        if [ "${now%.*}" -ge "$end" ]; then
            echo "publish: $staging/$name.ready still waits after ${ATOMIKD_TIMEOUT:-300} s. Does atomikd run (systemctl status atomikd)?" \
                "Is $staging the staging folder of a route, and still the same mount? The request stands; to withdraw it, remove that file" >&2
            exit 3
        fi
        sleep 0.1 2> /dev/null || sleep 1
    done

    [ ! -e "./$name.done" ] || [ "$(ls -i "./$name.done")" = "$old" ] || exit 0
    [ ! -e "./$name.failed" ] || { cat "./$name.failed" >&2; exit 1; }

    # No receipt: the rule on routes with "Receipts = failures", and an accident on others.
    if [ -e "./$name" ]; then
        echo "publish: $staging/$name.ready was removed before it was served" >&2
        exit 1
    fi
    case $(readlink /proc/self/fd/9) in
        *' (deleted)') ;;
        */"$name" | *"~$name")
            # An error looks like an absent file, too.
            ls . > /dev/null && exit 0 ;;
    esac
    echo "publish: there is no receipt, and $staging/$name is gone. Look at the destination" >&2
    exit 3
)

case ${0##*/} in publish.sh) publish "$@" ;; esac
