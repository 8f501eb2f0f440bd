#!/bin/bash
# Whether the node in this container lives: GET /health/live, by bash alone, as the image has no curl, and as starting .NET for a question
# would cost a third of a second of a processor each time. An argument asks for something else, such as /health/ready. ZEROCOPY_HTTP is the
# port where it is not 8080. A node with zerocopy.serving.tls speaks no plain HTTP: give its container a check of its own.
path=${1:-/health/live}
# The loopback, else the container's own address: where a node listens that has no bind-host.
for host in 127.0.0.1 "$HOSTNAME"; do
  if exec 3<>"/dev/tcp/$host/${ZEROCOPY_HTTP:-8080}"; then
    printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$host" >&3
    IFS= read -r line <&3
    [[ $line == HTTP/*' 200 '* ]] && exit 0
    echo "$path: ${line:-no answer}"
    exit 1
  fi 2>/dev/null
done
echo "nothing listens on port ${ZEROCOPY_HTTP:-8080}"
exit 1
