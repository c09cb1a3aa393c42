"""gRPC's own Python on either end of calls that are retried.

    retries.py serve        serves `EmptyCall` on a free loopback port and prints it; how a call ends is said by its metadata
    retries.py call PORT    makes such calls with a retry policy and prints a line for each: story, code, attempts, milliseconds

The stories: `twice` fails two times and is answered then; `wait` fails once and asks to be left alone for 100 ms; `never`
fails and asks for no retry.
"""

import json
import sys
import time
from concurrent import futures

import grpc

METHOD = "/grpc.testing.TestService/EmptyCall"
PREVIOUS = "grpc-previous-rpc-attempts"
PUSHBACK = "grpc-retry-pushback-ms"
CONFIG = {
    "methodConfig": [
        {
            "name": [{"service": "grpc.testing.TestService"}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.01s",
                "maxBackoff": "0.1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


class Stories(grpc.GenericRpcHandler):
    """Messages stay the bytes that they are: an empty one is empty."""

    def service(self, details):
        handler = grpc.unary_unary_rpc_method_handler(self.answer)
        return handler if details.method == METHOD else None

    def answer(self, request, context):
        metadata = dict(context.invocation_metadata())
        previous = int(metadata.get(PREVIOUS, "0"))
        story = metadata["story"]
        if story == "twice" and previous < 2:
            context.abort(grpc.StatusCode.UNAVAILABLE, f"after {previous}")
        if story in ("wait", "never") and previous == 0:
            context.set_trailing_metadata([(PUSHBACK, "100" if story == "wait" else "-1")])
            context.abort(grpc.StatusCode.UNAVAILABLE, "busy")
        context.set_trailing_metadata([("attempts", str(previous + 1))])
        return request


def serve() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers([Stories()])
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    # Whoever started this holds the other end of its standard input: when that closes, it is over.
    sys.stdin.read()
    server.stop(grace=None)


def call(port: str) -> None:
    options = [("grpc.service_config", json.dumps(CONFIG)), ("grpc.enable_retries", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        empty = channel.unary_unary(METHOD)
        for story in ("twice", "wait", "never"):
            began = time.monotonic()
            answer = empty.future(b"", metadata=[("story", story)], timeout=20)
            code = answer.code().name
            millis = int((time.monotonic() - began) * 1000)
            attempts = dict(answer.trailing_metadata()).get("attempts", "?")
            print(story, code, attempts, millis, flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else call(sys.argv[2])
