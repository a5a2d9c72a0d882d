"""usage: mining_kmeans.py make FOLDER: writes samples there, and centres to start from.
mining_kmeans.py check FOLDER: compares what mining_kmeans_test has made of them with scikit-learn's KMeans."""

import os
import sys
import warnings
from pathlib import Path

# Threads that wait for each other take minutes where other tests have the CPUs.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

try:
    import numpy
    import sklearn.cluster
    import sklearn.datasets
    from sklearn.exceptions import ConvergenceWarning
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-sklearn")

what, folder = sys.argv[1], Path(sys.argv[2])


def sets():
    """Of each set a name, samples, and how many clusters."""
    for name, clusters in (("iris", 3), ("digits", 10), ("wine", 3), ("breast_cancer", 5)):
        yield name, getattr(sklearn.datasets, "load_" + name)().data, clusters
    blobs, _ = sklearn.datasets.make_blobs(10007, 5, centers=9, cluster_std=2, random_state=1)
    yield "blobs", blobs, 7
    yield "far", blobs[:3001] * [1, 2, 3, 4, 5] + 1e6, 9
    numbers = numpy.random.default_rng(1)
    yield "noise", numbers.random((4001, 17)), 33
    yield "line", numbers.standard_normal((999, 1)), 12
    yield "skewed", numbers.lognormal(0, 3, (3001, 3)), 20
    yield "constant", numpy.hstack([numbers.standard_normal((500, 2)), numpy.full((500, 2), 0.1)]), 4
    yield "copies", numpy.repeat(numbers.standard_normal((40, 3)), 30, axis=0), 6


def starts(x, clusters):
    numbers = numpy.random.default_rng(5)
    for _ in range(5):
        yield x[numbers.permutation(len(x))[:clusters]]
    # One that is so far away that it has no sample at first.
    lonely = x[numbers.permutation(len(x))[:clusters]].copy()
    lonely[clusters // 2] = x.mean(0) + 1000 * (x.max(0) - x.min(0) + 1)
    yield lonely


def cases():
    for name, x, clusters in sets():
        for i, start in enumerate(starts(x, clusters)):
            yield f"{name}-{i}", numpy.ascontiguousarray(x, float), start


def make():
    lines = []
    for name, x, start in cases():
        (folder / f"{name}.x").write_bytes(x.tobytes())
        (folder / f"{name}.start").write_bytes(numpy.ascontiguousarray(start).tobytes())
        lines.append(f"{name} {len(x)} {x.shape[1]} {len(start)}\n")
    (folder / "cases").write_text("".join(lines))


def wrong_with(x, start, path):
    """What differs."""
    theirs = sklearn.cluster.KMeans(len(start), init=start, n_init=1, algorithm="lloyd").fit(x)
    labels = numpy.fromfile(path.with_suffix(".labels"), numpy.uint32)
    distances = numpy.fromfile(path.with_suffix(".distances"))
    inertia, iterations, *sizes = path.with_suffix(".found").read_text().split()
    centres = numpy.fromfile(path.with_suffix(".centres")).reshape(start.shape)
    if (labels != theirs.labels_).any():
        yield f"{(labels != theirs.labels_).sum()} labels"
    if abs(float(inertia) - theirs.inertia_) > 1e-9 * theirs.inertia_:
        yield f"inertia {inertia}, not {theirs.inertia_!r}"
    if int(iterations) != theirs.n_iter_:
        yield f"{iterations} iterations, not {theirs.n_iter_}"
    if not numpy.allclose(centres, theirs.cluster_centers_, rtol=1e-9, atol=1e-12 * abs(x).max()):
        yield "centres"
    if [int(size) for size in sizes] != numpy.bincount(theirs.labels_, minlength=len(start)).tolist():
        yield "sizes"
    if not numpy.allclose(distances, theirs.transform(x).min(1), rtol=1e-6, atol=1e-7 * abs(x).max()):
        yield "distances"


def check():
    warnings.simplefilter("ignore", ConvergenceWarning)
    failed = 0
    for name, x, start in cases():
        for wrong in wrong_with(x, start, folder / name):
            print(f"{name}: {wrong}")
            failed += 1
    # From starts of their own, both find clusters that are as good.
    for name, x, clusters in sets():
        if name not in ("digits", "blobs", "noise"):
            continue
        ours = numpy.array((folder / f"{name}.inertias").read_text().split(), float)
        theirs = [
            sklearn.cluster.KMeans(clusters, n_init=1, random_state=i).fit(x).inertia_ for i in range(len(ours))
        ]
        if not 0.97 < ours.mean() / numpy.mean(theirs) < 1.03:
            print(f"{name}: inertia {ours.mean()} on average, not {numpy.mean(theirs)}")
            failed += 1
    sys.exit(failed > 0)


{"make": make, "check": check}[what]()
