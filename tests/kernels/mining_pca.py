"""usage: mining_pca.py write|check FOLDER: data sets for mining_pca_test, and what scikit-learn makes of them."""

import sys
from pathlib import Path

try:
    import numpy
    from sklearn import datasets, decomposition
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-sklearn")

folder = Path(sys.argv[2])
wrong = 0


def fail(name, what):
    global wrong
    print(f"{name}: {what}")
    wrong += 1


def write():
    random = numpy.random.default_rng(3)

    def data(name, x, k):
        numpy.savetxt(folder / f"{name}.x", x, fmt="%.17g")
        numpy.savetxt(folder / f"{name}.k", [k], fmt="%d")

    def falling(n, d):
        return random.normal(size=(n, d)) * 0.7 ** numpy.arange(d) @ numpy.linalg.qr(random.normal(size=(d, d)))[0]

    data("iris", datasets.load_iris().data, 4)
    data("digits", datasets.load_digits().data, 10)
    data("wine", datasets.load_wine().data, 3)
    data("cancer", datasets.load_breast_cancer().data, 5)
    for n, d, k in ((2, 1, 1), (2, 64, 1), (1023, 1, 1), (1023, 64, 8), (5000, 5, 5), (30, 64, 10)):
        data(f"falling_{n}_{d}", falling(n, d), k)
    data("far", 1e5 + falling(2000, 6), 3)
    constant = falling(1000, 5)
    constant[:, 1] = 0.1
    constant[:, 3] = 1e10 / 3
    data("constant", constant, 3)
    data("same", numpy.full((50, 3), 0.7), 2)
    data("duplicates", numpy.repeat(falling(40, 4), 7, axis=0), 4)


def check():
    def load(file):
        return numpy.loadtxt(folder / file, ndmin=2)

    for path in sorted(folder.glob("*.x")):
        name = path.stem
        x, k = load(f"{name}.x"), int(load(f"{name}.k")[0, 0])
        # Its mean of a column that is constant is not quite the constant: the rest would be a variance.
        constant = x.min(axis=0) == x.max(axis=0)
        x -= numpy.where(constant, x[0], 0)
        for scaled in (False, True):
            if scaled:
                deviation = numpy.where(constant, 1, x.std(axis=0, ddof=1))
                if not numpy.allclose(load(f"{name}.scaled.scale")[:, 0], deviation, rtol=1e-12, atol=0):
                    fail(name, "other scales")
                x = (x - x.mean(axis=0)) / deviation
            start = f"{name}.{'scaled' if scaled else 'plain'}"
            with numpy.errstate(invalid="ignore"):  # of no variance
                its = decomposition.PCA(k, svd_solver="full").fit(x)
            scale = its.explained_variance_.max()
            if not numpy.allclose(load(f"{start}.variance")[:, 0], its.explained_variance_, rtol=1e-9, atol=1e-12 * scale):
                fail(start, "other variances")
            if scale == 0:
                if load(f"{start}.ratio").any():
                    fail(start, "something explains what is no variance")
                continue
            if not numpy.allclose(load(f"{start}.ratio")[:, 0], its.explained_variance_ratio_, rtol=1e-9, atol=1e-12):
                fail(start, "other ratios")
            mine = load(f"{start}.components")
            peaks = numpy.take_along_axis(mine, abs(mine).argmax(axis=1)[:, None], axis=1)
            if not (peaks > 0).all():
                fail(start, "the largest elements of components are not positive")
            signs = numpy.sign((mine * its.components_).sum(axis=1))
            if not numpy.allclose(mine, signs[:, None] * its.components_, rtol=0, atol=1e-9):
                fail(start, f"other components: {abs(mine - signs[:, None] * its.components_).max()}")
            scores = its.transform(x) * signs
            if not numpy.allclose(load(f"{start}.scores"), scores, rtol=1e-9, atol=1e-9 * abs(scores).max()):
                fail(start, "other scores")
    sys.exit(wrong != 0)


write() if sys.argv[1] == "write" else check()
