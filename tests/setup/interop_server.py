"""Serves gRPC's own Python interop service on a free loopback port and prints the port.

Its published entry point listens on every address and does not tell which port it got, hence this one.
"""

import argparse
import sys
from concurrent import futures

import grpc
from src.proto.grpc.testing import test_pb2_grpc
from tests.interop import resources, service


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--use_tls", type=resources.parse_bool, default=False)
    use_tls = flags.parse_args().use_tls

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    test_pb2_grpc.add_TestServiceServicer_to_server(service.TestService(), server)
    if use_tls:
        pair = (resources.private_key(), resources.certificate_chain())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    print(port, flush=True)
    server.start()
    # Whoever started this holds the other end of its standard input: when that closes, it is over.
    sys.stdin.read()
    server.stop(grace=None)


if __name__ == "__main__":
    main()
