"""usage: mining_density.py make FOLDER: writes data for mining_density_test there, as raw doubles
          mining_density.py check FOLDER: compares what the test made of them with numpy, scipy and scikit-learn"""

import json
import sys
from pathlib import Path

try:
    import numpy
    import scipy.special
    import scipy.stats
    import sklearn.datasets
    import sklearn.model_selection
    from sklearn.neighbors import KernelDensity
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy, python3-scipy and python3-sklearn")

mode, folder = sys.argv[1], Path(sys.argv[2])


def make():
    random = numpy.random.RandomState(5)
    line = numpy.concatenate([random.normal(0, 1, 700), random.normal(6, 0.3, 303)])
    far = numpy.concatenate([numpy.linspace(-10, 15, 101), [1e3, -1e5, 1e12, 1e300]])
    plane = random.multivariate_normal([1e6, -3], [[1, 0.7], [0.7, 2]], 1501)
    iris = sklearn.datasets.load_iris().data
    cancer = sklearn.datasets.load_breast_cancer().data
    cancer = (cancer - cancer.mean(axis=0)) / cancer.std(axis=0)
    digits = sklearn.datasets.load_digits().data
    wine = sklearn.datasets.load_wine().data
    many = random.normal(0, 1, (20011, 1)).round(3)
    article = numpy.random.RandomState(123).multivariate_normal([0, 0], [[1, 0], [0, 1]], 10_000)
    for name, points, queries in (
        ("line", line[:, None], far[:, None]),
        ("plane", plane, numpy.concatenate([plane[::3] + 0.01, plane[:20] * 1.01, plane[:20] * 3])),
        ("iris", iris, iris),
        ("cancer", cancer, numpy.concatenate([cancer, cancer * 10])),
        ("digits", digits[:700], digits[:500]),
        ("wine", wine, wine * 1.1),
        ("many", many, numpy.linspace(-40, 60, 333)[:, None]),
        ("article", article, numpy.zeros((1, 2))),
    ):
        for data, what in ((points, "points"), (queries, "queries")):
            numpy.ascontiguousarray(data, dtype=float).tofile(folder / f"{name}.{what}")



def direct_sums(n, **options):
    """Trees of one leaf. Where there are more, scikit-learn 1.2 subtracts what it has added before, and so has
    wrong densities where there are few points, whatever the tolerances."""
    return KernelDensity(leaf_size=n, atol=0, rtol=0, **options)


wrong = 0


def compare(what, got, wanted, within):
    global wrong
    got, wanted = numpy.asarray(got), numpy.asarray(wanted)
    with numpy.errstate(invalid="ignore"):
        off = numpy.abs(got - wanted) / within
        off[got == wanted] = 0  # infinities
    if not (off <= 1).all():
        i = numpy.argmax(numpy.where(numpy.isnan(off), numpy.inf, off))
        print(f"{what}: {got.flat[i]!r} instead of {wanted.flat[i]!r} at {i}: {off.flat[i]:.3g} times what may be")
        wrong += 1


def check():
    for case in json.loads((folder / "cases.json").read_text()):
        name, h, kernel = case["name"], numpy.array(case["bandwidth"]), case["kernel"]
        d = len(h)
        points, queries = (numpy.fromfile(folder / f"{name}.{what}").reshape(-1, d) for what in ("points", "queries"))
        density, log_density = numpy.fromfile(folder / case["result"]).reshape(2, -1)
        what = f"{name}, {kernel}, {h[:3]}"
        n = len(points)
        if kernel == "parzen":
            inside = [(numpy.abs(points - q) <= h / 2).all(axis=1).sum() for q in queries]
            with numpy.errstate(divide="ignore"):
                expected = numpy.log(inside) - numpy.log(n) - numpy.log(h).sum()
            compare(f"{what}: density", density, inside / (n * h.prod()), 1e-14 * density)
            compare(f"{what}: log density", log_density, expected, 1e-13 * numpy.maximum(1, abs(log_density)))
            if d == 1:  # where a cube is a ball
                model = direct_sums(n, bandwidth=h[0] / 2, kernel="tophat").fit(points)
                compare(f"{what}: scikit-learn", density, numpy.exp(model.score_samples(queries)), 1e-12 * density)
            continue
        with numpy.errstate(over="ignore"):
            exponent = numpy.array([-0.5 * (((points - q) / h) ** 2).sum(axis=1) for q in queries])
        log_volume = numpy.log(h).sum() + d / 2 * numpy.log(2 * numpy.pi)
        most = exponent.max(axis=1)
        direct = numpy.exp(exponent).sum(axis=1) / (n * (h * numpy.sqrt(2 * numpy.pi)).prod())
        # Exponents are rounded: so sums of their powers, and differences of large ones, can be no better.
        near = most > -500
        compare(f"{what}: density", density[near], direct[near], 1e-12 * direct[near])
        finite = numpy.isfinite(most)
        stable = scipy.special.logsumexp(exponent[finite], axis=1) - numpy.log(n) - log_volume
        compare(f"{what}: log density", log_density[finite], stable, 1e-12 * numpy.maximum(1, abs(stable)))
        if not (log_density[~finite] == -numpy.inf).all():
            sys.exit(f"{what}: there is something where nothing is")
        if (h == h[0]).all():
            theirs = direct_sums(n, bandwidth=h[0]).fit(points).score_samples(queries)
            finite &= numpy.isfinite(theirs)
            got, theirs = log_density[finite], theirs[finite]
            compare(f"{what}: scikit-learn", got, theirs, 1e-12 * numpy.maximum(1, abs(theirs)))

    rules = json.loads((folder / "rules.json").read_text())
    for name, d in (("line", 1), ("plane", 2), ("iris", 4)):
        points = numpy.fromfile(folder / f"{name}.points").reshape(-1, d)
        for rule in ("scott", "silverman"):
            scipys = scipy.stats.gaussian_kde(points.T, bw_method=rule)
            wanted = scipys.factor * points.std(axis=0, ddof=1)
            compare(f"{name}, {rule}", rules[f"{name} {rule}"], wanted, 1e-13 * wanted)
            if d == 1:
                queries = numpy.linspace(-3, 8, 50)
                model = direct_sums(len(points), bandwidth=rules[f"{name} {rule}"][0]).fit(points)
                found = numpy.exp(model.score_samples(queries[:, None]))
                compare(f"{name}, {rule}: scipy", found, scipys(queries), 1e-12)

    for search in json.loads((folder / "searches.json").read_text()):
        name, d, folds = search["name"], search["dimensions"], search["folds"]
        points = numpy.fromfile(folder / f"{name}.points").reshape(-1, d)
        cut = sklearn.model_selection.KFold(folds) if folds else sklearn.model_selection.LeaveOneOut()
        theirs = sklearn.model_selection.GridSearchCV(
            direct_sums(len(points)), {"bandwidth": search["candidates"]}, cv=cut
        ).fit(points)
        what = f"{name} in {folds} folds"
        if theirs.best_index_ != search["index"]:
            sys.exit(f"{what}: candidate {search['index']} instead of {theirs.best_index_}")
        wanted = theirs.cv_results_["mean_test_score"] * (folds or len(points))
        compare(f"{what}: likelihoods", search["log_likelihood"], wanted, 1e-11 * abs(wanted))


if mode == "make":
    make()
else:
    check()
    sys.exit(wrong != 0)
