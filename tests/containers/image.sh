#!/usr/bin/env bash
# image.sh: builds docker/Dockerfile with podman and tries the image: as its own user, on a file system that it cannot write, with a store
# in a tmpfs, and with a /dev/shm of 64 MB. Ends with 1 where something is not as it should be. PODMAN_FLAGS goes before the command of
# podman (--runtime runc), BUILD_FLAGS and RUN_FLAGS after it (--network host; --ulimit nofile=1024:1024). cluster.sh tries it further.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
image=${IMAGE:-localhost/zerocopy}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra podman <<<"podman ${PODMAN_FLAGS:-}"
read -ra build <<<"${BUILD_FLAGS:-}"
# Podman has systemd ask for health, which is not everywhere; nobody asks for that of a command.
read -ra flags <<<"--rm --no-healthcheck --read-only --tmpfs /tmp --shm-size 64m ${RUN_FLAGS:-}"
store=(--mount "type=tmpfs,destination=/store,tmpfs-size=2g,tmpfs-mode=0700,U=true")
run() { "${podman[@]}" run "${flags[@]}" "$@"; }
wrong() {
  echo "WRONG $1"
  exit 1
}

"${podman[@]}" build --format docker "${build[@]}" -f "$repository/docker/Dockerfile" -t "$image" "$repository" >"$work/build.log" 2>&1 ||
  { tail -40 "$work/build.log"; wrong "the image does not build"; }
size=$("${podman[@]}" images --format '{{.Size}}' "$image")
application=$("${podman[@]}" run "${flags[@]}" --entrypoint du "$image" -sm /app | cut -f1)
echo "ok    built: $size, $application MB of it in /app"

user=$(run --entrypoint id "$image" -u)
[ "$user" -ne 0 ] || wrong "it runs as root"
echo "ok    runs as user $user"
check=$("${podman[@]}" image inspect --format '{{.Config.Healthcheck}}' "$image")
[[ $check == *zerocopy-health* ]] || wrong "its health check is '$check'"
status=0
run --entrypoint zerocopy-health "$image" >"$work/health" || status=$?
[ "$status" -eq 1 ] && grep -q 'port 8080' "$work/health" || wrong "without a node health ends with $status: $(cat "$work/health")"
echo "ok    has a health check, which says where there is no node: $(cat "$work/health")"

# 128 MiB of random bytes: one tensor of a safetensors file.
bytes=$((128 << 20))
header="{\"w\":{\"dtype\":\"U8\",\"shape\":[$bytes],\"data_offsets\":[0,$bytes]}}"
while [ $((${#header} % 8)) -ne 0 ]; do header+=" "; done
{ printf "\\x$(printf %02x ${#header})\0\0\0\0\0\0\0%s" "$header"; head -c "$bytes" /dev/urandom; } >"$work/big.safetensors"
chmod 755 "$work"
status=0
run -v "$work/big.safetensors:/big.safetensors:ro" -e ZEROCOPY_STORE=/dev/shm/store "$image" \
  put /big.safetensors --name big >"$work/put" 2>&1 || status=$?
if [ "$status" -ne 1 ] || [ "$(wc -l <"$work/put")" -ne 1 ] || ! grep -q -- --shm-size "$work/put"; then
  wrong "a put into a /dev/shm that is too small ends with $status and says: $(cat "$work/put")"
fi

echo "ok    a put into a /dev/shm that is too small: $(cat "$work/put")"
run "${store[@]}" -v "$work/big.safetensors:/big.safetensors:ro" --entrypoint sh "$image" \
  -c 'zerocopy put /big.safetensors --name big >/dev/null && zerocopy store stat --json' >"$work/stat.json" \
  || wrong "$(cat "$work/stat.json")"
grep -q '"directory": *"/store"' "$work/stat.json" || wrong "store stat says $(cat "$work/stat.json")"
echo "ok    the same into a tmpfs at /store: $(tr -d '\n ' <"$work/stat.json")"

run "${store[@]}" "$image" demo >"$work/demo" 2>&1 || { cat "$work/demo"; wrong "the demo fails"; }
echo "ok    demo: $(tail -1 "$work/demo")"
