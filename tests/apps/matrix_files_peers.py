# Files between tine and NumPy, SciPy and h5py: these write, tine converts, and what it makes is read by
# them again, with the same bits. Arguments: the command, and a folder to work in.
import subprocess
import sys

try:
    import h5py
    import numpy as np
    import scipy.io
    import scipy.sparse
except ImportError as error:
    sys.exit(f"{error}; on Debian: apt install python3-numpy python3-scipy python3-h5py")

tine, folder = sys.argv[1], sys.argv[2]
failures = 0


def run(*arguments, status=0):
    done = subprocess.run([tine, "matrix", *arguments], cwd=folder, capture_output=True, timeout=100)
    if done.returncode != status:
        sys.exit(f"tine matrix {arguments}: status {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


def path(name):
    return f"{folder}/{name}"


def check(what, got, expected):
    global failures
    if got.dtype != expected.dtype or got.shape != expected.shape or got.tobytes() != expected.tobytes():
        failures += 1
        print(f"{what}: {got.dtype} {got.shape} instead of {expected.dtype} {expected.shape}")


def convert(source, target, *more):
    run("convert", source, "-o", target, "--force", *more)


random = np.random.default_rng(1)


def matrix(kind, rows=67, columns=5):
    bits = random.integers(0, 256, rows * columns * np.dtype(kind).itemsize, dtype="u1")
    values = bits.view(kind).reshape(rows, columns)
    return np.nan_to_num(values, nan=0.1) if np.dtype(kind).kind in "fc" else values


integers = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"]
for kind in integers + ["f4", "f8", "c8", "c16"]:
    m = matrix(kind)
    # npy: orders, byte orders, versions.
    for order in "CF":
        for endian in "<>":
            for version in (1, 0), (2, 0), (3, 0):
                with open(path("a.npy"), "wb") as file:
                    np.lib.format.write_array(file, np.asarray(m.astype(endian + kind), order=order), version)
                convert("a.npy", "b.npy")
                check(f"npy {kind} {order} {endian} {version}", np.load(path("b.npy")), m)
    np.save(path("a.npy"), m[:, 0])
    convert("a.npy", "b.npy")
    check(f"npy {kind}, one dimension", np.load(path("b.npy")), m[:, :1].copy())
    np.save(path("a.npy"), m)
    # HDF5: both ways, with chunks and filters, big-endian.
    convert("a.npy", "b.h5:/some/where")
    with h5py.File(path("b.h5")) as file:
        check(f"h5 {kind}", file["some/where"][:], m)
    with h5py.File(path("a.h5"), "w") as file:
        file["plain"] = m
        file.create_dataset("chunks", data=m, chunks=(7, 2), compression="gzip", shuffle=True)
        file.create_dataset("vector", data=m[:, 0])
        if kind[0] != "c":
            file.create_dataset("big", data=m.astype(">" + kind))
        names = [name for name in file]
    for name in names:
        convert("a.h5:/" + name, "b.npy")
        check(f"h5 {kind} {name}", np.load(path("b.npy")), m[:, :1].copy() if name == "vector" else m)
    # MatrixMarket.
    convert("a.npy", "b.mtx")
    wide = {"i": "i8", "u": "i8", "f": "f8", "c": "c16"}[kind[0]]
    if kind != "u8":
        check(f"mtx {kind}", np.ascontiguousarray(scipy.io.mmread(path("b.mtx")).astype(wide)).astype(kind), m)
    if wide != "i8" or kind in ("i4", "i8"):
        scipy.io.mmwrite(path("a.mtx"), m, precision=17)
        convert("a.mtx", "b.npy", "--type", kind)
        check(f"mtx from scipy {kind}", np.load(path("b.npy")), m)
    # CSV.
    convert("a.npy", "b.csv")
    convert("b.csv", "b.npy", "--type", kind)
    check(f"csv {kind}", np.load(path("b.npy")), m)
    if kind[0] != "c":
        check(f"csv to numpy {kind}", np.loadtxt(path("b.csv"), delimiter=",", dtype=kind), m)
        for delimiter in " ", ",", ";", "\t":
            np.savetxt(path("a.csv"), m, delimiter=delimiter, fmt="%d" if kind in integers else "%.17g",
                       header="a b c d e")
            convert("a.csv", "b.npy", "--type", kind)
            check(f"csv {kind} {delimiter!r} from numpy", np.load(path("b.npy")), m)

# Sparse and symmetric matrices become what SciPy makes of them.
for field in "real", "integer", "complex", "pattern":
    for symmetry in "general", "symmetric", "skew-symmetric", "hermitian":
        if symmetry == "hermitian" and field != "complex":
            continue
        if field == "pattern" and symmetry == "skew-symmetric":
            continue
        s = scipy.sparse.random(30, 30, 0.1, random_state=3).tocoo()
        s.data = np.round(s.data * 100)
        if field == "complex":
            s = s + 1j * scipy.sparse.random(30, 30, 0.1, random_state=4)
        if symmetry == "symmetric":
            s = s + s.T
        if symmetry == "skew-symmetric":
            s = s - s.T
        if symmetry == "hermitian":
            s = s + s.conj().T
        for what in (s.tocoo(), s.toarray()):
            # Of skew-symmetric arrays SciPy 1.10 writes the diagonal, and cannot read them.
            if field == "pattern" or symmetry == "skew-symmetric":
                if isinstance(what, np.ndarray):
                    continue
            if field == "integer":
                what = what.astype("i8")
            scipy.io.mmwrite(path("a.mtx"), what, field=field, symmetry=symmetry, precision=17)
            expected = scipy.io.mmread(path("a.mtx"))
            if not isinstance(expected, np.ndarray):
                expected = expected.toarray()
            convert("a.mtx", "b.npy")
            got = np.load(path("b.npy"))
            check(f"mtx {field} {symmetry} {type(what).__name__}", got, np.ascontiguousarray(expected).astype(got.dtype))

# In blocks of rows it is the same.
for order in "CF":
    m = np.asarray(random.standard_normal((20000, 8)), order=order)
    np.save(path("large.npy"), m)
    for target in "b.npy", "b.csv", "b.h5":
        convert("large.npy", target, "--memory", "400K")
        convert(target, "c.npy", "--memory", "400K")
        check(f"streamed {order} {target}", np.load(path("c.npy")), np.ascontiguousarray(m))

# Products and statistics.
for kind in "f4", "f8", "c8", "c16", "i4":
    a, b, c = (random.integers(-9, 9, (60, 60)).astype(kind) for _ in range(3))
    for name, m in ("a", a), ("b", b), ("c", c):
        np.save(path(name + ".npy"), m)
    run("gemm", "a.npy", "b.npy", "-o", "d.npy", "-c", "c.npy", "--alpha", "2", "--beta", "-3", "--transpose-a",
        "--transpose-b", "--force", "--verify")
    expected = 2 * a.T @ b.T - 3 * c  # exact: small integers
    check(f"gemm {kind}", np.load(path("d.npy")), expected.astype("f8" if kind == "i4" else kind))
    run("transpose", "a.npy", "-o", "d.npy", "--force", "--verify")
    check(f"transpose {kind}", np.load(path("d.npy")), np.ascontiguousarray(a.T))
    if kind[0] != "c":
        for more in (), ("--transpose",):
            run("syrk", "a.npy", "-o", "d.npy", "--force", "--verify", *more)
            check(f"syrk {kind}", np.load(path("d.npy")),
                  (a.T @ a if more else a @ a.T).astype("f8" if kind == "i4" else kind))

import json

m = random.standard_normal((100000, 4)) + 1000
m[::7, 1] = np.nan
np.save(path("a.npy"), m)
for memory in "1G", "2M":
    s = json.loads(run("stats", "a.npy", "--json", "--memory", memory))
    for c, column in enumerate(s["by_column"]):
        values = m[:, c][~np.isnan(m[:, c])]
        if column["count"] != len(values) or column["nan"] != 100000 - len(values):
            sys.exit("stats: counts")
        for name, value in ("min", values.min()), ("max", values.max()), ("mean", values.mean()), ("stddev", values.std(ddof=1)):
            if not abs(column[name] - value) <= 1e-13 * abs(value):
                failures += 1
                print(f"stats {name}: {column[name]} instead of {value}")
    all_values = m[~np.isnan(m)]
    if abs(s["all"]["stddev"] - all_values.std(ddof=1)) > 1e-12:
        failures += 1
        print("stats of all")

sys.exit(failures > 0)
