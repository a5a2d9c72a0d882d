"""The Python side of toolbox_bench: does what a line on standard input says, and answers with the
seconds it took, measured here. A line is "PEER WORK CALLS NUMBER"; the answer to what this Python
cannot do is "none"."""

import concurrent.futures
import multiprocessing
import sys
from time import perf_counter

try:
    import joblib
except ImportError:
    joblib = None


def nothing():
    pass


def spin(microseconds):
    end = perf_counter() + microseconds * 1e-6
    while perf_counter() < end:
        pass


class Executor:
    """concurrent.futures.ProcessPoolExecutor"""

    def __init__(self, workers):
        self.pool = concurrent.futures.ProcessPoolExecutor(workers)

    def call(self, f, *arguments):
        return self.pool.submit(f, *arguments).result()

    def many(self, f, argument, count):
        for future in [self.pool.submit(f, argument) for _ in range(count)]:
            future.result()

    def stop(self):
        self.pool.shutdown()


class Pool:
    """multiprocessing.Pool"""

    def __init__(self, workers):
        self.pool = multiprocessing.Pool(workers)

    def call(self, f, *arguments):
        return self.pool.apply(f, arguments)

    def many(self, f, argument, count):
        for result in [self.pool.apply_async(f, (argument,)) for _ in range(count)]:
            result.get()

    def stop(self):
        self.pool.close()
        self.pool.join()


class Joblib:
    """joblib.Parallel, which puts small tasks together by itself"""

    def __init__(self, workers):
        self.pool = joblib.Parallel(n_jobs=workers)
        self.pool.__enter__()

    def call(self, f, *arguments):
        return self.pool([joblib.delayed(f)(*arguments)])[0]

    def many(self, f, argument, count):
        self.pool(joblib.delayed(f)(argument) for _ in range(count))

    def stop(self):
        self.pool.__exit__(None, None, None)
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown(wait=True)


def measured(f):
    began = perf_counter()
    f()
    return perf_counter() - began


def main(workers):
    kinds = {"executor": Executor, "pool": Pool}
    if joblib:
        kinds["joblib"] = Joblib
    name, peer, data = None, None, None
    for line in sys.stdin:
        wanted, work, calls, number = line.split()
        calls, number = int(calls), int(number)
        if wanted not in kinds:
            print("none", flush=True)
            continue

        def start_and_stop():
            for _ in range(calls):
                pool = kinds[wanted](workers)
                pool.call(nothing)
                pool.stop()

        if peer is not None and (work == "start_and_stop" or wanted != name):
            peer.stop()  # one at a time, so that none disturbs the others
            name, peer = None, None
        if work == "start_and_stop":
            print(measured(start_and_stop), flush=True)
            continue
        if peer is None:
            name, peer = wanted, kinds[wanted](workers)
            peer.many(spin, 1000, 4 * workers)
        if work == "round_trip":
            print(measured(lambda: [peer.call(nothing) for _ in range(calls)]), flush=True)
        elif work == "tasks":
            print(measured(lambda: peer.many(spin, number, calls)), flush=True)
        elif work == "large_argument":
            if data is None or len(data) != number:
                data = b"x" * number
            print(measured(lambda: [peer.call(len, data) for _ in range(calls)]), flush=True)
    if peer is not None:
        peer.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
