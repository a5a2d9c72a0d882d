"""The Python side of matrix_bench: does what a line on standard input says with numpy, and answers with
the seconds it took, measured here. A line is "WORK TYPE SIZE"; the answer without numpy is "none".
For a decomposition, SIZE is ROWSxCOLUMNSxK: K values are wanted."""

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
    if numpy is None:
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
    else:  # numpy does it not
        print("none", flush=True)
        continue
    print(perf_counter() - began, flush=True)
