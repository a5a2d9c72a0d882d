"""The Python side of the sparse comparisons in matrix_bench: does what a line on standard input says with
scipy, and answers with the seconds it took, measured here; "none" without scipy."""

import sys
from time import perf_counter

try:
    import numpy
    import scipy.sparse
    import scipy.sparse.linalg
except ImportError:
    scipy = None

made = {}


def laplacian(side):
    line = scipy.sparse.diags([-1.0, 2.0, -1.0], [-1, 0, 1], (side, side))
    unit = scipy.sparse.identity(side)
    return (scipy.sparse.kron(line, unit) + scipy.sparse.kron(unit, line)).tocsr()


def random_rows(size):
    random = numpy.random.default_rng(1)
    columns = random.integers(0, size, 16 * size, dtype=numpy.int32)
    offsets = numpy.arange(0, 16 * size + 1, 16, dtype=numpy.int32)
    matrix = scipy.sparse.csr_matrix((random.random(16 * size), columns, offsets), (size, size))
    matrix.sum_duplicates()
    return matrix


def matrix(kind, size):
    if made.get("key") != (kind, size):
        made["a"] = laplacian(size) if kind == "laplacian" else random_rows(size)
        made["x"] = numpy.random.default_rng(2).random(made["a"].shape[1])
        made["key"] = (kind, size)
    return made["a"], made["x"]


for line in sys.stdin:
    if scipy is None:
        print("none", flush=True)
        continue
    work, first, second = line.split()
    if work == "spmv":
        a, x = matrix(first, int(second))
        began = perf_counter()
        a @ x
    else:
        a, x = matrix("laplacian", int(first))
        began = perf_counter()
        scipy.sparse.linalg.cg(a, x, tol=1e-300, maxiter=int(second))
    print(perf_counter() - began, flush=True)
