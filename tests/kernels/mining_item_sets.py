"""Frequent item sets and rules by Apriori in its plainest form: writes baskets into a directory, and what is in
them as lines of text; mining_item_sets_test.cpp compares."""
import itertools
import pathlib
import random
import sys


def apriori(baskets, min_count):
    """Counts of all frequent sets, each a sorted tuple."""
    found, level = {}, {(item,) for basket in baskets for item in basket}
    while level:
        counts = dict.fromkeys(level, 0)
        length = len(next(iter(level)))
        for basket in baskets:
            for subset in itertools.combinations(sorted(basket), length):
                if subset in counts:
                    counts[subset] += 1
        frequent = {s: n for s, n in counts.items() if n >= min_count}
        found.update(frequent)
        level = {a + (b[-1],) for a in frequent for b in frequent
                 if a[:-1] == b[:-1] and a[-1] < b[-1]}
        level = {s for s in level
                 if all(s[:i] + s[i + 1:] in frequent for i in range(len(s)))}
    return found


def rules(found, transactions, min_confidence):
    for both, count in found.items():
        for length in range(1, len(both)):
            for antecedent in itertools.combinations(both, length):
                consequent = tuple(x for x in both if x not in antecedent)
                confidence = count / found[antecedent]
                if confidence >= min_confidence:
                    yield (confidence, count, both, antecedent, consequent,
                           confidence / (found[consequent] / transactions))


def write(to, name, baskets, min_count, min_confidence):
    with open(to / f"{name}.csv", "w") as file:
        file.write("order,product\n")
        rows = [(i, item) for i, basket in enumerate(baskets) for item in basket]
        rows += rows[::7]  # again
        random.Random(1).shuffle(rows)
        file.writelines(f"{order},{item}\n" for order, item in rows)
    # Of those that have no items a table of rows knows nothing.
    some = [basket for basket in baskets if basket]
    found = apriori(some, min_count)
    order = sorted(found, key=lambda s: (-found[s], s))
    with open(to / f"{name}.sets", "w") as file:
        file.writelines(f"{found[s]} {' '.join(map(str, s))}\n" for s in order)
    place = {s: i for i, s in enumerate(order)}
    listed = sorted(rules(found, len(some), min_confidence),
                    key=lambda r: (-r[0], place[r[2]], place[r[3]]))
    with open(to / f"{name}.rules", "w") as file:
        file.writelines(f"{' '.join(map(str, a))} -> {' '.join(map(str, c))} {n} {p!r} {lift!r}\n"
                        for p, n, _, a, c, lift in listed)


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    draw = random.Random(5)
    sparse = [{min(int(draw.paretovariate(0.7)), 400) for _ in range(draw.randrange(12))}
              for _ in range(3000)]
    write(directory, "sparse", sparse, 30, 0.4)
    dense = [{item for item in range(14) if draw.random() < 0.4 + 0.04 * item}
             for _ in range(700)]
    write(directory, "dense", dense, 60, 0.7)
    same = [set(range(8))] * 20
    write(directory, "same", same, 20, 1.0)
