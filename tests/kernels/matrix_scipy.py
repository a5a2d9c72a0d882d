"""usage: matrix_scipy.py FOLDER: compares what matrix_scipy_test has written there with numpy and scipy."""

import sys
from pathlib import Path

try:
    import numpy
    from scipy.spatial.distance import cdist
    from scipy.special import log_softmax, softmax
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-scipy")

folder = Path(sys.argv[1])
x = numpy.fromfile(folder / "x").reshape(203, 65)
# What is expected, and the relative and absolute error that are allowed.
expected = {
    "sum": (x.sum(axis=1), 1e-15, 0),
    "max": (x.max(axis=0), 0, 0),
    "stddev": (x.std(axis=0, ddof=1), 1e-14, 0),
    "norm": (numpy.linalg.norm(x, 1, axis=1), 1e-15, 0),
    "softmax": (softmax(x, axis=0), 1e-14, 0),
    "log_softmax": (log_softmax(x, axis=1), 1e-14, 0),
    "cumulative_sum": (x.cumsum(axis=0), 1e-14, 0),
    "covariance": (numpy.cov(x, rowvar=False), 1e-13, 1e-13),
    "correlation": (numpy.corrcoef(x, rowvar=False), 1e-13, 1e-13),
    "cosine": (cdist(x, x, "cosine"), 0, 1e-15),
}
for metric in ("euclidean", "sqeuclidean", "cityblock", "chebyshev"):
    expected[metric] = (cdist(x, x, metric), 1e-14, 0)
wrong = 0
for name, (wanted, relative, absolute) in expected.items():
    got = numpy.fromfile(folder / name).reshape(wanted.shape)
    error = abs(got - wanted) - relative * abs(wanted) - absolute
    if not (error <= 0).all():
        print(f"{name}: off by up to {abs(got - wanted).max()}, {error.max()} too much")
        wrong += 1
sys.exit(wrong)
