"""Reads `cargo metadata` and prints each published package alone, then with each of its features, a line each."""

import json
import sys

for package in json.load(sys.stdin)["packages"]:
    # `publish` is an empty list where `publish = false`.
    if package["publish"] != []:
        print(package["name"])
        for feature in package["features"]:
            print(package["name"], feature)
