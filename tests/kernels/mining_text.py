"""Counts of words by collections.Counter: a line for each, the most frequent first."""
import collections
import re
import sys

length, ignore_case = int(sys.argv[1]), sys.argv[2] == "1"
counts = collections.Counter()
for name in sys.argv[3:]:
    with open(name, "rb") as file:
        for line in file.read().split(b"\n"):
            if ignore_case:
                line = line.lower()
            words = re.findall(rb"[A-Za-z0-9_\x80-\xff]+", line)
            counts.update(b" ".join(words[i:i + length]) for i in range(len(words) - length + 1))
for words, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
    sys.stdout.buffer.write(b"%d %s\n" % (count, words))
