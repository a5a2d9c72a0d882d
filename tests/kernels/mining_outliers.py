"""What scikit-learn and scipy say about outliers: writes samples and answers into a directory, as doubles in
the order of rows, one file for each; mining_outliers_test.cpp compares."""
import json
import pathlib
import sys

try:
    import numpy as np
    from scipy import stats
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score
except ImportError as error:
    sys.exit(f"{error}; on Debian: apt install python3-sklearn")

to = pathlib.Path(sys.argv[1])


def write(name, values):
    np.asarray(values, dtype=np.float64).tofile(to / name)


def sets():
    x, benign = load_breast_cancer(return_X_y=True)
    # Benign ones, and some of the others among them.
    few = np.concatenate([x[benign == 1], x[benign == 0][:30]])
    yield "cancer", few, np.repeat([0, 1], [len(few) - 30, 30])
    random = np.random.default_rng(3)
    blobs = np.concatenate([random.normal(size=(400, 3)), random.normal(size=(600, 3)) * 0.5 + 4])
    far = random.uniform(-8, 12, size=(50, 3))
    constant = np.full((1050, 1), 7.1)
    yield ("blobs", np.hstack([np.concatenate([blobs, far]), constant]),
           np.repeat([0, 1], [1000, 50]))


def model_of(forest, x):
    """The same trees as a model of tine's."""
    nodes, features, values = [], [], []

    def walk(tree, node):
        leaf = tree.children_left[node] < 0
        features.append(x.shape[1] if leaf else int(tree.feature[node]))
        values.append(float(tree.n_node_samples[node] if leaf else tree.threshold[node]))
        if not leaf:
            walk(tree, tree.children_left[node])
            walk(tree, tree.children_right[node])

    for estimator in forest.estimators_:
        nodes.append(estimator.tree_.node_count)
        walk(estimator.tree_, 0)
    names = [{"name": f"x{i}", "expression": f"x{i}"} for i in range(x.shape[1])]
    return {"tine": "isolation_forest", "version": 1, "features": names,
            "sample_size": int(forest.max_samples_), "threshold": -forest.offset_,
            "tree_nodes": nodes, "node_features": features, "node_values": values}


for name, x, outlier in sets():
    x = x.astype(np.float32).astype(np.float64)  # which is what its trees see
    forest = IsolationForest(random_state=0, contamination=0.05).fit(x)
    scores = -forest.score_samples(x)
    write(f"{name}.x", x)
    write(f"{name}.outlier", outlier)
    write(f"{name}.scores", scores)
    write(f"{name}.predicted", forest.predict(x) == -1)
    with open(to / f"{name}.json", "w") as file:
        json.dump(model_of(forest, x), file)
    aucs = [roc_auc_score(outlier, -IsolationForest(random_state=seed).fit(x).score_samples(x))
            for seed in range(1, 6)]
    write(f"{name}.auc", [np.mean(aucs)])
    varied = x[:, x.std(axis=0) > 0]
    write(f"{name}.varied", varied)
    write(f"{name}.z", np.abs(stats.zscore(varied)).max(axis=1))
    distance = np.abs(varied - np.median(varied, axis=0))
    robust = distance / stats.median_abs_deviation(varied, scale="normal")
    write(f"{name}.robust", robust.max(axis=1))
    write(f"{name}.farthest", robust.argmax(axis=1))
    write(f"{name}.quantile", [np.percentile(robust.max(axis=1), 93.0)])
