#!/usr/bin/env bash
# Makes .venv from the hash-pinned lock. Safe to run again: does nothing while the lock is unchanged.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  { echo "setup: Python 3.11 or newer is needed (found: $("$python" --version 2>&1)); set PYTHON=/path/to/python3" >&2; exit 1; }
stamp=$(cat requirements.lock deploy/local/bootstrap.lock */pyproject.toml */*/pyproject.toml pyproject.toml | cksum)
if [ -f .venv/.stamp ] && [ "$(cat .venv/.stamp)" = "$stamp" ]; then exit 0; fi
echo "setup: making the Python environment in .venv (once; about a minute on a fresh machine)"
[ -x .venv/bin/python ] || "$python" -m venv .venv
uv=$(command -v uv || true)
if [ -z "$uv" ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/local/bootstrap.lock
  uv=.venv/bin/uv
fi
export VIRTUAL_ENV="$PWD/.venv"
"$uv" pip install --quiet --require-hashes -r requirements.lock
editable=()
for member in libs/* services/* sandbox deploy/local deploy/console; do
  [ -f "$member/pyproject.toml" ] && editable+=(-e "$member")
done
"$uv" pip install --quiet --no-deps --no-build-isolation "${editable[@]}"
echo "$stamp" >.venv/.stamp
