"""OpenBLAS through numpy: reads lines {"M", "K", "N", "times"}, answers each with {"seconds"} of so many products one after another.

Its first line says which kernels OpenBLAS runs, and with how many threads.
"""

import json
import sys
import time

import numpy
from threadpoolctl import threadpool_info, threadpool_limits

threads = int(sys.argv[1])
known = {}


def factors(M, K, N):
    if (M, K, N) not in known:
        random = numpy.random.default_rng(1)
        left = random.random((M, K), dtype=numpy.float32)
        right = random.random((K, N), dtype=numpy.float32)
        known[M, K, N] = left, right, numpy.empty((M, N), dtype=numpy.float32)
    return known[M, K, N]


with threadpool_limits(limits=threads):
    factors(8, 8, 8)[0].dot(factors(8, 8, 8)[1])
    blas = next(library for library in threadpool_info() if library["user_api"] == "blas")
    print(json.dumps({"library": f"OpenBLAS {blas['version']}, {blas['architecture']}, numpy {numpy.__version__}", "threads": threads}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        left, right, out = factors(request["M"], request["K"], request["N"])
        began = time.perf_counter()
        for _ in range(request["times"]):
            numpy.dot(left, right, out=out)
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)
