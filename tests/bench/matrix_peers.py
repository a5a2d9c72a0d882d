"""The Python side of matrix_bench: does what a line on standard input says with numpy and scipy, and answers
with the seconds it took, measured here. A line is "WORK TYPE SIZE"; the answer without numpy is "none", and
so it is for what scipy does, without scipy."""

import sys
from time import perf_counter

try:
    import numpy
except ImportError:
    numpy = None

try:
    from scipy.spatial.distance import cdist
    from scipy.special import softmax
except ImportError:
    cdist = softmax = None

made = {}
points = 64  # dimensions of what distances are between


def factors(kind, size):
    if made.get("key") != (kind, size):
        random = numpy.random.default_rng(1)
        made["a"] = random.random((size, size)).astype(kind)
        numpy.fill_diagonal(made["a"], size)
        made["b"] = random.random((size, size)).astype(kind)
        made["c"] = numpy.zeros((size, size), kind)
        made["key"] = (kind, size)
    return made["a"], made["b"], made["c"]


statistics = {
    "sum-row": lambda a, b, c: numpy.sum(a, axis=1),
    "sum-column": lambda a, b, c: numpy.sum(a, axis=0),
    "max-row": lambda a, b, c: numpy.max(a, axis=1),
    "argmax-column": lambda a, b, c: numpy.argmax(a, axis=0),
    "variance-column": lambda a, b, c: numpy.var(a, axis=0),
    "norm": lambda a, b, c: numpy.linalg.norm(a),
    "dot": lambda a, b, c: numpy.dot(a.ravel(), b.ravel()),
    "axpy": lambda a, b, c: numpy.add(c, 0.5 * a, out=c),
    "softmax-row": lambda a, b, c: softmax(a, axis=1),
    "cumulative_sum-column": lambda a, b, c: numpy.cumsum(a, axis=0, out=c),
    "covariance": lambda a, b, c: numpy.cov(a, rowvar=False, dtype=a.dtype),
    "distances": lambda a, b, c: cdist(a[:, :points], a[:, :points]),
}

for line in sys.stdin:
    work, kind, size = line.split()
    if numpy is None or (cdist is None and work in ("softmax-row", "distances")):
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
    elif work in statistics:
        statistics[work](a, b, c)
    else:  # numpy does it not
        print("none", flush=True)
        continue
    print(perf_counter() - began, flush=True)
