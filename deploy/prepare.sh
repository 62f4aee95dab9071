# For ./run and ./test: finds Python, makes .venv and installs the locked packages. Source it at the project's root.

say() { printf '%s\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Prasan needs Python 3.11 or newer, and none is on the PATH. On Debian or Ubuntu: sudo apt-get install python3 python3-venv
If it is elsewhere: PYTHON=/path/to/python3 $0"
}

# Runs a command as root where that needs no question to the user; fails otherwise.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

apt_install() {
    command -v apt-get >/dev/null || return 1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 && return
    as_root apt-get update >/dev/null 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1
}

ensure_venv_module() {
    "$1" -c 'import venv, ensurepip' 2>/dev/null && return
    local package
    package="$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    say "Python's venv module is missing; installing $package …"
    apt_install "$package" python3-venv && "$1" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "Python's venv module is missing and could not be installed from here.
Install it, then start again: sudo apt-get install python3-venv"
}

# Free space is asked before a download of some 400 MB that takes 2 GB when unpacked.
ensure_room() {
    local free
    free="$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')"
    [ "$free" -ge "$1" ] || fail "Only $free MB are free on the disk of $PWD; $1 MB are needed to install. Free some space, then start again."
}

# Installs a lock once; a moved checkout, another Python or a changed lock installs again.
install_locked() {
    local lock="$1" python stamp wanted
    python="$(find_python)"
    stamp=".venv/.installed-$lock"
    wanted="$(cat "$lock" pyproject.toml | sha256sum | cut -c1-64) $PWD $("$python" -c 'import sys; print(sys.version)' | head -1)"
    [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    ensure_venv_module "$python"
    [ -x .venv/bin/pip ] || ensure_room 2500
    if ! .venv/bin/python -c '' 2>/dev/null || ! head -1 .venv/bin/pip 2>/dev/null | grep -qF "$PWD/"; then
        "$python" -m venv --clear .venv || fail "The virtual environment .venv could not be made (see above)."
    fi
    say "Installing the locked Python packages (a few minutes the first time) …"
    run_pip --require-hashes -r "$lock"
    run_pip --no-deps -e .
    printf '%s' "$wanted" > "$stamp"
}

# pip's output goes to a file; its current step to the terminal.
run_pip() {
    local log=.venv/install.log step
    .venv/bin/python -m pip install --disable-pip-version-check --no-input "$@" 2>&1 | tee "$log" | while IFS= read -r step; do
        [ -t 1 ] && case "$step" in Collecting*|Downloading*|Installing*|Obtaining*) printf '\r\033[K  %.70s' "$step" ;; esac
        :
    done
    local code="${PIPESTATUS[0]}"
    [ -t 1 ] && printf '\r\033[K'
    [ "$code" = 0 ] || fail "$(tail -n 5 "$log")

The packages could not be installed. Check the network (or the disk's space: df -h .), then start again."
}
