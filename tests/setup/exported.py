"""gRPC's own Python, which is handed a service config and makes calls: nothing here says how often or how long.

    exported.py PORT CONFIG CALL..    CONFIG is JSON, as it was exported; a CALL is PATH=STORY

A line is printed for each call: its code, and the milliseconds that it took.
"""

import sys
import time

import grpc


def main(port: str, config: str, *calls: str) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.service_config", config)]) as channel:
        for call in calls:
            path, story = call.split("=")
            began = time.monotonic()
            answer = channel.unary_unary(path).future(b"", metadata=[("story", story)])
            code = answer.code().name
            print(code, int((time.monotonic() - began) * 1000), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
