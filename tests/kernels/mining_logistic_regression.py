"""usage: mining_logistic_regression.py make|check FOLDER: makes data sets, and compares what
mining_logistic_regression_test has learnt from them with scikit-learn, and with the minimum itself: how far the
Newton step goes from there, which numpy computes."""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # matrices are small, and its threads wait for each other
try:
    import numpy
    import sklearn.datasets
    import sklearn.linear_model
    import sklearn.preprocessing
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-sklearn")

action, folder = sys.argv[1], Path(sys.argv[2])


def data_sets():
    """name: x, labels, ridge, whether scikit-learn comes to the minimum."""
    random = numpy.random.default_rng(5)
    standard = sklearn.preprocessing.scale
    sets = {}
    x, y = sklearn.datasets.load_iris(return_X_y=True)
    sets["iris"] = x, y, 1, True
    sets["iris_loose"] = x, y, 1e-3, False
    sets["iris_two"] = x[50:], y[50:], 0.1, True
    x, y = sklearn.datasets.load_wine(return_X_y=True)
    sets["wine"] = standard(x), y, 1, True
    sets["wine_raw"] = x, y, 1, False
    x, y = sklearn.datasets.load_breast_cancer(return_X_y=True)
    sets["cancer"] = standard(x), y, 2, True
    sets["cancer_raw"] = x, y, 0.01, False
    x, y = sklearn.datasets.load_digits(return_X_y=True)
    sets["digits"] = x[::4] / 16, y[::4], 1, True
    x = random.normal(size=(20_011, 4)) + [0, 1, 0, 100]
    noise = random.logistic(size=len(x))
    sets["no_penalty"] = x, (x @ [1, -2, 0.5, 0] + 2 + noise > 0).astype(int), 0, False
    x = random.normal(size=(999, 3))
    y = numpy.argmax(x @ random.normal(size=(3, 4)) + random.gumbel(size=(999, 4)), axis=1)
    sets["dependent"] = x[:, [0, 1, 0, 2]], y, 0, True
    x = random.normal(size=(150, 560))
    sets["many_coefficients"] = x, random.integers(0, 3, size=150), 1, True
    sets["more_features_than_samples"] = x[:20], numpy.arange(20) % 2, 0.5, True
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


def newton_step(x, y, ridge, w, b):
    """How far the minimum is, by second derivatives: of coefficients, and of intercepts. Where these are many, no
    farther than this, by the penalty's alone."""
    a = numpy.column_stack([x, numpy.ones(len(x))])
    all_w = numpy.column_stack([w, b])
    m, columns = all_w.shape
    z = a @ all_w.T
    if m == 1:
        p = 1 / (1 + numpy.exp(-z))
        is_it = y[:, None] == 1
    else:
        p = numpy.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        is_it = y[:, None] == numpy.arange(m)
    penalty = ridge * numpy.append(numpy.ones(columns - 1), 0)
    gradient = (p - is_it).T @ a + penalty * all_w
    if m * columns > 1500:
        return numpy.full(all_w.shape, numpy.linalg.norm(gradient) / ridge)
    h = numpy.zeros((m, columns, m, columns))
    for k in range(m):
        for l in range(m):
            weight = p[:, k] * ((k == l) - p[:, l])
            h[k, :, l, :] = a.T @ (weight[:, None] * a)
        h[k, :, k, :] += numpy.diag(penalty)
    # Columns of equal length, or small numbers would be lost.
    length = numpy.linalg.norm(a, axis=0)
    length = numpy.tile(numpy.where(length > 0, length, 1), m)
    h = h.reshape(m * columns, m * columns) / length / length[:, None]
    step = numpy.linalg.lstsq(h, gradient.ravel() / length, rcond=1e-13)[0] / length
    return step.reshape(m, columns)


def check_set(name, x, y, ridge, converges):
    model = json.loads((folder / f"{name}.json").read_text())
    labels = numpy.loadtxt(folder / f"{name}.labels")
    probabilities = numpy.loadtxt(folder / f"{name}.probabilities", ndmin=2)
    b = numpy.array(model["intercepts"])
    w = numpy.array(model["coefficients"]).reshape(len(b), x.shape[1])
    step = newton_step(x, y - y.min(), ridge, w, b)
    # What is said of coefficients of features of small and large numbers is of what they do.
    size = abs(x).max(axis=0)
    tolerance = 1e-6 if name == "many_coefficients" else 1e-10
    check(f"{name}, the way to the minimum", step[:, :-1] * size, 0 * w, 0, tolerance * abs(w * size).max())
    if len(b) > 1:
        check(f"{name}, sums of classes", w.sum(axis=0) * size, numpy.zeros(x.shape[1]), 0, 1e-11 * abs(w * size).max())
    if converges:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer = sklearn.linear_model.LogisticRegression(
                C=1 / ridge if ridge else 1, penalty="l2" if ridge else None, tol=1e-9, max_iter=10_000,
                solver="newton-cg").fit(x, y)
        check(f"{name}, coefficients", w, peer.coef_, 1e-6, 1e-6)
        check(f"{name}, intercepts", b - b.mean() * (len(b) > 1),
              peer.intercept_ - peer.intercept_.mean() * (len(b) > 1), 1e-6, 2e-6)
        check(f"{name}, probabilities", probabilities, peer.predict_proba(x), 0, 1e-6)
        check(f"{name}, labels", labels, peer.predict(x) - y.min(), 0)
    peer = sklearn.linear_model.LogisticRegression()
    peer.coef_, peer.intercept_, peer.classes_ = w, b, numpy.unique(y)
    check(f"{name}, probabilities of the model", probabilities, peer.predict_proba(x), 1e-9, 1e-12)
    own = probabilities[numpy.arange(len(y)), y - y.min()]
    check(f"{name}, log loss", model["log_loss"], -numpy.log(own).mean(), 1e-9, 1e-12)


if action == "make":
    with open(folder / "cases.txt", "w") as cases:
        for name, (x, y, ridge, _) in data_sets().items():
            print(name, ridge, file=cases)
            header = ",".join([f"f{j}" for j in range(x.shape[1])] + ["kind"])
            with open(folder / f"{name}.csv", "w") as file:
                print(header, file=file)
                for row, label in zip(x.tolist(), y):
                    print(",".join(map(repr, row)) + f",is{label}", file=file)
else:
    for name, entry in data_sets().items():
        check_set(name, *entry)
    sys.exit(f"{wrong} differences" if wrong else 0)
