"""usage: mining_linear_regression.py make|check FOLDER: makes data sets, and compares what
mining_linear_regression_test has learnt from them with numpy's lstsq, scikit-learn's Ridge, scipy's t, and,
where there are few numbers, with the solution without any rounding."""

import json
import sys
from fractions import Fraction
from pathlib import Path

try:
    import numpy
    import scipy.stats
    import sklearn.datasets
    import sklearn.linear_model
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy, python3-scipy and python3-sklearn")

action, folder = sys.argv[1], Path(sys.argv[2])

# J. Longley, An appraisal of least squares programs for the electronic computer from the point of view of the
# user, JASA 62, 1967; as in NIST's Statistical Reference Datasets (public domain), with the certified values.
longley = numpy.array([
    [83.0, 234289, 2356, 1590, 107608, 1947, 60323],
    [88.5, 259426, 2325, 1456, 108632, 1948, 61122],
    [88.2, 258054, 3682, 1616, 109773, 1949, 60171],
    [89.5, 284599, 3351, 1650, 110929, 1950, 61187],
    [96.2, 328975, 2099, 3099, 112075, 1951, 63221],
    [98.1, 346999, 1932, 3594, 113270, 1952, 63639],
    [99.0, 365385, 1870, 3547, 115094, 1953, 64989],
    [100.0, 363112, 3578, 3350, 116219, 1954, 63761],
    [101.2, 397469, 2904, 3048, 117388, 1955, 66019],
    [104.6, 419180, 2822, 2857, 118734, 1956, 67857],
    [108.4, 442769, 2936, 2798, 120445, 1957, 68169],
    [110.8, 444546, 4681, 2637, 121950, 1958, 66513],
    [112.6, 482704, 3813, 2552, 123366, 1959, 68655],
    [114.2, 502601, 3931, 2514, 125368, 1960, 69564],
    [115.7, 518173, 4806, 2572, 127852, 1961, 69331],
    [116.9, 554894, 4007, 2827, 130081, 1962, 70551],
])
longley_certified = {
    "coefficients": [-3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683,
                     -1.03322686717359, -0.511041056535807e-01, 1829.15146461355],
    "errors": [890420.383607373, 84.9149257747669, 0.334910077722432e-01, 0.488399681651699,
               0.214274163161675, 0.226073200069370, 455.478499142212],
    "residual_error": 304.854073561965,
    "r_squared": 0.995479004577296,
}


def data_sets():
    """name: x, y, ridge, whether the data are few enough to be solved without rounding."""
    random = numpy.random.default_rng(3)
    sets = {}
    x, y = sklearn.datasets.load_diabetes(return_X_y=True, scaled=False)
    sets["diabetes"] = x, y, 0, True
    sets["diabetes_ridge"] = x, y, 3.5, True
    x, y = sklearn.datasets.load_diabetes(return_X_y=True)
    sets["diabetes_scaled_ridge"] = x, y, 0.01, True
    sets["longley"] = longley[:, :-1], longley[:, -1], 0, True
    # NIST's Wampler1 and Wampler2: polynomials of degree 5, with no residuals.
    at = numpy.arange(21.0)
    powers = numpy.column_stack([at**k for k in range(1, 6)])
    sets["wampler1"] = powers, 1 + powers.sum(axis=1), 0, True
    sets["wampler2"] = powers, 1 + (powers * 0.1 ** numpy.arange(1, 6)).sum(axis=1), 0, True
    # Columns that are nearly the same, and far from 0.
    base = random.normal(size=101)
    x = numpy.column_stack([base + 1e6, base + 1e-6 * random.normal(size=101), random.normal(size=101)])
    sets["nearly_the_same"] = x, x @ [1, 2, 3] + random.normal(size=101), 0, True
    sets["as_many_as_unknowns"] = random.normal(size=(5, 4)), random.normal(size=5), 0, True
    x = random.normal(size=(4, 9))
    sets["more_features_than_samples"] = x, random.normal(size=4), 0, False
    sets["more_features_ridge"] = x, random.normal(size=4), 0.5, True
    x = random.integers(0, 3, size=(300, 1))
    x = numpy.column_stack([x == 0, x == 1, x == 2, random.normal(size=300)]).astype(float)
    sets["one_hot"] = x, x @ [1, 2, 3, 4] + random.normal(size=300), 0, False
    x = random.normal(size=(50_001, 13)) * 10.0 ** numpy.arange(-6, 7) + 5
    sets["many"] = x, x @ random.normal(size=13) + 1e3 * random.normal(size=50_001), 0, False
    sets["many_ridge"] = sets["many"][:2] + (100, False)
    x = random.normal(size=(2000, 150))
    sets["wide"] = x, x @ random.normal(size=150) + random.normal(size=2000), 0, False
    return sets


def exactly(x, y, ridge):
    """Coefficients, the intercept first, without any rounding: Gauss-Jordan of the normal equations."""
    rows = [[Fraction(1)] + [Fraction(v) for v in row] for row in x.tolist()]
    y = [Fraction(v) for v in y.tolist()]
    n = len(rows[0])
    a = [[sum(r[i] * r[j] for r in rows) for j in range(n)] + [sum(r[i] * v for r, v in zip(rows, y))]
         for i in range(n)]
    for i in range(1, n):
        a[i][i] += Fraction(ridge)
    for i in range(n):
        pivot = a[i][i]
        a[i] = [v / pivot for v in a[i]]
        for k in range(n):
            if k != i:
                factor = a[k][i]
                a[k] = [v - factor * w for v, w in zip(a[k], a[i])]
    found = [a[i][n] for i in range(n)]
    squares = sum((v - sum(c * w for c, w in zip(found, r)))**2 for r, v in zip(rows, y))
    return numpy.array([float(v) for v in found]), float(squares)


wrong = 0


def check(what, got, wanted, relative, absolute=0):
    global wrong
    got, wanted = numpy.asarray(got, dtype=float), numpy.asarray(wanted, dtype=float)
    if got.shape != wanted.shape:
        print(f"{what}: {got.shape} numbers instead of {wanted.shape}")
        wrong += 1
    elif got.size and not numpy.all(abs(got - wanted) <= relative * abs(wanted) + absolute):
        worst = numpy.argmax(abs(got - wanted) - relative * abs(wanted))
        print(f"{what}: {got.flat[worst]!r} instead of {wanted.flat[worst]!r}, place {worst}")
        wrong += 1


def check_set(name, x, y, ridge, few):
    model = json.loads((folder / f"{name}.json").read_text())
    predicted = numpy.loadtxt(folder / f"{name}.predicted", ndmin=1)
    p = numpy.loadtxt(folder / f"{name}.p", ndmin=1) if model["standard_errors"] else []
    got = [model["intercept"]] + model["coefficients"]
    n, d = x.shape
    mean = x.mean(axis=0)
    if ridge == 0:
        # Columns of equal length: else numpy would take those of small numbers for zeros.
        length = numpy.linalg.norm(x - mean, axis=0)
        if model["dependent"]:
            length = numpy.ones(d)
        found = numpy.linalg.lstsq((x - mean) / length, y - y.mean(), rcond=None)[0] / length
        peer = numpy.concatenate([[y.mean() - mean @ found], found])
    else:
        learnt = sklearn.linear_model.Ridge(alpha=ridge, solver="svd").fit(x, y)
        peer = numpy.concatenate([[learnt.intercept_], learnt.coef_])
    size = abs(peer[1:]) @ abs(x).max(axis=0) + abs(y).max()  # of the terms of predictions
    if name == "nearly_the_same":
        check(f"{name}, coefficients", got[1:], peer[1:], 1e-6)
    else:
        check(f"{name}, coefficients", got[1:], peer[1:], 1e-9, 1e-9 * abs(peer[1:]).max() if not few else 0)
        check(f"{name}, intercept", got[0], peer[0], 1e-9, 1e-12 * size)
    if not name.startswith("wampler"):
        check(f"{name}, predictions", predicted, peer[0] + x @ peer[1:], 1e-9, 1e-11 * size)
    if few:
        exact, squares = exactly(x, y, ridge)
        check(f"{name}, coefficients without rounding", got, exact, 2e-14,
              1e-16 * size if "wampler" in name else 0)
        total = ((y - y.mean())**2).sum()
        check(f"{name}, r_squared", model["r_squared"], 1 - squares / total, 1e-12)
        if n > d + 1:
            check(f"{name}, residual error", model["residual_error"], (squares / (n - d - 1))**0.5, 1e-10, 1e-9)
    if model["standard_errors"]:
        a = numpy.column_stack([numpy.ones(n), x - mean])
        residual = y - predicted
        s = numpy.sqrt(residual @ residual / (n - d - 1))
        length = numpy.linalg.norm(a, axis=0)
        inverse = numpy.linalg.pinv(a / length) / length[:, None]
        errors = s * numpy.linalg.norm(inverse, axis=1)
        if not name.startswith("wampler"):
            check(f"{name}, standard errors", model["standard_errors"][1:], errors[1:], 1e-7)
            t = numpy.array(got) / model["standard_errors"]
            check(f"{name}, p", p, 2 * scipy.stats.t.sf(abs(t), n - d - 1), 1e-11)
    if name == "longley":
        check("longley, NIST", got, longley_certified["coefficients"], 1e-14)
        check("longley, NIST's errors", model["standard_errors"], longley_certified["errors"], 1e-12)
        check("longley, NIST's residual", model["residual_error"], longley_certified["residual_error"], 1e-13)
        check("longley, NIST's R^2", model["r_squared"], longley_certified["r_squared"], 1e-14)


if action == "make":
    with open(folder / "cases.txt", "w") as cases:
        for name, (x, y, ridge, _) in data_sets().items():
            print(name, ridge, file=cases)
            header = ",".join([f"f{j}" for j in range(x.shape[1])] + ["y"])
            numpy.savetxt(folder / f"{name}.csv", numpy.column_stack([x, y]), "%.17g", ",", header=header,
                          comments="")
else:
    for name, (x, y, ridge, few) in data_sets().items():
        check_set(name, x, y, ridge, few)
    sys.exit(f"{wrong} differences" if wrong else 0)
