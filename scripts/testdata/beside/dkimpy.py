"""What dkimpy says of one input, as JSON (see main.go)."""
import json
import os
import sys

import dkim

if sys.argv[1] == "--version":
    from importlib.metadata import version

    print(version("dkimpy"))
    sys.exit(0)
given = json.load(open(sys.argv[1]))
texts = {}
for name, kind, value in given["zone"]:
    if kind == "TXT":
        texts.setdefault(name, value.encode("latin-1"))


def txt(name, timeout=5):
    name = name.decode("ascii") if isinstance(name, bytes) else name
    return texts.get(name.rstrip(".").lower())


answer = {"dkim": []}
path = sys.argv[1][:-4] + "eml"
raw = open(path, "rb").read()
try:
    d = dkim.DKIM(raw)
    count = sum(1 for name, _ in d.headers if name.lower() == b"dkim-signature")
    for i in range(min(count, 32)):
        d = dkim.DKIM(raw)
        try:
            passed = d.verify(idx=i, dnsfunc=txt)
        except dkim.DKIMException as e:  # what the library raises for input that it refuses
            answer["error"] = str(e)
            passed = False
        answer["dkim"].append([(d.domain or b"").decode("latin-1"), "pass" if passed else "fail"])
except dkim.DKIMException as e:
    answer["error"] = str(e)
print(json.dumps(answer))
