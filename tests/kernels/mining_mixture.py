"""usage: mining_mixture.py make|check FOLDER: makes data sets and where mixtures begin, and compares what
mining_mixture_test has learnt with scikit-learn's GaussianMixture from the same start."""

import json
import sys
import warnings
from pathlib import Path

try:
    import numpy
    import sklearn.datasets
    import sklearn.mixture
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-sklearn")

action, folder = sys.argv[1], Path(sys.argv[2])


def data_sets():
    """name: x, covariance, components, regularisation, tolerance, iterations, start (or None: k-means)."""
    random = numpy.random.default_rng(8)

    def start(x, k, covariance):
        weights = random.uniform(1, 2, size=k)
        means = x[random.choice(len(x), k, replace=False)]
        spread = numpy.cov(x.T) + 0.1 * numpy.diag(x.var(axis=0))
        covariances = numpy.array([spread * (1 + i / 7) for i in range(k)])
        if covariance == "diagonal":
            covariances = numpy.array([numpy.diag(c) for c in covariances])
        return weights / weights.sum(), means, covariances

    sets = {}
    iris = sklearn.datasets.load_iris().data
    wine = sklearn.datasets.load_wine().data
    mixed = numpy.concatenate([random.normal(size=(n, 5)) @ random.normal(size=(5, 5)) + 3 * random.normal(size=5)
                               for n in (4001, 2000, 503)])
    far = random.normal(size=(1001, 2)) * [1, 1e-2] + [1e6, -1e4] + random.integers(0, 2, size=(1001, 1)) * [6, 0]
    for covariance in ("full", "diagonal"):
        for name, x, k, regularisation, tolerance, iterations in [
            ("iris", iris, 3, 1e-6, 1e-3, 100),
            ("iris_long", iris, 2, 0, 1e-9, 300),
            ("iris_one", iris, 1, 1e-6, 1e-3, 100),
            ("wine", wine, 3, 1e-3, 1e-4, 100),
            ("mixed", mixed, 3, 1e-6, 1e-3, 100),
            ("mixed_stopped", mixed, 7, 1e-6, 1e-12, 5),
            ("far", far, 2, 1e-9, 1e-5, 50),
        ]:
            sets[f"{name}_{covariance}"] = (x, covariance, k, regularisation, tolerance, iterations,
                                            start(x, k, covariance))
        sets[f"iris_kmeans_{covariance}"] = iris, covariance, 3, 1e-6, 1e-8, 1000, None
    return sets


wrong = 0


def check(what, got, wanted, relative, absolute=0):
    global wrong
    got, wanted = numpy.asarray(got, dtype=float), numpy.asarray(wanted, dtype=float)
    if got.shape != wanted.shape:
        print(f"{what}: {got.shape} numbers instead of {wanted.shape}")
        wrong += 1
    elif not numpy.all(abs(got - wanted) <= relative * abs(wanted) + absolute):
        worst = numpy.argmax(abs(got - wanted) - relative * abs(wanted))
        print(f"{what}: {got.flat[worst]!r} instead of {wanted.flat[worst]!r}, place {worst}")
        wrong += 1


def check_set(name, x, covariance, k, regularisation, tolerance, iterations, start):
    model = json.loads((folder / f"{name}.json").read_text())
    weights = numpy.array(model["weights"])
    means = numpy.array(model["means"]).reshape(k, -1)
    shape = (k, x.shape[1], x.shape[1]) if covariance == "full" else (k, x.shape[1])
    covariances = numpy.array(model["covariances"]).reshape(shape)
    invert = numpy.linalg.inv if covariance == "full" else numpy.reciprocal
    begin = start or (weights, means, covariances)
    # Of samples far from 0, the peer loses digits: it gets those nearer to it, which are exact.
    near = numpy.round(x.mean(axis=0)) if name.startswith("far") else 0
    x = x - near
    means = means - near
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it is stopped before it converges
        peer = sklearn.mixture.GaussianMixture(
            k, covariance_type="full" if covariance == "full" else "diag", tol=tolerance,
            reg_covar=regularisation, max_iter=iterations if start else 1, weights_init=begin[0],
            means_init=begin[1] - near, precisions_init=invert(begin[2])).fit(x)
    close = 1e-9
    scale = x.std(axis=0)
    check(f"{name}, log likelihood", model["log_likelihood"], peer.score(x), close)
    if start:
        check(f"{name}, iterations", model["iterations"], peer.n_iter_, 0)
        check(f"{name}, converged", model["converged"], peer.converged_, 0)
        check(f"{name}, weights", weights, peer.weights_, close)
        check(f"{name}, means", means / scale, peer.means_ / scale, close, close)
        outer = scale[:, None] * scale if covariance == "full" else scale**2
        check(f"{name}, covariances", covariances / outer, peer.covariances_ / outer, close, close)
    else:
        # From where it ends, the peer finds nothing better.
        check(f"{name}, the end", model["log_likelihood"], peer.lower_bound_, 1e-9)
        check(f"{name}, converged", model["converged"], 1, 0)
    labels = numpy.loadtxt(folder / f"{name}.labels")
    probabilities = numpy.loadtxt(folder / f"{name}.probabilities", ndmin=2)
    densities = numpy.loadtxt(folder / f"{name}.densities")
    aic, bic = numpy.loadtxt(folder / f"{name}.criteria")
    if start:
        check(f"{name}, probabilities", probabilities, peer.predict_proba(x), close, 100 * close)
        check(f"{name}, log densities", densities, peer.score_samples(x), close, 10 * close)
        clear = probabilities.max(axis=1) > 0.5 + 1e-6
        check(f"{name}, labels", labels[clear], peer.predict(x)[clear], 0)
        check(f"{name}, AIC", aic, peer.aic(x), close)
        check(f"{name}, BIC", bic, peer.bic(x), close)


if action == "make":
    with open(folder / "cases.txt", "w") as cases:
        for name, (x, covariance, k, regularisation, tolerance, iterations, start) in data_sets().items():
            print(name, covariance, k, regularisation, tolerance, iterations, file=cases)
            header = ",".join(f"f{j}" for j in range(x.shape[1]))
            numpy.savetxt(folder / f"{name}.csv", x, "%.17g", ",", header=header, comments="")
            if start:
                numpy.savetxt(folder / f"{name}.start", numpy.concatenate([v.ravel() for v in start]), "%.17g")
else:
    for name, entry in data_sets().items():
        check_set(name, *entry)
    sys.exit(f"{wrong} differences" if wrong else 0)
