"""json and Counter, behind the protocol of serve.mjs."""
import json
import sys
import time
from collections import Counter


def count(path):
    counts = Counter()
    loads = json.loads
    with open(path, "rb") as lines:
        for line in lines:
            counts[loads(line)["url"]] += 1
    return counts


print(json.dumps({"isReady": True, "version": sys.version.split()[0]}), flush=True)
for _line in sys.stdin:
    started, cpu_started = time.perf_counter(), time.process_time()
    result = count(sys.argv[1])
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    answer = {"unique": len(result), "total": sum(result.values())}
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu_seconds, **answer}), flush=True)
