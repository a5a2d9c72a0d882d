#include <tine/mining/dbscan.hpp>

#include <cmath>
#include <deque>

#include <tine/job_sequence.hpp>

#include "learn/dbscan_searches.hpp"
#include "learn/model_text.hpp"

namespace tine::mining {

namespace {

/// Samples have this many neighbours, themselves among them, or have not.
class CountVisitor {
 public:
  CountVisitor(const BlocksView& points, double limit, std::size_t least)
      : search_(points), points_(points), limit_(limit), least_(least) {}

  /// Of several samples.
  void find(std::size_t first, std::size_t count, std::uint8_t* core) {
    counts_.fill(0);
    search_.limits.fill(limit_);
    search_.begin(points_.point(first), count);
    search_.run(*this);
    for (std::size_t q = 0; q < count; ++q) core[q] = counts_[q] >= least_;
  }

  bool skip(const BoxNode&) const { return false; }
  bool wants(std::size_t query, std::size_t) const { return search_.limits[query] >= 0; }
  void found(std::size_t query, std::size_t, double) {
    if (++counts_[query] == least_) search_.limits[query] = -1;
  }

 private:
  BlockSearch search_;
  BlocksView points_;
  double limit_;
  std::size_t least_;
  std::array<std::size_t, most_queries> counts_{};
};

/// Calls f(first, count) for the samples of some blocks, several at a time.
template <class F>
void by_several(const Range& blocks, const BlocksView& points, F f) {
  const std::size_t end = std::min(blocks.end * block_points, points.points);
  const std::size_t step = queries_at_a_time(points.dimensions);
  for (std::size_t i = blocks.begin * block_points; i < end; i += step)
    f(i, std::min(step, end - i));
}

/// What is so of all nodes, by what is so of positions.
template <class Of, class Join>
std::uint32_t sum_up(const BlocksView& points, const BoxNode& node, std::span<std::uint32_t> nodes,
                     Of of, Join join) {
  std::uint32_t& result = nodes[node.number];
  if (node.blocks() > 1)
    return result = join(sum_up(points, node.left(), nodes, of, join),
                         sum_up(points, node.right(), nodes, of, join));
  const std::size_t begin = node.first * block_points;
  result = no_core;
  for (std::size_t i = begin; i < std::min(begin + block_points, points.points); ++i)
    result = join(result, of(i));
  return result;
}

[[noreturn]] void throw_damaged() {
  throw Error(
      "tine: what a worker found was damaged: perhaps another kernel writes where it should not");
}

class Clustering {
 public:
  Clustering(const PoolWith& on, const Samples& samples, const DbscanOptions& options)
      : on_(on),
        options_(options),
        blocks_(on, samples.x.view()),
        limit_(options.eps * options.eps),
        core_(on.pool.array<std::uint8_t>(blocks_.blocks(), block_points)),
        of_nodes_(on.pool.array<std::uint32_t>(2 * blocks_.blocks() - 1)),
        components_(samples.size()) {}

  Dbscan run() {
    find_core();
    unite();
    return label();
  }

 private:
  // In a wave of slices, each writes the links that it finds, but no more than there is room for: then the rest
  // comes again, when those are known.
  static constexpr std::size_t wave = 32;
  struct Task {
    Range blocks;
    std::size_t links;  // that were found
  };

  Partition partition() const { return blocks_.partition(blocks_.size() / 256); }
  void tell(std::size_t part, std::size_t done, std::size_t all) const {
    if (options_.progress) options_.progress(part * all + done, 3 * all);
  }
  PoolWith telling(std::size_t part) const {
    PoolWith on = on_;
    if (options_.progress)
      on.policy.progress = [this, part](const Progress& p) { tell(part, p.done, p.slices); };
    return on;
  }

  void find_core() {
    blocks_.run(
        telling(0), partition(),
        [limit = limit_, least = options_.min_points](const Slice& s, const BlocksView& points,
                                                      const View<std::uint8_t, 2>& core) {
          CountVisitor visitor(points, limit, least);
          by_several({s.begin, s.end}, points, [&](std::size_t first, std::size_t count) {
            visitor.find(first, count, core.data() + (first - s.begin * block_points));
          });
        },
        out(core_));
  }

  void unite() {
    const Partition all = partition();
    std::deque<Range> left;
    for (std::size_t i = 0; i < all.size(); ++i)
      left.push_back({all.slice(i).begin, all.slice(i).end});
    const std::size_t room = std::max<std::size_t>(1024, 2 * all.grain * block_points);
    auto links = on_.pool.array<Link>(wave, room);
    while (!left.empty()) {
      std::vector<Task> tasks;
      for (; !left.empty() && tasks.size() < wave; left.pop_front())
        tasks.push_back({left.front(), 0});
      for (const Range& rest : search_wave(tasks, links)) left.push_front(rest);
      tell(1, all.size() - std::min(all.size(), left.size()), all.size());
    }
  }

  /// Returns what is to be searched again.
  std::vector<Range> search_wave(const std::vector<Task>& given, Array<Link, 2>& links) {
    const BlocksView points = blocks_.view();
    const auto components = on_.pool.array_from(components_.flatten());
    sum_up(
        points, points.root(), of_nodes_.view().span(),
        [&](std::size_t i) { return core_.data()[i] != 0 ? components[i] : no_core; },
        [](std::uint32_t a, std::uint32_t b) {
          return a == no_core || a == b ? b : b == no_core ? a : several;
        });
    auto tasks = on_.pool.array_from(given);
    blocks_.run(
        on_, {.n = given.size()},
        [limit = limit_](const Slice&, const BlocksView& blocks, const View<Link, 2>& to,
                         std::span<Task> task, const View<const std::uint8_t, 2>& core,
                         std::span<const std::uint32_t> known,
                         std::span<const std::uint32_t> of_nodes) {
          LinkVisitor visitor(blocks, limit, core.data(), known, of_nodes.data(),
                              {to.data(), to.extent(1)});
          bool room = true;
          Range& range = task[0].blocks;
          for (; room && range.begin < range.end; range.begin += room)
            by_several({range.begin, range.begin + 1}, blocks,
                       [&](std::size_t first, std::size_t count) {
                         room = room && visitor.find(first, count);
                       });
          task[0].links = visitor.found();
        },
        out(links.peek().part(0, 0, given.size())), inout(tasks), whole(core_), whole(components),
        whole(of_nodes_));
    std::vector<Range> rest;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const Task& task = tasks[i];
      if (task.links > links.extent(1) || task.blocks.begin < given[i].blocks.begin)
        throw_damaged();
      for (std::size_t j = 0; j < task.links; ++j) {
        const Link& link = links(i, j);
        if (std::max(link.a, link.b) >= points.points) throw_damaged();
        components_.unite(link.a, link.b);
      }
      if (task.blocks.begin < given[i].blocks.end)
        rest.push_back({task.blocks.begin, given[i].blocks.end});
    }
    return rest;
  }

  Dbscan label() {
    const std::size_t n = blocks_.size();
    const BlocksView points = blocks_.view();
    Dbscan result{.labels = on_.pool.array<std::int32_t>(n),
                  .core = on_.pool.array<std::uint8_t>(n),
                  .clusters = 0};
    auto labels = number(result);
    sum_up(
        points, points.root(), of_nodes_.view().span(),
        [&](std::size_t i) { return labels.data()[i]; },
        [](std::uint32_t a, std::uint32_t b) { return std::min(a, b); });
    auto all = on_.pool.array<std::uint32_t>(blocks_.blocks(), block_points);
    blocks_.run(
        telling(2), partition(),
        [limit = limit_](const Slice& s, const BlocksView& blocks, const View<std::uint32_t, 2>& to,
                         const View<const std::uint32_t, 2>& of_core,
                         std::span<const std::uint32_t> of_nodes) {
          BorderVisitor visitor(blocks, limit, of_core.data(), of_nodes.data());
          by_several({s.begin, s.end}, blocks, [&](std::size_t first, std::size_t count) {
            std::ranges::copy(visitor.find(first, count),
                              to.data() + (first - s.begin * block_points));
          });
        },
        out(all), whole(labels), whole(of_nodes_));
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t of = all.data()[i];
      if (of != no_core && of >= result.clusters) throw_damaged();
      result.labels[points.order[i]] =
          of == no_core ? Dbscan::noise : static_cast<std::int32_t>(of);
    }
    return result;
  }

  /// Clusters of core samples, by their positions; others get no_core.
  Array<std::uint32_t, 2> number(Dbscan& result) {
    const std::size_t n = blocks_.size();
    const auto order = blocks_.order();
    std::vector<std::uint32_t> positions(n), numbers(n, no_core);
    for (std::size_t i = 0; i < n; ++i) positions[order[i]] = static_cast<std::uint32_t>(i);
    const auto components = components_.flatten();
    auto labels = on_.pool.array<std::uint32_t>(blocks_.blocks(), block_points);
    for (std::size_t sample = 0; sample < n; ++sample) {
      const std::uint32_t i = positions[sample];
      result.core[sample] = core_.data()[i] != 0;
      labels.data()[i] = no_core;
      if (core_.data()[i] == 0) continue;
      std::uint32_t& number = numbers[components[i]];
      if (number == no_core) number = static_cast<std::uint32_t>(result.clusters++);
      labels.data()[i] = number;
    }
    return labels;
  }

  const PoolWith on_;
  const DbscanOptions& options_;
  const PointBlocks blocks_;
  const double limit_;
  Array<std::uint8_t, 2> core_;
  Array<std::uint32_t> of_nodes_;
  UnionFind components_;
};

}  // namespace

Dbscan dbscan(const PoolWith& on, const Samples& samples, const DbscanOptions& options) {
  if (!(options.eps > 0) || std::isinf(options.eps))
    throw InvalidArgument("tine: eps is " + std::to_string(options.eps) +
                          ", but should be a distance: positive and finite");
  if (options.min_points == 0)
    throw InvalidArgument("tine: min_points is 0, but should be 1 at least, for the sample itself");
  check_samples(on, samples);
  if (samples.size() > std::numeric_limits<std::int32_t>::max())
    throw SampleError("tine: dbscan is for at most 2^31 - 1 samples, not " +
                      std::to_string(samples.size()));
  PoolWith whole_or_nothing = on;
  whole_or_nothing.policy.on_failure = OnFailure::fail;
  return Clustering(whole_or_nothing, samples, options).run();
}

}  // namespace tine::mining
