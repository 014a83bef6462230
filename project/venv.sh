#!/bin/sh
# Makes .venv with the newest Python of this machine and installs what the project needs.
# usage: project/venv.sh [dev]      Does nothing when all is there and unchanged.
set -eu
cd "$(dirname "$0")/.."
wants="Batuta needs Python 3.11 or newer"

fail() {
    echo "Error: $*" >&2
    exit 1
}

# The newest that really runs: a name in PATH may be a shim of a version manager.
newest_python() {
    for name in python3.15 python3.14 python3.13 python3.12 python3.11 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

case "$(uname -s)" in
    MINGW* | MSYS* | CYGWIN* | Windows*)
        fail "Windows has no server for Batuta: use WSL2, or docker compose up." ;;
esac

python=.venv/bin/python
if ! "$python" -c 'import pip' 2>/dev/null; then
    newest=$(newest_python)
    [ -n "$newest" ] || fail "$wants: install it (apt install python3.11 python3.11-venv, brew install python)."
    "$newest" -c 'import ensurepip, venv' 2>/dev/null || fail \
        "Python has no venv module: apt install $("$newest" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    "$newest" -m venv --clear .venv || fail "$newest cannot make .venv here."
    echo "Made .venv with $("$newest" --version)."
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$wants, but .venv is older: remove .venv and try again."

exec "$python" project/install.py "${1:-run}"
