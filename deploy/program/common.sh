# What the build scripts share. Sourced.

say() { echo "$0: $*" >&2; }
die() { say "$@"; exit 1; }

# Each argument is TOOL:PACKAGE. Tells of all that are missing at once.
need() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        die "not installed here: ${missing[*]}. On Debian: apt-get install ${missing[*]}"
    fi
}

need_dotnet() {
    command -v dotnet >/dev/null || die "the .NET SDK that global.json names is not installed; see https://learn.microsoft.com/dotnet/core/install/linux"
}

# The one place where the version stands.
version_of() { sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$1/Directory.Build.props"; }

# The time that all files of a package bear: that of the commit it is built from.
need_epoch() {
    if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
        SOURCE_DATE_EPOCH=$(git -C "$1" log -1 --format=%ct 2>/dev/null) || die "not a git clone: set SOURCE_DATE_EPOCH to the time of the sources, in seconds since 1970"
    fi
    export SOURCE_DATE_EPOCH
}

native_arch() {
    case $(uname -m) in
        x86_64) echo amd64 ;;
        aarch64) echo arm64 ;;
        *) die "AtomikD is built for amd64 and arm64; say which: --arch" ;;
    esac
}
