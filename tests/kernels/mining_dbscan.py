"""usage: mining_dbscan.py write|check FOLDER: data sets for mining_dbscan_test, and what scikit-learn makes of them."""

import sys
from pathlib import Path

try:
    import numpy
    from sklearn import cluster, datasets
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-sklearn")

folder = Path(sys.argv[2])
wrong = 0


def write():
    random = numpy.random.default_rng(5)

    def data(name, x, *settings):
        numpy.savetxt(folder / f"{name}.x", x, fmt="%.17g")
        numpy.savetxt(folder / f"{name}.settings", settings, fmt="%.17g")

    def blobs(n, d, clusters=12):
        """Of different densities, with noise between them."""
        centres = random.uniform(-10, 10, size=(clusters, d))
        which = random.integers(0, clusters, n)
        x = centres[which] + random.normal(size=(n, d)) * (0.1 + which / 20)[:, None]
        x[: n // 10] = random.uniform(-12, 12, size=(n // 10, d))
        return random.permutation(x)

    data("iris", datasets.load_iris().data, (0.5, 5), (0.3, 3), (0.8, 10))
    data("digits", datasets.load_digits().data, (22, 5), (18, 3))
    data("wine", datasets.load_wine().data, (40, 5))
    data("cancer", datasets.load_breast_cancer().data, (60, 8))
    data("moons", datasets.make_moons(3000, noise=0.06, random_state=1)[0], (0.07, 6), (0.1, 5))
    data("one", numpy.zeros((1, 3)), (0.5, 1), (0.5, 2))
    for n, d in ((1023, 1), (5000, 2), (5000, 3), (2000, 7), (1023, 64)):
        x = blobs(n, d)
        middle = 0.5 * d**0.5
        # From all noise to one cluster.
        data(f"blobs_{n}_{d}", x, *((middle * f, m) for f, m in ((0.01, 4), (0.3, 4), (1, 1), (1, 6), (1.5, 40), (3, 5), (100, 5))))
    # Neighbours that are exactly eps away.
    data("grid", random.integers(0, 30, size=(1500, 2)), (1, 4), (2, 9), (2**0.5, 7))
    data("tenths", random.integers(0, 40, size=(1500, 2)) / 10, (0.1, 4), (0.3, 9))
    data("same", numpy.full((300, 2), 0.1), (1e-9, 300), (1e-9, 301))
    data("duplicates", numpy.repeat(blobs(100, 2), 9, axis=0), (0.3, 10))
    # A long thread, in an order that has nothing to do with it.
    turn = numpy.linspace(0, 60, 4000)
    data("spiral", random.permutation(numpy.c_[turn * numpy.cos(turn), turn * numpy.sin(turn)]), (0.95, 2), (0.5, 3))
    data("far", 1e7 + blobs(2000, 2), (0.2, 5))
    wide = blobs(2000, 2)
    wide[5] = [1e12, -1e12]
    wide[6] = [1e160, 0]
    data("wide", wide, (0.3, 5))


def check():
    global wrong
    for path in sorted(folder.glob("*.x")):
        name = path.stem
        x = numpy.loadtxt(path, ndmin=2)
        for i, (eps, least) in enumerate(numpy.loadtxt(folder / f"{name}.settings", ndmin=2)):
            theirs = cluster.DBSCAN(eps=eps, min_samples=int(least), algorithm="kd_tree").fit(x)
            labels = numpy.loadtxt(folder / f"{name}.{i}.labels", dtype=int, ndmin=1)
            core = numpy.loadtxt(folder / f"{name}.{i}.core", dtype=int, ndmin=1)
            if not numpy.array_equal(numpy.flatnonzero(core), theirs.core_sample_indices_):
                print(f"{name}, {eps}, {least}: other core samples")
                wrong += 1
            if not numpy.array_equal(labels, theirs.labels_):
                print(f"{name}, {eps}, {least}: other labels, {labels.max() + 1} and {theirs.labels_.max() + 1} clusters")
                wrong += 1
    sys.exit(wrong != 0)


write() if sys.argv[1] == "write" else check()
