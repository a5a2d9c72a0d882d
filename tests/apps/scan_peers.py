# Questions to tables, beside pandas: real data sets, and what is hard. Arguments: the command, a folder to
# work in, and whether the command reads .npy and HDF5.
import gzip
import io
import json
import math
import subprocess
import sys

try:
    import numpy as np
    import pandas as pd
    import sklearn.datasets
except ImportError as error:
    sys.exit(f"{error}; on Debian: apt install python3-numpy python3-pandas python3-sklearn")

tine, folder, has_matrix = sys.argv[1], sys.argv[2], sys.argv[3] == "1"
if has_matrix:
    try:
        import h5py
    except ImportError as error:
        sys.exit(f"{error}; on Debian: apt install python3-h5py")
failures = 0


def path(name):
    return f"{folder}/{name}"


def fail(text):
    global failures
    failures += 1
    print(text)


def scan(*arguments, status=0, stdin=None):
    done = subprocess.run([tine, "scan", *arguments], cwd=folder, capture_output=True, timeout=200, input=stdin)
    if done.returncode != status:
        sys.exit(f"tine scan {arguments}: status {done.returncode}\n{done.stdout[:300]}\n{done.stderr.decode()}")
    return done.stdout


def write(name, frame, **how):
    frame.to_csv(path(name), index=False, **how)


def rows(*arguments):
    return json.loads(scan(*arguments, "--json"))


def same(a, b):
    if a is None or b is None:
        return a is b
    if isinstance(a, (int, float)) and not isinstance(a, bool):
        return a == b or abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    return a == b


def check(what, got, frame):
    """`got` is what the command says as JSON, `frame` what pandas says, with the same columns."""
    expected = json.loads(frame.to_json(orient="records", double_precision=15))
    # to_json() rounds: take floats from the frame itself.
    for i, row in enumerate(expected):
        for name in row:
            value = frame[name].iloc[i]
            if isinstance(value, (float, np.floating)):
                row[name] = None if math.isnan(value) else float(value)
    if len(got) != len(expected):
        return fail(f"{what}: {len(got)} rows instead of {len(expected)}")
    for i, (g, e) in enumerate(zip(got, expected)):
        if list(g) != list(e):
            return fail(f"{what}: columns {list(g)} instead of {list(e)}")
        for name in g:
            if not same(g[name], e[name]):
                return fail(f"{what}: row {i}, {name}: {g[name]!r} instead of {e[name]!r}")


def identifiers(frame):
    frame.columns = [str(c).replace("(cm)", "").strip().replace(" ", "_").replace("/", "_") for c in frame.columns]
    return frame


# Real data.
sets = {}
for name, load in ("iris", sklearn.datasets.load_iris), ("digits", sklearn.datasets.load_digits), \
        ("wine", sklearn.datasets.load_wine), ("cancer", sklearn.datasets.load_breast_cancer):
    data = load(as_frame=True)
    frame = identifiers(data.frame.copy())
    if name != "digits":
        frame["name"] = [str(data.target_names[t]) for t in data.target]
    sets[name] = frame
    write(f"{name}.csv", frame)

for name, frame in sets.items():
    # All of it comes back, and a second time with the same bytes.
    text = scan(f"{name}.csv")
    back = pd.read_csv(io.BytesIO(text))
    pd.testing.assert_frame_equal(back, pd.read_csv(path(f"{name}.csv")), check_dtype=False, check_exact=True)
    if scan("-", stdin=text) != text:
        fail(f"{name}: a second time it is something else")
    numbers = [c for c in frame.columns if c not in ("target", "name")][:8]
    aggregates = ["count"]
    expected = {"count": frame.groupby("target").size()}
    for c in numbers:
        g = frame.groupby("target")[c]
        for f, value in ("sum", g.sum()), ("mean", g.mean()), ("min", g.min()), ("max", g.max()), \
                ("stddev", g.std()), ("var", g.var()), ("median", g.median()), ("p90", g.quantile(0.9)), \
                ("distinct", g.nunique()), ("first", g.first()), ("last", g.last()):
            aggregates.append(f"{f}({c}) as {f}_{c}")
            expected[f"{f}_{c}"] = value
    expected = pd.DataFrame(expected).reset_index()
    got = rows(f"{name}.csv", "--group-by", "target", "--agg", ", ".join(aggregates))
    check(f"{name} by target", got, expected)

iris = sets["iris"]
check("where", rows("iris.csv", "--where", "sepal_length > 5.5 and name = 'virginica' or petal_width between 1.2 and 1.4"),
      iris[(iris.sepal_length > 5.5) & (iris.name == "virginica") | iris.petal_width.between(1.2, 1.4)])
check("not, in, like", rows("iris.csv", "--where", "not (target in (0, 2)) and name like 'vers%'"),
      iris[~iris.target.isin([0, 2]) & iris.name.str.startswith("vers")])
check("select", rows("iris.csv", "--select", "sepal_length * 2 - petal_width as x, name", "--limit", "70"),
      pd.DataFrame({"x": iris.sepal_length * 2 - iris.petal_width, "name": iris.name}).head(70))
check("order", rows("iris.csv", "--select", "petal_length, sepal_width", "--order-by", "-petal_length, sepal_width", "--limit", "9"),
      iris[["petal_length", "sepal_width"]].sort_values(["petal_length", "sepal_width"], ascending=[False, True], kind="stable").head(9))
check("corr", rows("iris.csv", "--group-by", "name", "--agg", "corr(sepal_length, petal_length) as r"),
      pd.DataFrame({"name": sorted(set(iris.name)),
                    "r": [g.sepal_length.corr(g.petal_length) for _, g in iris.groupby("name")]}))
check("all rows at once", rows("iris.csv", "--agg", "count, mean(petal_length) as m, distinct(name) as d"),
      pd.DataFrame({"count": [150], "m": [iris.petal_length.mean()], "d": [3]}))
check("nothing is selected", rows("iris.csv", "--where", "target > 9"), iris.head(0))
check("groups of an expression", rows("iris.csv", "--group-by", "target % 2 as odd", "--agg", "count"),
      pd.DataFrame({"odd": [0, 1], "count": [100, 50]}))
wine = sets["wine"]
check("order of groups", rows("wine.csv", "--group-by", "name", "--agg", "count, mean(alcohol) as m", "--order-by", "-m", "--limit", "2"),
      wine.groupby("name").agg(count=("alcohol", "size"), m=("alcohol", "mean")).reset_index()
      .sort_values("m", ascending=False).head(2))

# Compressed, from files and from standard input; more than one member.
plain = scan("cancer.csv", "--group-by", "target", "--agg", "count, mean(mean_radius)")
raw = open(path("cancer.csv"), "rb").read()
with open(path("cancer.gz"), "wb") as f:
    f.write(gzip.compress(raw[:1000]) + gzip.compress(b"") + gzip.compress(raw[1000:]) + bytes(512))
for more in ["cancer.gz"], ["-"]:
    stdin = open(path("cancer.gz"), "rb").read() if more == ["-"] else None
    if scan(*more, "--group-by", "target", "--agg", "count, mean(mean_radius)", stdin=stdin) != plain:
        fail("cancer.gz is something else")

# Matrices.
if has_matrix:
    random = np.random.default_rng(5)
    for kind in "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8":
        m = random.integers(0, 100, (3000, 3)).astype(kind)
        if kind[0] == "f":
            m = (m / 7).astype(kind)
            m[5, 1] = np.nan
        for order in "CF":
            np.save(path("m.npy"), np.asarray(m, order=order))
            frame = pd.DataFrame(m.astype("f8") if kind[0] == "f" else m.astype("i8"), columns=["c0", "c1", "c2"])
            check(f"npy {kind} {order}", rows("m.npy"), frame)
            check(f"npy {kind} {order} sums", rows("m.npy", "--agg", "sum(c0) as s, max(c2) as m"),
                  pd.DataFrame({"s": [frame.c0.sum()], "m": [frame.c2.max()]}))
    np.save(path("v.npy"), np.arange(10) ** 2)
    check("npy, one dimension", rows("v.npy", "--where", "value > 20"),
          pd.DataFrame({"value": [n * n for n in range(10) if n * n > 20]}))
    if json.loads(scan("v.npy", "--schema", "--json")) != [{"column": "value", "type": "int"}]:
        fail("the schema of v.npy")
    with h5py.File(path("m.h5"), "w") as f:
        f["whole"] = np.arange(6).reshape(3, 2)
        f.create_dataset("deep/real", data=np.arange(4, dtype="f4") / 3, chunks=(3,), compression="gzip")
    check("HDF5, one of two", rows("m.h5:/deep/real", "--agg", "count, sum(value) as s"),
          pd.DataFrame({"count": [4], "s": [float((np.arange(4, dtype="f4") / 3).astype("f8").sum())]}))
    check("HDF5, integers", rows("m.h5:/whole"), pd.DataFrame({"c0": [0, 2, 4], "c1": [1, 3, 5]}))
    scan("m.h5", status=1)
    for shape in (3, 0), (0, 0):
        np.save(path("none.npy"), np.zeros(shape))
        scan("none.npy", status=1)
    np.save(path("none.npy"), np.zeros((0, 2)))
    if scan("none.npy", "--csv") != b"c0,c1\n":
        fail("a matrix without rows")
    with gzip.open(path("v.npy.gz"), "wb") as f:
        np.save(f, np.arange(3.0))
    check("npy.gz", rows("v.npy.gz"), pd.DataFrame({"value": [0.0, 1.0, 2.0]}))

# What is hard.
def text(name, content):
    with open(path(name), "wb") as f:
        f.write(content.encode() if isinstance(content, str) else content)


text("nulls.csv", "a,b\n" + ",\n" * 5000)
got = rows("nulls.csv", "--agg", "count, count(a) as a, count(b) as b")
if got != [{"count": 5000, "a": 0, "b": 0}]:
    fail(f"all nulls: {got}")
text("one.csv", "a,b\n1,x\n")
if rows("one.csv") != [{"a": 1, "b": "x"}]:
    fail("one row")
text("header.csv", "a,b\n")
if scan("header.csv", "--header", "yes") != b"a,b\n" or rows("header.csv", "--header", "yes") != []:
    fail("only a header")
text("bom.csv", b"\xef\xbb\xbfa,b\r\n1,\"x\r\ny\"\r\n2,z\r\n")
if rows("bom.csv") != [{"a": 1, "b": "x\r\ny"}, {"a": 2, "b": "z"}]:
    fail(f"BOM and CRLF: {rows('bom.csv')}")
words = ["Größe", "日本", "😀", "a,b", 'say "hi"', "x\ny", " space ", "", "NA", "-", "0"]
text("unicode.csv", "n,wört\n" + "".join(f'{i},"{w}"\n'.replace('say "hi"', 'say ""hi""') for i, w in enumerate(words)))
got = rows("unicode.csv", "--types", "wört=string")
if got != [{"n": i, "wört": w} for i, w in enumerate(words)]:
    fail(f"unicode: {got}")
if scan("-", "--types", "wört=string", stdin=scan("unicode.csv", "--types", "wört=string")) != scan("unicode.csv", "--types", "wört=string"):
    fail("unicode: a second time it is something else")

# Cells of a megabyte, and quotes with lines within at every boundary of a slice.
large = "y" * (1 << 20)
text("large.csv", f"a,b\n1,{large}\n2,\"{large}\n{large}\"\n3,z\n")
got = rows("large.csv")
if [r["a"] for r in got] != [1, 2, 3] or got[0]["b"] != large or got[1]["b"] != large + "\n" + large:
    fail("cells of a megabyte")
random = np.random.default_rng(6)
frame = pd.DataFrame({"id": np.arange(60000), "text": ["line,\n" * int(n) + '"' for n in random.integers(0, 20, 60000)],
                      "x": random.standard_normal(60000)})
write("quotes.csv", frame)
got = scan("quotes.csv")
back = pd.read_csv(io.BytesIO(got), float_precision="round_trip")
if not (back.id.equals(frame.id) and back.text.equals(frame.text) and back.x.equals(frame.x)):
    fail("quotes across slices")

# Many keys, numbers and text.
n = 300000
keys = random.integers(0, 100000, n)
# Sums of eighths are exact, in any order.
frame = pd.DataFrame({"k": keys, "t": [f"key {k}" for k in keys], "x": random.integers(-10000, 10000, n) / 8})
write("keys.csv", frame)
for key in "k", "t":
    g = frame.groupby(key).x
    check(f"many keys {key}", rows("keys.csv", "--group-by", key, "--agg", "count, sum(x) as s, min(x) as m"),
          pd.DataFrame({"count": g.size(), "s": g.sum(), "m": g.min()}).reset_index())

# NaN is a value, and not the missing one; -0 and 0 are one key.
text("nan.csv", "x\nnan\n1\n\"\"\n-0.0\n0.0\n2\n")
got = rows("nan.csv", "--agg", "count, count(x) as there, sum(x) as s")
if got != [{"count": 6, "there": 5, "s": None}]:
    fail(f"NaN: {got}")
if scan("nan.csv", "--agg", "sum(x) as s") != b"s\nnan\n":
    fail("the sum with NaN")
got = rows("nan.csv", "--group-by", "x", "--agg", "count as n", "--where", "x <= 2")
if [(r["x"], r["n"]) for r in got] != [(0, 2), (1, 1), (2, 1)]:
    fail(f"keys with -0: {got}")

# Sums of integers near the end of 64 bits.
text("near.csv", f"x\n{2**62}\n{2**62 - 1}\n{-2**62}\n{2**62}\n")
got = rows("near.csv", "--agg", "sum(x) as s")
if got != [{"s": 2**63 - 1}]:
    fail(f"sum near 2^63: {got}")

# The same bytes on any number of workers.
frame["x"] = random.standard_normal(n)
write("keys.csv", frame)
for query in ["--agg", "sum(x) as s, mean(x) as m, stddev(x) as d, p95(x) as p"], ["--group-by", "t", "--agg", "sum(x) as s"], \
        ["--where", "x > 0.5", "--select", "k, x * x as y"], ["--order-by", "-x, k", "--limit", "1000"]:
    first = scan("keys.csv", *query, "-j", "1")
    for workers in "2", "7":
        if scan("keys.csv", *query, "-j", workers) != first:
            fail(f"{query}: other bytes with {workers} workers")

# Ragged rows.
text("ragged.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n")
scan("ragged.csv", status=1)
if rows("ragged.csv", "--skip-bad") != [{"a": 1, "b": 2}, {"a": 7, "b": 8}]:
    fail("ragged rows")

# An empty file is an error, or nothing; never a crash.
text("empty.csv", "")
done = subprocess.run([tine, "scan", path("empty.csv")], capture_output=True)
if done.returncode not in (0, 1):
    fail(f"empty file: {done}")

# What pandas writes of types: dates and truth.
frame = pd.DataFrame({"d": pd.date_range("2019-12-30", periods=400).strftime("%Y-%m-%d"),
                      "b": [i % 3 == 0 for i in range(400)]})
write("dates.csv", frame)
if json.loads(scan("dates.csv", "--schema", "--json")) != [{"column": "d", "type": "date"}, {"column": "b", "type": "bool"}]:
    fail(f"types: {scan('dates.csv', '--schema')}")
check("dates", rows("dates.csv", "--where", "d >= '2020-12-01' and b"), frame[(frame.d >= "2020-12-01") & frame.b])

# Histograms are numpy's, whatever the range; bars are for people only.
random = np.random.default_rng(7)
for name, x in ("normal", random.standard_normal(20000)), ("integers", random.integers(-50, 51, 20000)), \
        ("edges", np.round(np.arange(0, 1.001, 0.1), 1).repeat(3)), ("one value", np.full(7, 3.25)), \
        ("far away", 1e15 + random.integers(0, 100, 1000)), ("huge", np.array([-1.5e308, 0, 1e308, 1.5e308])), \
        ("tiny", random.random(500) * 1e-300), ("large integers", random.integers(-2**62, 2**62, 3000)):
    write("histogram.csv", pd.DataFrame({"x": x}), float_format="%.17g")
    for bins in 1, 2, 7, 10, 100, 997:
        with np.errstate(all="ignore"):
            try:
                counts, edges = np.histogram(x, bins)
            except (ValueError, IndexError):  # what numpy cannot do
                continue
        if not np.isfinite(edges).all():
            continue
        got = pd.read_csv(io.BytesIO(scan("histogram.csv", "--histogram", f"x, {bins}")), float_precision="round_trip")
        if not (np.array_equal(got["from"], edges[:-1]) and np.array_equal(got["to"], edges[1:]) and
                np.array_equal(got["count"], counts)):
            fail(f"histogram of {name} in {bins} bins: {got}")
    counts, edges = np.histogram(x, 13, (-0.7, 2.9))
    got = pd.read_csv(io.BytesIO(scan("histogram.csv", "--histogram", "x, 13, -0.7, 2.9")), float_precision="round_trip")
    if not (np.array_equal(got["from"], edges[:-1]) and np.array_equal(got["count"], counts)):
        fail(f"histogram of {name} in a range: {got}")

# Sorted rows: stable, missing ones last.
n = 50000
frame = pd.DataFrame({"row": np.arange(n), "x": np.round(random.standard_normal(n), 1), "k": random.integers(0, 20, n),
                      "s": random.choice(["", "a", "ab", "Ä", "prefix 1", "prefix 12", "prefix 2"], n)})
frame.loc[random.random(n) < 0.1, "x"] = np.nan
write("sort.csv", frame)
for by, columns, ascending in ("x", ["x"], [True]), ("-x", ["x"], [False]), ("k, -x", ["k", "x"], [True, False]), \
        ("-s, k", ["s", "k"], [False, True]), ("-k", ["k"], [False]):
    expected = frame.copy()
    expected["s"] = expected["s"].map(lambda t: t.encode())  # by code points
    expected.loc[expected["s"] == b"", "s"] = None  # pandas writes both as an empty cell
    expected = expected.sort_values(columns, ascending=ascending, kind="stable", na_position="last")
    for limit in n, 1234:
        got = pd.read_csv(io.BytesIO(scan("sort.csv", "--order-by", by, "--limit", str(limit))))
        if list(got["row"]) != list(expected["row"][:limit]):
            fail(f"sorted by {by}, the first {limit}")

# Joins, beside merge: which pairs there are, and what they hold.
left = pd.DataFrame({"l": np.arange(20000), "a": random.integers(0, 3000, 20000).astype("float"),
                     "b": random.choice(["x", "y", "zebra", "Größe", "NA?"], 20000), "v": random.random(20000)})
right = pd.DataFrame({"r": np.arange(4000), "a": random.integers(0, 3000, 4000),
                      "b": random.choice(["x", "y", "zebra", "Größe"], 4000), "v": random.random(4000)})
left.loc[random.random(20000) < 0.1, "a"] = np.nan
write("left.csv", left)
write("right.csv", right)
with gzip.open(path("right.csv.gz"), "wb") as f:
    f.write(open(path("right.csv"), "rb").read())
for keys in ["a"], ["b", "a"], ["a", "b"]:
    for how in "inner", "left":
        expected = left.merge(right, on=keys, how=how, suffixes=("", "_right")).sort_values(["l", "r"])
        for file in "right.csv", "right.csv.gz":
            flags = ["--left"] if how == "left" else []
            got = pd.read_csv(io.BytesIO(scan("left.csv", "--join", file, "--on", ", ".join(keys), *flags)),
                              float_precision="round_trip", na_values=[""], keep_default_na=False)
            if list(got.columns) != list(expected.columns) or len(got) != len(expected):
                fail(f"join on {keys}, {how}: {list(got.columns)}, {len(got)} rows instead of {len(expected)}")
            for c in expected.columns:
                if not np.array_equal(got[c].fillna(-1).to_numpy(), expected[c].fillna(-1).to_numpy()):
                    fail(f"join on {keys}, {how}: column {c}")
merged = left.merge(right.rename(columns={"a": "id"}), left_on="a", right_on="id", suffixes=("", "_right"))
check("groups of a join", rows("left.csv", "--join", "right.csv", "--on", "a = a", "--where", "v_right > 0.5", "--group-by",
                               "b_right", "--agg", "count, max(v) as m"),
      merged[merged.v_right > 0.5].groupby("b_right").agg(count=("v", "size"), m=("v", "max")).reset_index())
text("many.csv", "k,n\n" + "".join(f"1,{i}\n" for i in range(5000)))
if rows("many.csv", "--join", "many.csv", "--on", "k", "--agg", "count, sum(n * n_right) as s") != \
        [{"count": 5000**2, "s": sum(range(5000))**2}]:
    fail("a key with many rows on both sides")

# Samples: as many as are asked for, in their order, the same for a seed.
got = rows("sort.csv", "--sample", "1000", "--select", "row")
if len(got) != 1000 or [r["row"] for r in got] != sorted({r["row"] for r in got}):
    fail("a sample of 1000")
for query in ["--sample", "1000"], ["--sample", "3%"], ["--sample", "50", "--where", "k = 3"]:
    first = scan("sort.csv", *query, "-j", "1")
    if any(scan("sort.csv", *query, "-j", j) != first for j in ("2", "5")) or scan("sort.csv", *query, "--seed", "4") == first:
        fail(f"{query}: other rows")

# Bins of dates.
frame = pd.DataFrame({"d": pd.date_range("2019-11-20", periods=500).strftime("%Y-%m-%d")})
write("days.csv", frame)
months = pd.to_datetime(frame.d).dt.strftime("%Y-%m-01")
check("months", rows("days.csv", "--group-by", "bin(d, 'month') as month", "--agg", "count"),
      months.groupby(months).size().rename_axis("month").reset_index(name="count"))

sys.exit(failures > 0)
