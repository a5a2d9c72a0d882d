"""What numpy and pandas make of the same columns (see mining_expression_test.cpp): a folder has the columns
as raw numbers, NAME.TYPE, and what is missing as NAME.nulls; in `expressions`, each line is a number, the type of
a result, and the expression; results are raw, too."""

import pathlib
import sys
import warnings

import numpy as np
import pandas as pd

np.seterr(all="ignore")
warnings.filterwarnings("ignore", category=RuntimeWarning)
folder = pathlib.Path(sys.argv[1])
TYPES = {"int": np.int64, "float": np.float64, "bool": np.uint8, "date": np.int64, "datetime": np.int64}


def read(name, type_):
    return np.fromfile(folder / f"{name}.{type_}", TYPES[type_])


def column(name, type_):
    values = read(name, type_)
    nulls = np.fromfile(folder / f"{name}.nulls", np.uint8).astype(bool)
    if type_ == "int":
        return pd.Series(pd.array(values, "Int64")).mask(nulls)
    if type_ == "date":
        return pd.Series(values.astype("datetime64[D]").astype("datetime64[ns]"))
    if type_ == "datetime":
        return pd.Series(values.astype("datetime64[us]").astype("datetime64[ns]"))
    return pd.Series(values)


i, j, ni = column("i", "int"), column("j", "int"), column("ni", "int")
f, g = column("f", "float"), column("g", "float")
d, t = column("d", "date"), column("t", "datetime")
s = pd.Series((folder / "s.string").read_text().split("\n")[:-1])
real = i.astype("float64")

# Of each expression of the test, what these libraries call it, and how far the last digits may be apart.
PEERS = {
    "i + j": (i + j, 0),
    "i - j * 3": (i - j * 3, 0),
    "-i": (-i, 0),
    "abs(i)": (i.abs(), 0),
    "i // j": (np.where(j == 0, 0, i // j.where(j != 0, 1)), 0),
    "i % j": (np.where(j == 0, 0, i % j.where(j != 0, 1)), 0),
    "i / j": (real / j.astype("float64"), 0),
    "ni + i": (ni + i, 0),
    "ni > i": (ni > i, 0),
    "ni > 0 and i > 0": ((ni > 0).astype("boolean") & (i > 0).astype("boolean"), 0),
    "ni > 0 or i > 0": ((ni > 0).astype("boolean") | (i > 0).astype("boolean"), 0),
    "not (ni > 0)": (~(ni > 0).astype("boolean"), 0),
    "coalesce(ni, 7)": (ni.fillna(7), 0),
    "ni is null": (ni.isna(), 0),
    "f + g * 2": (f + g * 2, 0),
    "f - i": (f - real, 0),
    "f / g": (f / g, 0),
    "f // g": (np.floor_divide(f.to_numpy(), g.to_numpy()), 0),
    "f % g": (np.mod(f.to_numpy(), g.to_numpy()), 0),
    "f > g": (f > g, 0),
    "f <= 0.25": (f <= 0.25, 0),
    "f != g": (f != g, 0),
    "f = f": (f == f, 0),
    "is_nan(f)": (f.isna(), 0),
    "floor(f)": (np.floor(f), 0),
    "ceil(f)": (np.ceil(f), 0),
    "round(f)": (np.round(f), 0),
    "round(f, 2)": (np.round(f, 2), 0),
    "bin(i, 5)": (i // 5 * 5, 0),
    "bin(f, 0.5)": (np.floor(f / 0.5) * 0.5, 0),
    "bin(d, 'month')": (d.dt.to_period("M").dt.start_time, 0),
    "bin(d, 'week')": (d.dt.to_period("W-SUN").dt.start_time, 0),
    "bin(t, 'quarter')": (t.dt.to_period("Q").dt.start_time, 0),
    "bin(t, '6 hours')": (t.dt.floor("6h"), 0),
    "is_finite(f)": (np.isfinite(f), 0),
    "round(f, -1)": (np.round(f, -1), 0),
    "sign(f)": (np.sign(f), 0),
    "sqrt(f)": (np.sqrt(f), 0),
    "exp(g)": (np.exp(g), 1e-15),
    "ln(f)": (np.log(f), 1e-15),
    "log10(f)": (np.log10(f), 1e-15),
    "log2(f)": (np.log2(f), 1e-15),
    "pow(f, 3)": (np.power(f, 3.0), 1e-15),
    "sin(f)": (np.sin(f), 1e-14),
    "least(f, g)": (np.minimum(f, g), 0),
    "greatest(f, g)": (np.maximum(f, g), 0),
    "if(f > g, i, j)": (i.where(f > g, j), 0),
    "i between -10 and 10": (i.between(-10, 10), 0),
    "i in (1, 2, 3, 5)": (i.isin([1, 2, 3, 5]), 0),
    "year(d) * 10000 + month(d) * 100 + day(d)": (d.dt.year * 10000 + d.dt.month * 100 + d.dt.day, 0),
    "weekday(d)": (d.dt.weekday + 1, 0),
    "year(t)": (t.dt.year, 0),
    "hour(t) * 10000 + minute(t) * 100 + second(t)": (t.dt.hour * 10000 + t.dt.minute * 100 + t.dt.second, 0),
    "d < '2000-01-01'": (d < "2000-01-01", 0),
    "t >= d": (t >= d, 0),
    "length(s)": (s.str.len(), 0),
    "length(upper(s) || lower(s))": (s.str.len() * 2, 0),
    "s like '%a%b%'": (s.str.match("(?s).*a.*b"), 0),
    "s like '_b%'": (s.str.match("(?s).b"), 0),
    "contains(s, 'ü')": (s.str.contains("ü", regex=False), 0),
    "s > 'b'": (s.map(lambda x: x.encode()) > b"b", 0),
    "length(replace(s, 'a', 'xyz'))": (s.str.replace("a", "xyz", regex=False).str.len(), 0),
    "substr(s, 2, 3) = 'abü'": (s.str[1:4] == "abü", 0),
}

bad = 0
seen = set()
for line in (folder / "expressions").read_text().splitlines():
    number, type_, expression = line.split("\t")
    seen.add(expression)
    got = column(number, type_)
    got_null = np.fromfile(folder / f"{number}.nulls", np.uint8).astype(bool)
    expected, tolerance = PEERS[expression]
    expected = pd.Series(expected)
    null = np.zeros(len(expected), bool)
    if str(expected.dtype) in ("Int64", "boolean"):
        null = expected.isna().to_numpy()
        expected = expected.fillna(False if str(expected.dtype) == "boolean" else 0)
    if "i // j" == expression or "i % j" == expression:
        null = (j == 0).to_numpy(dtype=bool)
    if type_ == "date":
        expected = expected.to_numpy().astype("datetime64[D]").astype(np.int64)
    elif type_ == "datetime":
        expected = expected.to_numpy().astype("datetime64[us]").astype(np.int64)
    expected = pd.Series(expected)
    a, b = read(number, type_)[~null], expected.to_numpy(dtype=np.float64 if type_ == "float" else np.int64)[~null]
    same = np.array_equal(got_null, null)
    if type_ == "float" and tolerance:
        same = same and np.allclose(a, b, rtol=tolerance, atol=0, equal_nan=True)
    else:
        same = same and np.array_equal(a, b, equal_nan=type_ == "float")
    if not same:
        where = np.flatnonzero(~((a == b) | ((a != a) & (b != b))))[:3]
        print(f"{expression}: {len(where)} or more differ: {a[where]} instead of {b[where]};", int((got_null != null).sum()), "nulls")
        bad += 1
if seen != set(PEERS):
    print("not computed:", set(PEERS) - seen)
    bad += 1
sys.exit(bad != 0)
