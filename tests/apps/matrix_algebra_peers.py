# What tine matrix computes on files, beside NumPy and SciPy. Arguments: the command, and a folder to work in.
import json
import subprocess
import sys

try:
    import numpy as np
    import scipy.io
    import scipy.linalg
    import scipy.sparse
    import scipy.spatial.distance as distance
except ImportError as error:
    sys.exit(f"{error}; on Debian: apt install python3-numpy python3-scipy")

tine, folder = sys.argv[1], sys.argv[2]
failures = 0


def run(*arguments):
    done = subprocess.run([tine, "matrix", *map(str, arguments)], cwd=folder, capture_output=True, timeout=100)
    if done.returncode != 0:
        sys.exit(f"tine matrix {arguments}: status {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


def path(name):
    return f"{folder}/{name}"


def save(name, m):
    np.save(path(name), m)
    return m


def load(name):
    return np.load(path(name))


def near(what, got, expected, tolerance):
    global failures
    scale = max(np.abs(expected).max(initial=0), 1e-300)
    off = np.abs(got - expected).max(initial=0) / scale if got.shape == expected.shape else np.inf
    if not off <= tolerance:
        failures += 1
        print(f"{what}: {got.shape} off by {off:.3g} of {tolerance:.3g}")


random = np.random.default_rng(1)
for kind, eps in ("f4", 1e-3), ("f8", 1e-9), ("c16", 1e-9):
    for n in 1, 2, 65, 200:
        a = random.standard_normal((n, n)) + n * np.eye(n)
        b = random.standard_normal((n, 3))
        if kind == "c16":
            a, b = a + 1j * random.standard_normal((n, n)), b - 2j * b[::-1]
        # By columns half of the time: that is how SciPy makes them.
        a = save("a.npy", np.asarray(a.astype(kind), order="F" if n % 2 else "C"))
        b = save("b.npy", b.astype(kind))
        name = f"{kind} {n}"
        run("solve", "a.npy", "b.npy", "-o", "x.npy", "--force", "--verify")
        near("solve " + name, load("x.npy"), np.linalg.solve(a, b), eps)
        run("inv", "a.npy", "-o", "x.npy", "--force", "--verify")
        near("inv " + name, load("x.npy"), np.linalg.inv(a), eps)
        det = json.loads(run("det", "a.npy", "--json"))
        sign, log_abs = np.linalg.slogdet(a)
        near("det " + name, np.array([det["log_abs"]]), np.array([log_abs]), eps)
        got = det["sign"] if kind != "c16" else complex(*det["sign"])
        near("sign " + name, np.array([got]), np.array([sign]), 1e-3)
        run("lu", "a.npy", "-o", "l.npy", "--upper", "u.npy", "--permutation", "p.npy", "--force", "--verify")
        near("lu " + name, load("l.npy") @ load("u.npy"), a[load("p.npy")[:, 0]], eps)
        if kind == "c16":
            continue
        symmetric = save("s.npy", (a @ a.T / n).astype(kind))
        run("cholesky", "s.npy", "-o", "l.npy", "--force", "--verify")
        near("cholesky " + name, load("l.npy"), np.linalg.cholesky(symmetric), eps)
        run("solve", "s.npy", "b.npy", "-o", "x.npy", "--positive-definite", "--force", "--verify")
        near("positive definite " + name, symmetric @ load("x.npy"), b, eps)
        run("eig", "s.npy", "-o", "w.npy", "--vectors", "v.npy", "--force", "--verify")
        values = np.linalg.eigh(symmetric)[0]
        near("eig " + name, load("w.npy")[:, 0], values, eps)
        near("vectors " + name, symmetric @ load("v.npy"), load("v.npy") * load("w.npy").T, eps)
        tall = save("t.npy", random.standard_normal((3 * n, n)).astype(kind))
        run("qr", "t.npy", "-o", "q.npy", "--upper", "r.npy", "--force", "--verify")
        near("qr " + name, load("q.npy") @ load("r.npy"), tall, eps)
        run("svd", "t.npy", "-o", "w.npy", "--left", "u.npy", "--right", "v.npy", "--force", "--verify")
        near("svd " + name, load("w.npy")[:, 0], np.linalg.svd(tall, compute_uv=False), eps)
        near("vectors of svd " + name, load("u.npy") * load("w.npy").T @ load("v.npy").T, tall, eps)
        sides = save("y.npy", random.standard_normal((3 * n, 2)).astype(kind))
        run("lstsq", "t.npy", "y.npy", "-o", "x.npy", "--force", "--verify")
        near("lstsq " + name, load("x.npy"), np.linalg.lstsq(tall, sides, rcond=None)[0], eps)
        run("cov", "t.npy", "-o", "c.npy", "--force")
        near("cov " + name, load("c.npy"), np.atleast_2d(np.cov(tall, rowvar=False)), eps)
        run("corr", "t.npy", "-o", "c.npy", "--force")
        near("corr " + name, load("c.npy"), np.atleast_2d(np.corrcoef(tall, rowvar=False)), eps)
        for metric in "euclidean", "sqeuclidean", "cosine", "cityblock", "chebyshev":
            expected = distance.cdist(tall.astype("f8"), a.astype("f8"), metric)
            run("dist", "t.npy", "a.npy", "-o", "d.npy", "--metric", metric, "--force")
            near(f"{metric} {name}", load("d.npy"), expected, eps)
        run("dist", "t.npy", "-o", "d.npy", "--force")
        near("dist " + name, load("d.npy"), distance.cdist(tall.astype("f8"), tall.astype("f8")), eps)

# A low rank and noise: the largest values are found by projections.
x = random.standard_normal((1200, 5)) @ random.standard_normal((5, 600)) + 1e-3 * random.standard_normal((1200, 600))
save("x.npy", x)
run("svd", "x.npy", "-k", 5, "-o", "w.npy", "--left", "u.npy", "--force")
near("largest", load("w.npy")[:, 0], np.linalg.svd(x, compute_uv=False)[:5], 1e-6)

x = save("x.npy", random.standard_normal((300, 6)) * [5, 3, 1, 0.5, 0.2, 0.1])
told = json.loads(run("pca", "x.npy", "-k", 3, "-o", "scores.npy", "--components", "c.npy", "--mean", "m.npy", "--json",
                      "--force"))
centred = x - x.mean(axis=0)
values, vectors = np.linalg.eigh(np.cov(x, rowvar=False))
near("variance", np.array(told["variance"]), values[::-1][:3], 1e-12)
near("components", np.abs(load("c.npy")), np.abs(vectors[:, ::-1][:, :3].T), 1e-9)
near("scores", load("scores.npy"), centred @ load("c.npy").T, 1e-9)
near("mean", load("m.npy")[:, 0], x.mean(axis=0), 1e-12)

# The Laplacian of a grid, as SciPy writes it.
line = scipy.sparse.diags([-1, 2, -1], [-1, 0, 1], shape=(40, 40))
grid = scipy.sparse.kronsum(line, line).tocoo()
b = save("b.npy", random.standard_normal((1600, 1)))
expected = scipy.sparse.linalg.spsolve(grid.tocsc(), b[:, 0])
for symmetry in "general", "symmetric":
    scipy.io.mmwrite(path("grid.mtx"), grid, symmetry=symmetry)
    run("cg", "grid.mtx", "b.npy", "-o", "x.npy", "--tolerance", "1e-12", "--force", "--preconditioned")
    near("cg " + symmetry, load("x.npy")[:, 0], expected, 1e-9)

sys.exit(failures > 0)
