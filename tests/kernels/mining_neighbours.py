"""usage: mining_neighbours.py write|check FOLDER: data sets for mining_neighbours_test, and what scikit-learn and
numpy make of them."""

import sys
from pathlib import Path

try:
    import numpy
    from sklearn import datasets, neighbors
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-sklearn")

folder = Path(sys.argv[2])
wrong = 0


def fail(name, what):
    global wrong
    print(f"{name}: {what}")
    wrong += 1


def write():
    random = numpy.random.default_rng(7)

    def data(name, points, queries, k, labels=None):
        y = random.normal(size=len(points))
        labels = random.integers(0, 3, len(points)) if labels is None else labels
        for kind, values, form in (
            ("points", points, "%.17g"),
            ("queries", queries, "%.17g"),
            ("labels", labels, "%d"),
            ("y", y, "%.17g"),
            ("k", [k], "%d"),
        ):
            numpy.savetxt(folder / f"{name}.{kind}", values, fmt=form)

    for name, load in (
        ("iris", datasets.load_iris),
        ("digits", datasets.load_digits),
        ("wine", datasets.load_wine),
        ("cancer", datasets.load_breast_cancer),
    ):
        its = load()
        data(name, its.data, its.data + random.normal(size=its.data.shape) * its.data.std(axis=0) * 0.1, 5, its.target)
    for n, d, k in ((1, 1, 1), (1, 64, 1), (2, 3, 2), (63, 2, 7), (64, 5, 64), (65, 9, 65), (1023, 1, 10),
                    (1023, 64, 10), (5000, 2, 5), (5000, 3, 1), (2000, 17, 8), (700, 200, 3)):
        data(f"normal_{n}_{d}", random.normal(size=(n, d)), random.normal(size=(1023, d)), k)
    data("far", 1e6 + random.normal(size=(2000, 4)), 1e6 + random.normal(size=(500, 4)), 6)
    data("same", numpy.full((500, 3), 0.1), numpy.full((70, 3), 0.3), 9)
    grid = random.integers(0, 4, size=(2000, 3)).astype(float)
    data("ties", grid, random.integers(0, 4, size=(300, 3)) / 2, 12)
    constant = random.normal(size=(700, 6))
    constant[:, 2] = 1e15
    data("constant", constant, constant[:200] + random.normal(size=(200, 6)), 4)
    outliers = random.normal(size=(1500, 3))
    outliers[17] = 1e18
    outliers[18] = [-1e150, 1e3, 0]
    queries = random.normal(size=(300, 3))
    queries[5] = 1e100
    queries[6] = -1e155
    data("outliers", outliers, queries, 5)
    data("tiny", 1e-140 * random.normal(size=(900, 3)), 1e-140 * random.normal(size=(100, 3)), 5)
    data("denormal", 1e-200 * random.normal(size=(900, 3)), 1e-200 * random.normal(size=(100, 3)), 5)
    data("huge", 1e200 * random.normal(size=(900, 3)), 1e200 * random.normal(size=(100, 3)), 5)
    wide = numpy.exp(random.normal(size=(2500, 2)) * 20)
    data("wide", wide, wide[::3] * 1.01, 5)


def squared_distances(points, queries):
    """Sums in the order of the dimensions."""
    result = numpy.zeros((len(queries), len(points)))
    with numpy.errstate(over="ignore", under="ignore"):
        for i in range(points.shape[1]):
            result += (queries[:, i, None] - points[None, :, i]) ** 2
    return result


def check():
    def load(file, **options):
        return numpy.loadtxt(folder / file, **options)

    for path in sorted(folder.glob("*.points")):
        name = path.stem
        points, queries = load(f"{name}.points", ndmin=2), load(f"{name}.queries", ndmin=2)
        labels, y = load(f"{name}.labels", dtype=int, ndmin=1), load(f"{name}.y", ndmin=1)
        k = int(load(f"{name}.k"))
        index, distance = load(f"{name}.index", dtype=int, ndmin=2), load(f"{name}.distance", ndmin=2)
        squares = squared_distances(points, queries)
        order = numpy.argsort(squares, axis=1, kind="stable")[:, :k]
        if not numpy.array_equal(index, order):
            fail(name, "other neighbours than by sorting all distances")
        if not numpy.array_equal(distance, numpy.sqrt(numpy.take_along_axis(squares, order, axis=1))):
            fail(name, "other distances")
        if k < len(points) <= 2000:
            squares = squared_distances(points, points)
            numpy.fill_diagonal(squares, numpy.nan)  # which comes last
            order = numpy.argsort(squares, axis=1, kind="stable")[:, :k]
            if not numpy.array_equal(load(f"{name}.others", dtype=int, ndmin=2), order):
                fail(name, "other neighbours of points")
        if name == "huge":  # where distances are infinite, scikit-learn's are NaN
            continue
        tree = neighbors.KDTree(points)
        if not numpy.array_equal(distance, tree.query(queries, k)[0]):
            fail(name, "other distances than scikit-learn's tree")
        for weights in ("uniform", "distance"):
            for algorithm in ("kd_tree", "brute"):
                # Where distances are the same it may choose others, and its brute force loses digits.
                if name in ("ties", "same", "outliers", "denormal"):
                    continue
                if algorithm == "brute" and name not in ("iris", "digits", "wine", "cancer"):
                    continue
                tolerance = 1e-12 if algorithm == "kd_tree" else 1e-7
                rule = neighbors.KNeighborsClassifier(k, weights=weights, algorithm=algorithm).fit(points, labels)
                if not numpy.array_equal(load(f"{name}.{weights}.labels", dtype=int, ndmin=1), rule.predict(queries)):
                    fail(name, f"other classes, {weights}, {algorithm}")
                mine = load(f"{name}.{weights}.probabilities", ndmin=2)[:, rule.classes_]
                if not numpy.allclose(mine, rule.predict_proba(queries), rtol=0, atol=tolerance):
                    fail(name, f"other probabilities, {weights}, {algorithm}")
                mean = neighbors.KNeighborsRegressor(k, weights=weights, algorithm=algorithm).fit(points, y)
                theirs = mean.predict(queries)
                if not numpy.allclose(load(f"{name}.{weights}.y", ndmin=1), theirs, rtol=0, atol=10 * tolerance):
                    fail(name, f"other means, {weights}, {algorithm}")
    sys.exit(wrong != 0)


write() if sys.argv[1] == "write" else check()
