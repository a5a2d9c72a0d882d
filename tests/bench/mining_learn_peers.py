"""The peers of mining_learn_bench: does what a line on standard input says with scikit-learn, and answers with
the seconds it took, measured here. A line is "WORK DATA ROWS", or "check WORK DATA ROWS" for a number made of the
result instead; without scikit-learn the answer is "none".

Argument: the number of threads.
"""

import os
import sys
import warnings
from time import perf_counter

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[1]

try:
    import numpy
    import sklearn.cluster
    import sklearn.neighbors
except ImportError:
    sklearn = None
else:
    warnings.simplefilter("ignore")  # that ten iterations are not enough

features, clusters = 16, 64


def mixed(i, factor):
    """As in mining_learn_bench.cpp."""
    a = i * numpy.uint64(factor) & numpy.uint64(0xFFFFFFFF)
    return (a * ((a >> numpy.uint64(16)) + numpy.uint64(1)) & numpy.uint64(0xFFFFFFFF)) / 4294967296


def noise(rows, columns=features):
    return mixed(numpy.arange(rows * columns, dtype=numpy.uint64), 2654435761).reshape(rows, columns)


def clouds(rows):
    middles = mixed(numpy.arange(clusters * features, dtype=numpy.uint64), 2246822519).reshape(clusters, features)
    of = (mixed(numpy.arange(rows, dtype=numpy.uint64), 1597334677) * clusters).astype(int)
    return noise(rows) + 2 * middles[of]


def lloyd(x, algorithm="lloyd"):
    return sklearn.cluster.KMeans(
        clusters, init=x[:clusters], n_init=1, max_iter=10, tol=0, algorithm=algorithm
    ).fit(x)


def kde(x):
    """The sum of the densities at half as many places."""
    places = mixed(numpy.arange(x.size // 2, dtype=numpy.uint64), 2246822519).reshape(-1, x.shape[1])
    model = sklearn.neighbors.KernelDensity(bandwidth=0.05, atol=0, rtol=0).fit(x)
    return numpy.exp(model.score_samples(places)).sum()


work = {
    "kde": kde,
    "lloyd": lambda x: lloyd(x).inertia_,
    "elkan": lambda x: lloyd(x, "elkan").inertia_,
    "plus-plus": lambda x: len(sklearn.cluster.kmeans_plusplus(x, clusters, random_state=1)[1]),
}

make = {
    "noise": noise,
    "clouds": clouds,
    "line": lambda rows: noise(rows, 1),
    "plane": lambda rows: noise(rows, 2),
}
made = {}
for line in sys.stdin:
    words = line.split()
    name, data, rows = words[-3:]
    if sklearn is None or name not in work:
        print("none", flush=True)
        continue
    if (data, rows) not in made:
        made.clear()
        made[data, rows] = make[data](int(rows))
    begin = perf_counter()
    result = work[name](made[data, rows])
    seconds = perf_counter() - begin
    print(f"{result if words[0] == 'check' else seconds:.17g}", flush=True)
