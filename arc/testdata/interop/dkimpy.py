# Prints what dkimpy says of messages: FILE, "dkim" or "arc", result. The keys
# come from keys.json in the same folder; nothing is asked over the network.
import glob, json, os, sys
import dkim

folder = sys.argv[1]
with open(os.path.join(folder, "keys.json")) as f:
    keys = json.load(f)


def txt(name, timeout=5):
    record = keys.get(name.decode("ascii").rstrip("."))
    return record.encode("ascii") if record else None


def outcome(check):
    try:
        return "pass" if check() else "fail"
    except dkim.DKIMException as e:
        return "fail %s" % type(e).__name__


for path in sorted(glob.glob(os.path.join(folder, "*.eml"))):
    name = os.path.basename(path)
    with open(path, "rb") as f:
        message = f.read()
    signatures = [h for h in dkim.DKIM(message).headers if h[0].lower() == b"dkim-signature"]
    for n in range(len(signatures)):
        print(name, "dkim", outcome(lambda: dkim.DKIM(message).verify(idx=n, dnsfunc=txt)))
    cv, _, why = dkim.ARC(message).verify(dnsfunc=txt)
    if cv and cv != b"none":
        print(name, "arc", "unsupported" if "unknown signature algorithm" in str(why) else cv.decode("ascii"))
