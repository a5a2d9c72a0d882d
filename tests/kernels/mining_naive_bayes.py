"""usage: mining_naive_bayes.py make|check FOLDER: makes data sets, and compares what mining_naive_bayes_test has
learnt from them with scikit-learn's GaussianNB, and with means and variances without any rounding."""

import json
import sys
from fractions import Fraction
from pathlib import Path

try:
    import numpy
    import sklearn.datasets
    import sklearn.naive_bayes
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-sklearn")

action, folder = sys.argv[1], Path(sys.argv[2])


def data_sets():
    """name: x, labels, smoothing, priors."""
    random = numpy.random.default_rng(6)
    sets = {}
    for name in ("iris", "wine", "breast_cancer", "digits"):
        x, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
        sets[name] = x, y, 1e-9, []
    x, y = sets["iris"][:2]
    sets["iris_priors"] = x, y, 1e-3, [0.25, 0.25, 0.5]
    # Far from 0, where the usual formulas lose all digits.
    y = random.integers(0, 4, size=3001)
    sets["far"] = 1e9 + y[:, None] * 0.5 + random.normal(size=(3001, 3)), y, 1e-12, []
    sets["one_sample_a_class"] = random.normal(size=(5, 2)), numpy.arange(5), 1e-9, []
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


def exact_moments(values):
    exact = [Fraction(v) for v in values.tolist()]
    mean = sum(exact) / len(exact)
    return mean, sum((v - mean)**2 for v in exact) / len(exact)


def check_set(name, x, y, smoothing, priors):
    model = json.loads((folder / f"{name}.json").read_text())
    labels = numpy.loadtxt(folder / f"{name}.labels")
    probabilities = numpy.loadtxt(folder / f"{name}.probabilities", ndmin=2)
    peer = sklearn.naive_bayes.GaussianNB(priors=priors or None, var_smoothing=smoothing).fit(x, y)
    means = numpy.array(model["means"]).reshape(peer.theta_.shape)
    variances = numpy.array(model["variances"]).reshape(peer.var_.shape)
    far = name == "far"  # where it is the peer that rounds
    check(f"{name}, priors", model["priors"], peer.class_prior_, 1e-15)
    check(f"{name}, counts", model["counts"], peer.class_count_, 0)
    check(f"{name}, means", means, peer.theta_, 1e-13, 1e-13)
    check(f"{name}, variances", variances, peer.var_, 1e-6 if far else 1e-11)
    largest = max(exact_moments(x[:, j])[1] for j in range(x.shape[1]))
    check(f"{name}, smoothing", model["smoothed"], float(Fraction(smoothing) * largest), 4e-16)
    for k in range(len(means)):
        for j in range(x.shape[1]):
            mean, variance = exact_moments(x[y == k, j])
            check(f"{name}, mean", means[k, j], float(mean), 0)
            check(f"{name}, variance", variances[k, j], float(variance + Fraction(model["smoothed"])), 3e-16)
    peer.var_ = variances
    peer.theta_ = means
    # Densities are exponentials: of large exponents, the last digits become the first ones.
    check(f"{name}, probabilities", probabilities, peer.predict_proba(x), 1e-9, 1e-10)
    check(f"{name}, sums", probabilities.sum(axis=1), numpy.ones(len(x)), 1e-14)
    ties = numpy.sort(probabilities, axis=1)
    clear = ties[:, -1] - ties[:, -2] > 1e-9
    check(f"{name}, labels", labels[clear], peer.predict(x)[clear], 0)


if action == "make":
    with open(folder / "cases.txt", "w") as cases:
        for name, (x, y, smoothing, priors) in data_sets().items():
            print(name, smoothing, *priors, file=cases)
            with open(folder / f"{name}.csv", "w") as file:
                print(",".join([f"f{j}" for j in range(x.shape[1])] + ["kind"]), file=file)
                for row, label in zip(x.tolist(), y):
                    print(",".join(map(repr, row)) + f",{label}", file=file)
else:
    for name, entry in data_sets().items():
        check_set(name, *entry)
    sys.exit(f"{wrong} differences" if wrong else 0)
