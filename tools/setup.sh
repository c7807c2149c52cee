# Shared by ./run and ./check: packages and builds. Sourced from the project's root.

setup_packages() { # groups of packages.txt
    local wanted missing group have
    wanted=$(for group in "$@"; do awk -v g="$group" '$1 == g {print $2}' packages.txt; done)
    have=$(dpkg-query -W -f='${Package} ${Status}\n' $wanted 2>/dev/null | awk '$NF == "installed" {print $1}')
    missing=$(comm -23 <(sort -u <<<"$wanted") <(sort -u <<<"$have") | tr '\n' ' ')
    [ -n "${missing// /}" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "These packages are missing: $missing" >&2
        echo "Install them as root:  apt-get update && apt-get install --no-install-recommends $missing" >&2
        exit 1
    fi
    echo "Installing packages: $missing"
    export DEBIAN_FRONTEND=noninteractive
    local log=$(mktemp -t kontor-packages.XXXXXX)
    { apt-get -q update && apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $missing; } > "$log" 2>&1 || {
        tail -5 "$log" >&2
        echo "The packages could not be installed; the whole log is $log" >&2
        exit 1
    }
    rm "$log"
}

# What was compiled in one checkout need not be compiled again in another.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

setup_build() { # directory, cmake options; quick when nothing changed
    local directory=$1 stamp=$1/up-to-date
    shift
    if [ -e "$stamp" ] && [ -z "$(find CMakeLists.txt cmake core modules plugins-api clients tools tests bench \
            \( -name '*.[ch]' -o -name 'CMakeLists.txt' -o -name '*.cmake' -o -name '*.map' -o -name '*.lua' \) \
            -newer "$stamp" -print -quit)" ] && [ "$(cat "$stamp")" = "$*" ]; then
        return 0
    fi
    echo "Building in $directory"
    mkdir -p "$directory"
    # gcc and ccache leave their own traces only below the build directory
    [ -e "$directory/build.ninja" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$*" ] || cmake -S . -B "$directory" -G Ninja "$@" > "$directory.log" 2>&1 || {
        mkdir -p "$directory"; cat "$directory.log" >&2; exit 1; }
    local began=$(date +%s)
    if [ -t 1 ]; then ninja -C "$directory"; else ninja -C "$directory" > "$directory/build.log" 2>&1 || { grep -E -A8 'error|FAILED' "$directory/build.log" | head -60 >&2; exit 1; }; fi
    echo "Built in $(( $(date +%s) - began )) s"
    printf '%s' "$*" > "$stamp"
}
