#!/usr/bin/env bash
# cluster.sh: three containers of the image as a cluster, as docker/compose.yaml runs them: node-1 and node-2 on one store, node-3 on one of
# its own. A model is put into one, called at all by HTTP and by the command line; one is killed while calls run, and comes back; then all
# end. Ends with 1 where something is not as it should be. Needs curl, and the image, which image.sh builds. PODMAN_FLAGS goes before the
# command of podman (--runtime runc), RUN_FLAGS after it (--ulimit nofile=1024:1024).
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
image=${IMAGE:-localhost/zerocopy}
model=$repository/src/ZeroCopy.Akka.Node/Demo/Digits/Model
name=zerocopy-$$
work=$(mktemp -d)
read -ra podman <<<"podman ${PODMAN_FLAGS:-}"
read -ra flags <<<"${RUN_FLAGS:-}"
nodes=(node-1 node-2 node-3)
clean() {
  status=$?
  touch "$work/end"
  if [ "$status" -ne 0 ]; then
    for node in "${nodes[@]}"; do "${podman[@]}" logs --tail 30 "$name-$node" 2>&1 | cut -c1-300 | sed "s/^/$node  /" || true; done
  fi
  wait
  for node in "${nodes[@]}"; do "${podman[@]}" rm --force "$name-$node" >/dev/null 2>&1 || true; done
  "${podman[@]}" volume rm --force "$name-host-a" "$name-host-b" >/dev/null 2>&1 || true
  "${podman[@]}" network rm --force "$name" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT
wrong() {
  echo "WRONG $1"
  exit 1
}
ok() { echo "ok    $1"; }
seconds() { awk "BEGIN { printf \"%.1f\", ($(date +%s%N) - $1) / 1e9 }"; }
within() { # within SECONDS WHAT COMMAND…: tries until it succeeds
  local start=$SECONDS limit=$1 what=$2
  shift 2
  until "$@" >"$work/last" 2>&1; do
    [ $((SECONDS - start)) -lt "$limit" ] || wrong "not within $limit s: $what. $(cat "$work/last")"
    sleep 0.2
  done
}
in_node() { "${podman[@]}" exec "$name-$1" "${@:2}"; }
ready() { in_node "$1" zerocopy-health /health/ready; }
port() { "${podman[@]}" port "$name-$1" 8080/tcp | head -1 | sed 's/.*:/127.0.0.1:/'; }
start() { # start NODE VOLUME; health is asked here, as podman has systemd ask, which is not everywhere
  "${podman[@]}" run --no-healthcheck --detach --name "$name-$1" --hostname "$1" --network "$name" --network-alias "$1" \
    --publish 127.0.0.1::8080 --shm-size 256m --read-only --tmpfs /tmp "${flags[@]}" \
    --volume "$name-$2:/store" --volume "$model:/model:ro" \
    "$image" node --config /etc/zerocopy/node.conf --host "$1" --seed node-1:4053 --seed node-2:4053 --seed node-3:4053 >/dev/null
}
predict() { # predict NODE: the answer's numbers by HTTP
  curl --silent --show-error --fail --max-time 20 --data @"$work/request" "http://$(port "$1")/v2/models/digits/infer" |
    sed 's/.*"data":\[\([^]]*\)\].*/\1/'
}

"${podman[@]}" network create "$name" >/dev/null
# Without a size, which some versions of podman take for a quota of a disk.
for volume in host-a host-b; do
  "${podman[@]}" volume create --opt type=tmpfs --opt device=tmpfs --opt o=mode=0700,uid=1654,gid=1654 "$name-$volume" >/dev/null
done

begin=$(date +%s%N)
start node-1 host-a
start node-2 host-a
start node-3 host-b
for node in "${nodes[@]}"; do within 120 "$node is ready" ready "$node"; done
ok "three nodes are ready after $(seconds "$begin") s"
for node in "${nodes[@]}"; do
  [ "$(in_node "$node" id -u)" -eq 1654 ] || wrong "$node runs as $(in_node "$node" id -u)"
  in_node "$node" zerocopy-health || wrong "$node is not healthy"
done
ok "each as user 1654 on a file system that it cannot write, and healthy"
members=$(in_node node-1 zerocopy cluster status --node node-3:4053 --json)
[ "$(grep -o '"address"' <<<"$members" | wc -l)" -ge 3 ] || wrong "cluster status says $members"
ok "cluster status of another node names three"

digit=$(sed -n 2p "$repository/src/ZeroCopy.Akka.Node/Demo/Digits/digits.csv" | cut -d, -f2-)
printf '{"inputs":[{"name":"input","shape":[1,1,8,8],"datatype":"FP32","data":[%s]}]}' "$digit" >"$work/request"
in_node node-1 zerocopy put /model --name digits >/dev/null
begin=$(date +%s%N)
within 30 "node-3 answers for a model that was put beside node-1" predict node-3
answer=$(predict node-3)
ok "node-3 answers for a model that was put beside node-1, $(seconds "$begin") s later: [$answer]"
for node in node-1 node-2; do
  [ "$(predict "$node")" = "$answer" ] || wrong "$node answers $(predict "$node")"
done
ok "node-1 and node-2 answer the same"
pixels=$(tr ',' '\n' <<<"$digit" | paste -sd, | sed -E 's/(([^,]+,){7}[^,]+),?/[\1],/g; s/,$//')
printf '{"input":[[[%s]]]}' "$pixels" >"$work/input.json"
"${podman[@]}" cp "$work/input.json" "$name-node-3:/tmp/input.json" 2>/dev/null ||
  "${podman[@]}" exec -i "$name-node-3" sh -c 'cat >/tmp/input.json' <"$work/input.json"
in_node node-3 zerocopy predict digits --input /tmp/input.json --node node-2:4053 >"$work/predict"
grep -q "${answer%%,*}" "$work/predict" || wrong "predict --node says $(cat "$work/predict")"
ok "zerocopy predict in node-3 of node-2 says so too"

# Two callers from outside, at the nodes that stay, for as long as one is killed and comes back.
for node in node-2 node-3; do
  address=$(port "$node")
  while [ ! -e "$work/end" ]; do
    curl --silent --max-time 20 --output /dev/null --write-out '%{http_code} %{time_total}\n' --data @"$work/request" \
      "http://$address/v2/models/digits/infer" || true
  done >"$work/calls-$node" &
done
sleep 2
"${podman[@]}" kill --signal KILL "$name-node-1" >/dev/null
sleep 15
"${podman[@]}" start "$name-node-1" >/dev/null
begin=$(date +%s%N)
within 120 "node-1 is ready again" ready node-1
again=$(seconds "$begin")
within 30 "node-1 answers again" predict node-1
touch "$work/end"
wait
for node in node-2 node-3; do
  awk -v node="$node" '$1 == 200 { good++ } $1 != 200 { bad++ } $2 > most { most = $2 }
    END { printf "%s answered %d calls, %d failed, the longest took %.2f s\n", node, good, bad, most }' "$work/calls-$node" >"$work/sum"
  grep -q ' 0 failed' "$work/sum" || wrong "while node-1 was killed: $(cat "$work/sum")"
  ok "while node-1 was killed and came back: $(cat "$work/sum")"
done
ok "node-1 is ready again $again s after its start"
in_node node-2 zerocopy store verify >"$work/last" || wrong "the store that both used: $(cat "$work/last")"
ok "the store is whole"

for node in "${nodes[@]}"; do
  begin=$(date +%s%N)
  "${podman[@]}" stop --time 75 "$name-$node" >/dev/null
  code=$("${podman[@]}" inspect --format '{{.State.ExitCode}}' "$name-$node")
  [ "$code" -eq 0 ] || wrong "$node ends with $code"
  ok "$node ends with 0, $(seconds "$begin") s after SIGTERM"
done
