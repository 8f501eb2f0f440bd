#!/usr/bin/env bash
# cpp-runtimes.sh: runs the specs of C++ exceptions with the C++ runtimes of GCC 12, 13 and 14, in containers of Debian 12 and 13.
# Needs podman, a built solution (dotnet build ZeroCopy.Akka.sln) and this machine's own .NET, which is mounted. The containers need the
# network only to install GCC 13 once. Prints a line for each case; ends with 1 where one fails.
#
# For other machines: PODMAN_FLAGS goes before the command of podman (--runtime runc), RUN_FLAGS after it (--ulimit nofile=1024:1024),
# DEBIAN_12 and DEBIAN_13 name other base images.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
configuration=${CONFIGURATION:-Debug}
debian_12=${DEBIAN_12:-docker.io/library/debian:12}
debian_13=${DEBIAN_13:-docker.io/library/debian:13}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra podman <<<"podman ${PODMAN_FLAGS:-}"
read -ra flags <<<"--rm ${RUN_FLAGS:-}"

# libgcc of GCC 13 as a shared library, which Debian 13 has of GCC 14 alone: out of the archives for static programs. Their functions are
# hidden, so that each gets a way in under its own name; a jump leaves the stack as it is. libstdc++ of GCC 13 is linked of the archive that
# Debian has for such uses, with the functions of older versions that the archive lacks and programs ask for (of the same name, so again a
# jump); like that of GCC 14 it needs the glibc of Debian 13.
"${podman[@]}" run "${flags[@]}" --network host -v "$work:/runtimes" "$debian_13" bash -euc '
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc-13 libstdc++-13-pic libc6-dev >/dev/null 2>&1
  mkdir -p /runtimes/gcc-13 /runtimes/libstdc++-13 /runtimes/gcc-14
  cp -L /usr/lib/x86_64-linux-gnu/libgcc_s.so.1 /runtimes/gcc-14/
  readelf --dyn-syms -W /runtimes/gcc-14/libgcc_s.so.1 | sed -nE "s/.* FUNC +GLOBAL .* ([^ ]+)@@([^ ]+)$/\1 \2/p" | sort >/tmp/shared
  for name in libgcc_eh.a libgcc.a; do
    nm -g --defined-only "$(gcc-13 -print-file-name=$name)" 2>/dev/null | sed -nE "s/.* T (.+)$/\1/p"
  done | sort -u | join - /tmp/shared >/tmp/functions
  awk "{ print \$1, \"of_13\" \$1 }" /tmp/functions >/tmp/names
  awk "{ print \".globl \" \$1 \"\n.type \" \$1 \", @function\n\" \$1 \": jmp of_13\" \$1 }" /tmp/functions >/tmp/ways.s
  for version in $(cut -d" " -f2 /tmp/shared | sort -u); do
    awk -v version="$version" "BEGIN { print version \" {\" } \$2 == version { print \$1 \";\" } END { print \"};\" }" /tmp/functions
  done >/tmp/versions
  for name in libgcc_eh.a libgcc.a; do objcopy --redefine-syms=/tmp/names "$(gcc-13 -print-file-name=$name)" /tmp/$name; done
  gcc-13 -shared -nostdlib -o /runtimes/gcc-13/libgcc_s.so.1 -Wl,-soname,libgcc_s.so.1 \
    -Wl,--version-script=/tmp/versions -Wl,-z,noexecstack /tmp/ways.s \
    -Wl,--whole-archive /tmp/libgcc_eh.a -Wl,--no-whole-archive /tmp/libgcc.a -lc
  pic=/usr/lib/gcc/x86_64-linux-gnu/13
  readelf --dyn-syms -W /usr/lib/x86_64-linux-gnu/libstdc++.so.6 | sed -nE "s/.* FUNC .* ([^ @]+)@([^ @]+)$/\1 \2/p" | sort -u |
    awk "{ older = \"older\" NR
      print \".globl \" older \"\n.type \" older \", @function\n\" older \": jmp \" \$1 \"@PLT\"
      print \".symver \" older \", \" \$1 \"@\" \$2 }" >/tmp/older.s
  gcc-13 -shared -nodefaultlibs -o /runtimes/libstdc++-13/libstdc++.so.6 -Wl,-soname,libstdc++.so.6 \
    -Wl,--version-script=$pic/libstdc++_pic.map -Wl,-z,noexecstack /tmp/older.s \
    -Wl,--whole-archive $pic/libstdc++_pic.a -Wl,--no-whole-archive -lm -lc -L/runtimes/gcc-13 -l:libgcc_s.so.1
  chmod -R a+rX /runtimes'

failed=0
# case NAME IMAGE FOLDER: the specs in a container, with the libraries of FOLDER in place of its own where one is named.
case_() {
  local output status=0
  output=$("${podman[@]}" run "${flags[@]}" --network none \
    -v "$repository:$repository:ro" -v "$dotnet:$dotnet:ro" -v "$work:/runtimes:ro" \
    -v "$packages:$packages:ro" -e NUGET_PACKAGES="$packages" \
    --tmpfs /dev/shm:size=1g,mode=1777 -w /tmp \
    -e PATH="$dotnet:/usr/bin:/bin" -e DOTNET_ROOT="$dotnet" -e DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 -e DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    -e DOTNET_NOLOGO=1 -e DOTNET_CLI_HOME=/tmp -e LD_LIBRARY_PATH="${3:-}" "$2" bash -euc "
    echo \"runtime: \$(ldd --version | head -1 | grep -oE '[0-9.]+\$') of glibc\"
    for assembly in ZeroCopy.Akka.Torch.Tests ZeroCopy.Akka.Tests; do
      dotnet vstest $repository/tests/\$assembly/bin/$configuration/net10.0/\$assembly.dll \
        --TestCaseFilter:'FullyQualifiedName~CppExceptions|FullyQualifiedName~MendedLibrary|FullyQualifiedName~TorchLibrary'
    done" 2>&1) || status=$?
  local counts
  counts=$(grep -oE 'Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+' <<<"$output" | tr -s ' ' | paste -sd';' || true)
  if [ "$status" -eq 0 ]; then
    echo "ok    $1: $counts"
  else
    echo "WRONG $1 (exit $status): $counts"
    tail -40 <<<"$output"
    failed=1
  fi
}

case_ "Debian 12, its own runtime (GCC 12)" "$debian_12"
case_ "Debian 12, libgcc of GCC 13" "$debian_12" /runtimes/gcc-13
case_ "Debian 12, libgcc of GCC 14" "$debian_12" /runtimes/gcc-14
case_ "Debian 13, libgcc and libstdc++ of GCC 13" "$debian_13" /runtimes/gcc-13:/runtimes/libstdc++-13
case_ "Debian 13, its own runtime (GCC 14)" "$debian_13"
exit "$failed"
