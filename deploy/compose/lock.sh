#!/usr/bin/env bash
# Writes runtime.lock: the part of the lock that programs need when they run. After every change of uv.lock.
set -euo pipefail
cd "$(dirname "$0")/../.."
packages=()
for name in catalog cart orders payments notify scm stats sandbox console; do packages+=(--package "shop-$name"); done
uv export -q --frozen --no-dev --no-emit-workspace --no-header --no-annotate "${packages[@]}" \
  -o deploy/compose/runtime.lock >/dev/null
