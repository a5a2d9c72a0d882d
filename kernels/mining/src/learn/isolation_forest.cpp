#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_set>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>

#include "model_text.hpp"
#include "outliers.hpp"
#include "random.hpp"

namespace tine::mining {

namespace {

constexpr const char* kind = "isolation_forest";

using Node = IsolationForest::Node;
using Tree = std::vector<Node>;

// A node as it is grown and saved: where it is cut, or for a leaf, which has feature `leaf`, its samples. The
// order of nodes says the rest.
struct Cut {
  double value;
  std::uint64_t feature;
};

// Of an unsuccessful search in a search tree of n keys.
double average_path(double n) {
  if (n <= 1) return 0;
  if (n == 2) return 1;
  constexpr double euler = 0.57721566490153286;
  return 2 * (std::log(n - 1) + euler) - 2 * (n - 1) / n;
}

// k of the numbers below n, each as likely (R. Floyd, in J. Bentley, Programming pearls: a sample of brilliance,
// 1987), in ascending order.
std::vector<std::uint64_t> draw(Random& random, std::uint64_t n, std::uint64_t k) {
  std::vector<std::uint64_t> drawn;
  std::unordered_set<std::uint64_t> seen;
  for (std::uint64_t last = n - k; last < n; ++last) {
    const std::uint64_t candidate = k == n ? last : index_below(random, last + 1);
    drawn.push_back(seen.insert(candidate).second ? candidate : last);
    seen.insert(drawn.back());
  }
  std::ranges::sort(drawn);
  return drawn;
}

class Grower {
 public:
  Grower(const View<const double, 2>& x, std::size_t sample_size, std::uint64_t seed,
         std::span<Cut> cuts)
      : dimensions_(x.extent(1)), random_(seed), cuts_(cuts), features_(dimensions_) {
    for (const std::uint64_t row : draw(random_, x.extent(0), sample_size))
      for (std::size_t j = 0; j < dimensions_; ++j) values_.push_back(x(row, j));
    samples_.resize(sample_size);
    std::iota(samples_.begin(), samples_.end(), std::size_t{0});
    std::iota(features_.begin(), features_.end(), std::size_t{0});
    grow(samples_, static_cast<unsigned>(std::bit_width(sample_size - 1)));
  }
  std::size_t size() const { return size_; }

 private:
  double value(std::size_t sample, std::size_t feature) const {
    return values_[sample * dimensions_ + feature];
  }

  void grow(std::span<std::size_t> samples, unsigned height) {
    Cut& cut = cuts_[size_++];
    cut = {static_cast<double>(samples.size()), dimensions_};
    if (height == 0 || samples.size() < 2 || !choose(samples, cut)) return;
    const auto right = std::partition(samples.begin(), samples.end(), [&](std::size_t i) {
      return value(i, cut.feature) <= cut.value;
    });
    grow({samples.begin(), right}, height - 1);
    grow({right, samples.end()}, height - 1);
  }

  // False when all samples are the same.
  bool choose(std::span<const std::size_t> samples, Cut& cut) {
    for (std::size_t left = dimensions_; left > 0; --left) {
      std::swap(features_[index_below(random_, left)], features_[left - 1]);
      const std::size_t feature = features_[left - 1];
      double least = std::numeric_limits<double>::infinity(), greatest = -least;
      for (const std::size_t i : samples) {
        least = std::min(least, value(i, feature));
        greatest = std::max(greatest, value(i, feature));
      }
      if (!(least < greatest)) continue;
      // Both sides get something: the least goes left, the greatest right.
      const double part = uniform(random_);
      const double at = least * (1 - part) + greatest * part;
      cut = {at >= least && at < greatest ? at : least, feature};
      return true;
    }
    return false;
  }

  std::size_t dimensions_;
  Random random_;
  std::span<Cut> cuts_;
  std::size_t size_ = 0;
  std::vector<std::size_t> features_, samples_;
  std::vector<double> values_;  // of the samples
};

// The tree whose nodes come in this order; nothing where they make none.
std::optional<Tree> tree_of(std::span<const Cut> cuts, std::size_t dimensions) {
  Tree tree(cuts.size());
  std::vector<std::size_t> open;  // nodes whose right sides have not come yet
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const auto [value, feature] = cuts[i];
    tree[i].value = value;
    if (feature < dimensions && std::isfinite(value)) {
      tree[i].feature = static_cast<std::uint32_t>(feature);
      open.push_back(i);
      continue;
    }
    const bool last = i + 1 == cuts.size();
    if (feature != dimensions || !(value >= 1) || open.empty() != last) return std::nullopt;
    if (last) return tree;
    tree[open.back()].right = static_cast<std::uint32_t>(i + 1);
    open.pop_back();
  }
  return std::nullopt;
}

// A tree to go through, without branches that nobody could predict: the next node on the left is 1 ahead, on the
// right 1 + skip. Leaves have the value NaN, so that all go right, and the skip -1, so that they stay.
struct Step {
  double value;
  std::uint32_t feature;
  std::int32_t skip;
};

struct Forest {
  struct Root {
    std::size_t node, height;
  };
  std::vector<Step> steps;
  std::vector<double> paths;  // of leaves: how many cuts they stand for
  std::vector<Root> roots;

  explicit Forest(const std::vector<Tree>& trees) {
    for (const Tree& tree : trees) {
      const std::size_t root = steps.size();
      std::vector<std::size_t> depth(tree.size());
      for (std::size_t i = 0; i < tree.size(); ++i) {
        const Node& node = tree[i];
        const bool leaf = node.right == 0;
        if (!leaf) depth[i + 1] = depth[node.right] = depth[i] + 1;
        steps.push_back({leaf ? std::numeric_limits<double>::quiet_NaN() : node.value, node.feature,
                         leaf ? -1 : static_cast<std::int32_t>(node.right - i - 1)});
        paths.push_back(leaf ? static_cast<double>(depth[i]) + average_path(node.value) : 0);
      }
      roots.push_back({root, *std::ranges::max_element(depth)});
    }
  }
};

// The sums over all trees, in their order, of the paths of some samples. Several samples at a time go down a tree,
// so that they need not wait for each other's loads.
void sum_paths(std::span<double> sums, const View<const double, 2>& x, std::span<const Step> steps,
               std::span<const double> paths, std::span<const Forest::Root> roots) {
  constexpr std::size_t abreast = 8, block = 256;
  const std::size_t d = x.extent(1);
  std::ranges::fill(sums, 0.0);
  for (std::size_t first = 0; first < sums.size(); first += block) {
    const std::size_t end = std::min(sums.size(), first + block);
    for (const Forest::Root& root : roots)
      for (std::size_t i = first; i < end; i += abreast) {
        std::size_t at[abreast];
        const double* sample[abreast];
        for (std::size_t k = 0; k < abreast; ++k) {
          at[k] = root.node;
          sample[k] = x.data() + std::min(i + k, end - 1) * d;
        }
        for (std::size_t level = 0; level < root.height; ++level)
          for (std::size_t k = 0; k < abreast; ++k) {
            const Step& step = steps[at[k]];
            const auto right = -static_cast<std::int64_t>(!(sample[k][step.feature] <= step.value));
            at[k] += static_cast<std::size_t>(1 + (step.skip & right));
          }
        for (std::size_t k = 0; k < std::min(abreast, end - i); ++k) sums[i + k] += paths[at[k]];
      }
  }
}

}  // namespace

IsolationForest IsolationForest::fit(const PoolWith& on, const Samples& samples,
                                     const IsolationForestOptions& options) {
  check_threshold(options.threshold, options.contamination);
  if (options.trees == 0 || options.sample_size == 0)
    throw InvalidArgument(
        "tine: an isolation forest has at least one tree, and each at least one sample");
  check_samples(on, samples);
  const std::size_t size = std::min(options.sample_size, samples.size());
  if (size > std::numeric_limits<std::uint32_t>::max() / 2)
    throw InvalidArgument("tine: an isolation forest has trees of at most 2^31 samples");
  IsolationForest forest{.features = samples.features, .sample_size = size, .trees{}};

  Random random(options.seed);
  std::vector<std::uint64_t> seeds(options.trees);
  for (std::uint64_t& seed : seeds) seed = random();
  const auto shared = on.pool.array_from(seeds);
  auto cuts = on.pool.array<Cut>(options.trees, 2 * size - 1);
  auto sizes = on.pool.array<std::uint64_t>(options.trees);
  PoolWith whole_forest = on;
  whole_forest.policy.on_failure = OnFailure::fail;
  if (options.progress)
    whole_forest.policy.progress = [&options, outer = on.policy.progress](const Progress& p) {
      options.progress(p.done, p.slices);
      if (outer) outer(p);
    };
  for_each_slice(
      whole_forest, {.n = options.trees},
      [size](const Slice&, std::span<const std::uint64_t> seed, const View<Cut, 2>& tree,
             std::span<std::uint64_t> nodes, const View<const double, 2>& x) {
        nodes[0] = Grower(x, size, seed[0], {tree.data(), tree.extent(1)}).size();
      },
      in(shared), out(cuts), out(sizes), whole(samples.x));
  for (std::size_t i = 0; i < options.trees; ++i) {
    const std::size_t nodes = std::min<std::size_t>(sizes[i], cuts.extent(1));
    auto tree = tree_of({&cuts(i, 0), nodes}, samples.dimensions());
    if (!tree) throw Error("tine: an isolation forest: what workers wrote was overwritten");
    forest.trees.push_back(*std::move(tree));
  }

  forest.threshold = options.threshold.value_or(0.6);
  if (options.contamination)
    forest.threshold = threshold_of(forest.predict(on, samples).scores, *options.contamination);
  return forest;
}

Outliers IsolationForest::predict(const PoolWith& on, const Samples& samples) const {
  check_dimensions(features, samples);
  const Forest forest(trees);
  const auto steps = on.pool.array_from(forest.steps);
  const auto paths = on.pool.array_from(forest.paths);
  const auto roots = on.pool.array_from(forest.roots);
  // Added up as paths are, so that a sample whose paths are the average has exactly 0.5. Trees of one sample say
  // nothing: 0.
  double average = 0;
  for (std::size_t i = 0; i < trees.size(); ++i)
    average += average_path(static_cast<double>(sample_size));
  Outliers result;
  result.scores = on.pool.array<double>(samples.size());
  for_each_slice(
      on, slices(samples.size(), 0, features.size() * sizeof(double)),
      [average](const Slice&, std::span<double> scores, const View<const double, 2>& x,
                std::span<const Step> s, std::span<const double> p,
                std::span<const Forest::Root> r) {
        sum_paths(scores, x, s, p, r);
        for (double& score : scores) score = std::exp2(average > 0 ? -score / average : -1);
      },
      out(result.scores), in(samples.x), whole(steps), whole(paths), whole(roots));
  result.outliers = above(on, result.scores, threshold);
  return result;
}

std::string IsolationForest::save() const {
  std::vector<std::uint64_t> nodes, cut_features;
  std::vector<double> values;
  for (const Tree& tree : trees) {
    nodes.push_back(tree.size());
    for (const Node& node : tree) {
      cut_features.push_back(node.right == 0 ? features.size() : node.feature);
      values.push_back(node.value);
    }
  }
  return ModelWriter(kind, features)
      .add("sample_size", sample_size)
      .add("threshold", threshold)
      .add("tree_nodes", nodes)
      .add("node_features", cut_features)
      .add("node_values", values)
      .text();
}

IsolationForest IsolationForest::load(std::string_view text) {
  const ModelReader reader(text, kind);
  IsolationForest forest{.features = reader.features(),
                         .sample_size = reader.integer("sample_size"),
                         .trees{},
                         .threshold = reader.real("threshold")};
  const auto sizes = reader.integers("tree_nodes", ModelReader::any_count);
  const auto cut_features = reader.integers("node_features", ModelReader::any_count);
  const auto values = reader.reals("node_values", cut_features.size());
  if (sizes.empty() || forest.sample_size == 0) reader.fail("it has no trees, or no samples");
  if (values.size() > std::numeric_limits<std::uint32_t>::max()) reader.fail("it is too large");
  std::vector<Cut> cuts;
  for (std::size_t i = 0; i < values.size(); ++i) cuts.push_back({values[i], cut_features[i]});
  std::span<const Cut> rest(cuts);
  for (const std::uint64_t size : sizes) {
    if (size > rest.size()) reader.fail("its trees have more nodes than there are");
    auto tree = tree_of(rest.first(size), forest.features.size());
    if (!tree) reader.fail("the nodes of a tree make none");
    forest.trees.push_back(*std::move(tree));
    rest = rest.subspan(size);
  }
  if (!rest.empty()) reader.fail("it has nodes that are of no tree");
  return forest;
}

}  // namespace tine::mining
