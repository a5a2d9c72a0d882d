"""usage: mining_csv_pandas.py make FOLDER: writes CSV files there.
mining_csv_pandas.py check FOLDER: compares what mining_csv_pandas_test has made of them with what Python's csv
module, numpy and pandas make of them."""

import csv
import random
import sys
from pathlib import Path

try:
    import numpy
    import pandas
    import sklearn.datasets
except ImportError as error:
    sys.exit(f"{error}: please install the packages python3-numpy, python3-pandas and python3-sklearn")

what, folder = sys.argv[1], Path(sys.argv[2])


def make():
    """Columns of all types, in the ways in which pandas can write them."""
    rows = 20000
    numbers = numpy.random.default_rng(1)
    letters = random.Random(1)

    def text():
        return "t" + "".join(letters.choice('ab ,;"\n\té中😀') for _ in range(letters.randrange(12)))

    table = pandas.DataFrame(
        {
            "large": numbers.integers(-(2**63), 2**63 - 1, rows),
            "small": numbers.integers(-99, 99, rows),
            "x": numbers.standard_normal(rows),
            "tiny": numbers.standard_normal(rows) * 1e-300,
            "rounded": numbers.standard_normal(rows).round(3),
            "missing": numpy.where(numbers.random(rows) < 0.3, numpy.nan, numbers.random(rows)),
            "who": [text() for _ in range(rows)],
            "flag": numbers.random(rows) < 0.5,
            "day": pandas.date_range("1900-01-01", periods=rows).strftime("%Y-%m-%d"),
            "at": pandas.date_range("2000-01-01", periods=rows, freq="997s").strftime("%Y-%m-%d %H:%M:%S"),
            "late": [*range(rows - 1), "text"],
            "early": [0.5, *range(rows - 1)],
        }
    )
    table.to_csv(folder / "plain.csv", index=False)
    table.to_csv(folder / "index.csv")
    table.to_csv(folder / "quoted.csv", index=False, quoting=csv.QUOTE_ALL)
    table.to_csv(folder / "windows.csv", index=False, sep=";", lineterminator="\r\n", encoding="utf-8-sig")
    table.to_csv(folder / "tabs.csv", index=False, sep="\t")
    real = Path(sklearn.datasets.__file__).parent / "data"
    for name in ("iris.csv", "breast_cancer.csv", "wine_data.csv"):
        # Their first lines are no names.
        lines = (real / name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join(lines[1:]))


expected_of = {
    "string": lambda text: text,
    "int": lambda text: text and int(text),
    "float": lambda text: text and float(text),
    "bool": str.lower,
    "date": lambda text: int(numpy.datetime64(text, "D").astype(int)),
    "datetime": lambda text: int(numpy.datetime64(text, "us").astype(int)),
}
value_of = {**expected_of, "date": int, "datetime": int}
# What pandas takes for the type; it leaves dates as they are.
dtypes = {"int64": {"int"}, "float64": {"float", "int"}, "bool": {"bool"}, "object": {"string", "date", "datetime"}}


def check(file):
    """The number of columns that differ."""
    separator = {"windows": ";", "tabs": "\t"}.get(file.stem, ",")
    with open(file, newline="", encoding="utf-8-sig") as text:
        rows = list(csv.reader(text, delimiter=separator))
    with open(file.with_suffix(".read"), newline="", encoding="utf-8") as text:
        names, types, *got = list(csv.reader(text))
    header = 0
    if names[0] == "column1" and names[1] == "column2":
        header = None
    else:
        names_there = rows.pop(0)
        if names[1:] != names_there[1:]:
            print(f"{file.name}: {names} instead of {names_there}")
            return 1
    parsed = pandas.read_csv(file, sep=separator, header=header)
    if len(got) != len(rows) or len(parsed) != len(rows):
        print(f"{file.name}: {len(got)} rows, {len(rows)} by csv, {len(parsed)} by pandas")
        return 1
    wrong = 0
    for i, kind in enumerate(types):
        place = f"{file.name}, {names[i]} ({kind})"
        if kind not in dtypes[str(parsed.dtypes.iloc[i])]:
            print(f"{place}: pandas says {parsed.dtypes.iloc[i]}")
            wrong += 1
        for number, (ours, theirs) in enumerate(zip(got, rows)):
            if value_of[kind](ours[i]) != expected_of[kind](theirs[i]):
                print(f"{place}, row {number}: {ours[i]!r} of {theirs[i]!r}")
                wrong += 1
                break
    return wrong


if what == "make":
    make()
else:
    sys.exit(sum(check(file) for file in sorted(folder.glob("*.csv"))))
