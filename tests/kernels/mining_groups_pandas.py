"""usage: mining_groups_pandas.py FOLDER: compares what mining_groups_pandas_test has written there with pandas
and numpy, and sums, means and variances with what they are without any rounding."""

import math
import sys
from fractions import Fraction
from pathlib import Path

try:
    import numpy
    import pandas
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy and python3-pandas")

folder = Path(sys.argv[1])

# What comes after all other keys in their order stands for missing ones.
last = {"k": 10**6, "s": "~"}
rows = pandas.read_csv(folder / "rows.csv", float_precision="round_trip", dtype={"n": "Int64", "k": "Int64"})
rows = rows.fillna(last)
columns = ("n", "x", "y")
kinds = ("count", "sum", "mean", "min", "max", "var", "median", "p95", "distinct", "first")
names = ["k", "s"] + [f"{kind}({c})" for c in columns for kind in kinds] + ["corr(x, y)"]
groups = pandas.read_csv(folder / "groups.csv", names=names, float_precision="round_trip", dtype={"k": "Int64"})
groups = groups.fillna(last)
expected = rows.groupby(["k", "s"], sort=True)
wrong = 0


def check(key, name, got, wanted, ulps):
    """Whether got lies within some units in the last place of wanted."""
    global wrong
    if pandas.isna(got) and pandas.isna(wanted):
        return
    if not abs(Fraction(got) - Fraction(wanted)) <= ulps * Fraction(math.ulp(float(wanted))):
        print(f"{key}: {name} is {got!r} instead of {float(wanted)!r}")
        wrong += 1


if len(groups) != len(expected):
    sys.exit(f"{len(groups)} groups instead of {len(expected)}")
for (key, its), (_, got) in zip(expected, groups.iterrows()):
    if key != (got["k"], got["s"]):
        sys.exit(f"a group {got['k'], got['s']} instead of {key}")
    for c in columns:
        values = its[c].dropna()
        n = len(values)
        exact = [Fraction(v) if c != "n" else Fraction(int(v)) for v in values]
        check(key, f"count({c})", got[f"count({c})"], n, 0)
        check(key, f"distinct({c})", got[f"distinct({c})"], values.nunique(), 0)
        if n == 0:
            continue
        mean = sum(exact) / n
        check(key, f"sum({c})", got[f"sum({c})"], sum(exact), 0.5)
        check(key, f"mean({c})", got[f"mean({c})"], mean, 0.501)
        check(key, f"min({c})", got[f"min({c})"], values.min(), 0)
        check(key, f"max({c})", got[f"max({c})"], values.max(), 0)
        check(key, f"first({c})", got[f"first({c})"], values.iloc[0], 0)
        floats = values.to_numpy(dtype=float)
        check(key, f"median({c})", got[f"median({c})"], numpy.quantile(floats, 0.5), 0)
        check(key, f"p95({c})", got[f"p95({c})"], numpy.quantile(floats, 0.95), 0)
        if n > 1:
            variance = sum((v - mean) ** 2 for v in exact) / (n - 1)
            check(key, f"var({c})", got[f"var({c})"], variance, 2)
    check(key, "corr(x, y)", got["corr(x, y)"], its["x"].corr(its["y"]), 1e9)
sys.exit(wrong != 0)
