#!/usr/bin/env bash
# Fetches the foreign peers of the tests into one folder, and nothing anywhere else: no root, no change to the system.
#
#   tests/setup/peers.sh FOLDER
#
# Afterwards FOLDER/bin holds `etcd`, `haproxy`, `prometheus`, `promtool`, `protoc`, `buf`, `grpc-python-client` and
# `grpc-python-server`. What is there already is kept, so a second run takes no time and needs no network. The packages come
# from the apt sources that this machine has configured; their source form is asked for through lists of our own.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${1:?usage: peers.sh FOLDER}"
peers=$(cd "$1" && pwd)

say() { printf '   %s\n' "$*"; }
die() { printf 'peers: %s\n' "$*" >&2; exit 1; }

# === Once ===

# Runs `fetch_NAME` in an empty FOLDER/NAME unless it went well before with the same set-up.
once() {
    local name=$1 started=$SECONDS
    [[ "$(cat "$peers/$name/.ready" 2>/dev/null)" == "$recipe" ]] && return
    rm -rf "${peers:?}/$name"
    mkdir -p "$peers/$name"
    fetching=$name
    # In a shell of its own and not behind `||`, which would let it stumble on after a failed command.
    (cd "$peers/$name" && "fetch_$name")
    echo "$recipe" >"$peers/$name/.ready"
    say "fetched $name in $((SECONDS - started)) s"
}

trap '[[ $? == 0 ]] || printf "peers: could not fetch \`%s\`; what failed is told above\n" "${fetching:-}" >&2' EXIT

need() { command -v "$1" >/dev/null || die "\`$1\` is missing: $2"; }

# === Debian: etcd, haproxy, Prometheus, protoc and the sources of gRPC's interop programs ===

# apt with lists and caches of our own, told in the arguments that follow where its sources stand.
apt() {
    local tool=$1 state=$peers/debian/$2
    shift 2
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
    "$tool" -qq -o Dir::State::Lists="$state/lists" -o Dir::Cache="$state/cache" -o Acquire::Languages=none \
        -o Acquire::Retries=3 -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any "$@"
}

# The machine's own Debian sources (deb822 or one-line, apt knows both), asked for in source form.
source_lines() {
    local key=/usr/share/keyrings/debian-archive-keyring.gpg trust=
    [[ -r $key ]] && trust="[signed-by=$key] "
    apt apt-get binary indextargets --format "deb-src $trust\$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
        'Created-By: Packages' 'Origin: Debian' | sort -u
}

fetch_debian() {
    need apt-get "the peers come from Debian's packages"
    apt apt-get binary update
    local packages
    packages=$(apt apt-cache binary depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances protobuf-compiler | grep -E '^libproto')
    # shellcheck disable=SC2086 # one word a package
    apt apt-get binary download etcd-server prometheus protobuf-compiler libprotobuf-dev $packages \
        haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1
    for package in *.deb; do dpkg-deb -x "$package" .; done

    mkdir -p source/parts
    source_lines >source/sources.list
    [[ -s source/sources.list ]] || die "no apt source of Debian's is configured on this machine"
    local own=(-o Dir::Etc::SourceList="$PWD/source/sources.list" -o Dir::Etc::SourceParts="$PWD/source/parts")
    apt apt-get source "${own[@]}" update
    apt apt-get source "${own[@]}" source --download-only grpc
    tar -xzf grpc_*.orig.tar.gz --strip-components=1 --wildcards '*/LICENSE' '*/src/proto/grpc/testing/*.proto' \
        '*/src/python/grpcio_tests/tests/interop/*'
    rm -rf ./*.deb ./grpc_* binary source
}

# === PyPI: buf, and grpcio with what the interop programs import ===

fetch_python() {
    need python3 "gRPC's interop programs run on it (3.11 is tried)"
    python3 -m pip --version >/dev/null || die "python3 has no pip"
    python3 -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --target . -r "$here/requirements.txt"
}

# gRPC's interop sources and the messages they speak, generated for the grpcio at hand.
fetch_interop() {
    cp -r "$peers/debian/src/python/grpcio_tests/tests" "$peers/debian/LICENSE" .
    touch tests/__init__.py
    cp "$here/interop_server.py" .
    local protos=("$peers"/debian/src/proto/grpc/testing/{empty,messages,test}.proto)
    PYTHONPATH=$peers/python python3 -m grpc_tools.protoc -I "$peers/debian" --python_out=. --grpc_python_out=. "${protos[@]}"
}

# === Commands ===

# Writes FOLDER/bin/NAME, which becomes the command that the rest of the line spells.
command_for() {
    local name=$1
    shift
    printf '#!/bin/sh\n%s "$@"\n' "$*" >"$peers/bin/$name"
    chmod +x "$peers/bin/$name"
}

fetch_bin() {
    local python libraries
    python="PYTHONSAFEPATH=1 PYTHONPATH=$peers/interop:$peers/python exec $(python3 -c 'import sys; print(sys.executable)')"
    libraries=$(dirname "$(find "$peers/debian/usr/lib" -name 'libprotoc.so*' | head -n 1)")
    ln -s "$peers"/debian/usr/bin/{etcd,prometheus,promtool} "$peers/python/bin/buf" .
    command_for haproxy "LD_LIBRARY_PATH=$libraries exec $peers/debian/usr/sbin/haproxy"
    command_for protoc "LD_LIBRARY_PATH=$libraries exec $peers/debian/usr/bin/protoc"
    command_for grpc-python-client "$python -m tests.interop.client"
    command_for grpc-python-server "$python -m interop_server"
    bin_answers
}

# A peer that does not start is told here, not by a test that waits for it.
bin_answers() {
    say "$(./etcd --version | head -n 1), $(./prometheus --version 2>&1 | head -n 1), $(./protoc --version), buf $(./buf --version)"
    say "$(./haproxy -v | head -n 1)"
    ./grpc-python-client --help >/dev/null
}

# What was fetched by another recipe, or for another place, does not count.
recipe=$(cat "$here"/{peers.sh,requirements.txt,interop_server.py} <(echo "$peers") | sha256sum)
exec {lock}>"$peers/.lock"
flock "$lock"
for part in debian python interop bin; do once "$part"; done
