"""The Python side of matrix_bench: does what a line on standard input says with numpy and scipy, and answers
with the seconds it took, measured here. A line is "WORK TYPE SIZE"; for a decomposition, SIZE is
ROWSxCOLUMNSxK: K values are wanted. The answer without numpy is "none", and so it is for what scipy does,
without scipy."""

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


def orthonormal(y):
    return numpy.linalg.qr(y)[0]


def randomized_svd(a, k):
    """As tine does it."""
    left = orthonormal(a @ numpy.random.default_rng(1).standard_normal((a.shape[1], k + 10)))
    for _ in range(2):
        left = orthonormal(a @ orthonormal(a.T @ left))
    u, values, vt = numpy.linalg.svd(left.T @ a, full_matrices=False)
    return left @ u[:, :k], values[:k], vt[:k]


def pca(x, k):
    centred = x - x.mean(axis=0)
    values, vectors = numpy.linalg.eigh(centred.T @ centred / (len(x) - 1))
    return values[::-1][:k], centred @ vectors[:, ::-1][:, :k]


def decompose(work, size):
    """The seconds that a decomposition takes."""
    rows, columns, k = (int(n) for n in size.split("x"))
    a = numpy.random.default_rng(1).random((rows, columns))
    began = perf_counter()
    if work == "eigh":
        numpy.linalg.eigh(a)  # reads the lower part
    elif work == "svd":
        numpy.linalg.svd(a, full_matrices=False)
    elif work == "randomized_svd":
        randomized_svd(a, k)
    else:
        pca(a, k)
    return perf_counter() - began

for line in sys.stdin:
    work, kind, size = line.split()
    if numpy is None or (cdist is None and work in ("softmax-row", "distances")):
        print("none", flush=True)
        continue
    if "x" in size:
        print(decompose(work, size), flush=True)
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
