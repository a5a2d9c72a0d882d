"""The peers of mining_bench: does what a line on standard input says, and answers with the seconds it took,
measured here. A line is "PEER WORK", or "check PEER WORK" for a number made of the result instead; the
answer of a peer that is not there is "none".

Arguments: rows in memory, a CSV file, a CSV file with a tenth of its rows, the number of threads, and the
folder with DuckDB.
"""

import json
import os
import shutil
import subprocess
import sys
from time import perf_counter

import numpy as np

try:
    import pandas as pd
except ImportError:
    pd = None

ROWS, CSV, TENTH, THREADS, DUCKDB = int(sys.argv[1]), *sys.argv[2:6]


def mixed(i, factor):
    """As in mining_bench.cpp."""
    a = i * np.uint64(factor) & np.uint64(0xFFFFFFFF)
    return a * ((a >> np.uint64(16)) + np.uint64(1)) & np.uint64(0xFFFFFFFF)


class Numpy:
    def __init__(self):
        i = np.arange(ROWS, dtype=np.uint64)
        self.k = (mixed(i, 2654435761) % np.uint64(1000)).astype(np.int64)
        self.j = (mixed(i, 2246822519) % np.uint64(1000000)).astype(np.int64)
        self.x = mixed(i, 1597334677) / 4294967296
        self.y = mixed(i, 3812015801) / 4294967296

    def group(self):
        chosen = self.y > 0.5
        sums = np.bincount(self.k[chosen], self.x[chosen])
        return (np.arange(1, len(sums) + 1) * sums).sum()

    def median(self):
        return np.median(self.x)

    def distinct(self):
        return len(np.unique(self.j))

    def histogram(self):
        counts = np.histogram(self.x, 100, (0, 1))[0]
        return (np.arange(1, 101) * counts).sum()


class Pandas:
    def csv(self):
        table = pd.read_csv(CSV)
        sums = table[table.y > 0.5].groupby("k").x.sum()
        return ((sums.index + 1) * sums).sum()


class DuckDb:
    def __init__(self):
        script = os.path.join(os.path.dirname(__file__), "mining_duckdb.js")
        self.node = subprocess.Popen(
            ["node", script, DUCKDB, THREADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self.node.stdout.readline() != "ready\n":
            raise OSError("DuckDB is not there")
        self.table = False

    def run(self, query):
        self.node.stdin.write(json.dumps(query) + "\n")
        self.node.stdin.flush()
        answer = json.loads(self.node.stdout.readline())
        self.seconds = answer["seconds"]
        return answer["rows"]

    def in_memory(self, query):
        if not self.table:
            number = "(i * {0} % 4294967296) * (i * {0} % 4294967296 // 65536 + 1) % 4294967296"
            self.run(
                "create table t as select "
                f"({number.format(2654435761)}) % 1000 as k, ({number.format(2246822519)}) % 1000000 as j, "
                f"({number.format(1597334677)}) / 4294967296.0::double as x, "
                f"({number.format(3812015801)}) / 4294967296.0::double as y from range({ROWS}) r(i)"
            )
            self.table = True
        return self.run(query)

    def group(self):
        rows = self.in_memory("select k, sum(x) from t where y > 0.5 group by k")
        return sum((k + 1) * s for k, s in rows)

    def csv(self):
        rows = self.run(f"select k, sum(x) from read_csv('{CSV}') where y > 0.5 group by k")
        return sum((k + 1) * s for k, s in rows)

    def median(self):
        return self.in_memory("select median(x) from t")[0][0]

    def distinct(self):
        return self.in_memory("select count(distinct j) from t")[0][0]

    def histogram(self):
        rows = self.in_memory("select floor(x * 100)::int as b, count(*) from t group by b")
        return sum((b + 1) * n for b, n in rows)


class Command:
    """A shell's pipe that prints groups and sums."""

    def __init__(self, tool, pipe, file, times=1):
        if shutil.which(tool) is None:
            raise OSError(f"{tool} is not there")
        self.pipe, self.file, self.times = pipe, file, times

    def csv(self):
        begin = perf_counter()
        output = subprocess.run(
            self.pipe, shell=True, check=True, stdout=subprocess.PIPE, env={**os.environ, "FILE": self.file, "LC_ALL": "C"}
        ).stdout
        self.seconds = (perf_counter() - begin) * self.times
        pairs = (line.replace(b",", b" ").split() for line in output.splitlines())
        return sum((int(k) + 1) * float(s) for k, s in pairs)


MAKE = {
    "numpy": Numpy,
    "pandas": Pandas,
    "duckdb": DuckDb,
    "mawk": lambda: Command(
        "mawk",
        "mawk -F, 'NR > 1 && $3 > 0.5 { s[$1] += $2 } END { for (k in s) printf \"%s %.17g\\n\", k, s[k] }' \"$FILE\"",
        CSV,
    ),
    "miller": lambda: Command(
        "mlr", "mlr --icsv --ocsv --headerless-csv-output filter '$y > 0.5' then stats1 -a sum -f x -g k \"$FILE\"", TENTH, 10
    ),
    "datamash": lambda: Command(
        "datamash",
        "mawk -F, 'NR > 1 && $3 > 0.5' \"$FILE\" | datamash -t, -R 9 -s -g 1 sum 2",
        TENTH,
        10,
    ),
}


def peer(name):
    """None where it is not there."""
    if name not in made:
        try:
            made[name] = None if name == "pandas" and pd is None else MAKE[name]()
        except OSError:
            made[name] = None
    return made[name]


made = {}
for line in sys.stdin:
    words = line.split()
    checked = words[0] == "check"
    name, work = words[-2:]
    one = peer(name)
    if one is None:
        print("none", flush=True)
        continue
    begin = perf_counter()
    result = getattr(one, work)() if work != "there" else 0
    seconds = perf_counter() - begin
    print(f"{result:.17g}" if checked else f"{getattr(one, 'seconds', seconds):.9f}", flush=True)
