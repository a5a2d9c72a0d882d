"""The Python side of matrix_bench: does what a line on standard input says with numpy, and answers with
the seconds it took, measured here. A line is "WORK TYPE SIZE"; the answer without numpy is "none"."""

import sys
from time import perf_counter

try:
    import numpy
except ImportError:
    numpy = None

made = {}


def factors(kind, size):
    if made.get("key") != (kind, size):
        random = numpy.random.default_rng(1)
        made["a"] = random.random((size, size)).astype(kind)
        numpy.fill_diagonal(made["a"], size)
        made["b"] = random.random((size, size)).astype(kind)
        made["c"] = numpy.zeros((size, size), kind)
        made["key"] = (kind, size)
    return made["a"], made["b"], made["c"]


for line in sys.stdin:
    work, kind, size = line.split()
    if numpy is None:
        print("none", flush=True)
        continue
    a, b, c = factors(kind, int(size))
    began = perf_counter()
    if work == "gemm":
        numpy.matmul(a, b, out=c)
    elif work == "gemv":
        numpy.matmul(a, b[0], out=c[0])
    elif work == "syrk":  # numpy sees that both factors are the same, and calls syrk
        numpy.matmul(a, a.T, out=c)
    elif work == "transpose":
        numpy.copyto(c, a.T)
    elif work == "cholesky":
        numpy.linalg.cholesky(a)
    elif work == "qr":
        numpy.linalg.qr(b, mode="raw")
    else:  # numpy does it not
        print("none", flush=True)
        continue
    print(perf_counter() - began, flush=True)
