#include "chaos/jobs.hpp"

#include <algorithm>
#include <cstring>

#include <tine/spmd.hpp>

#include "chaos/fate.hpp"

namespace chaos {

using tine_test::mixed;

bool Kind::allowed(const Plan& plan, const End& end) const {
  bool poison = false, thrower = false;
  for (std::size_t i = 0; i < plan.slices; ++i) {
    poison = poison || plan.poison(i);
    thrower = thrower || plan.thrower(i);
  }
  switch (end.outcome) {
    case Outcome::finished:
      return !(plan.scene == Scene::fails && poison) &&
             !(thrower && !plan.policy.retry_exceptions) &&
             (end.report.quarantined.empty() || plan.scene == Scene::quarantines ||
              plan.scene == Scene::hopeless);
    case Outcome::slice_failed:
      return plan.scene == Scene::fails || plan.scene == Scene::hopeless;
    case Outcome::workers_lost:
      return (plan.scene == Scene::hopeless || plan.scene == Scene::quarantines) &&
             end.report.done == 0;
    case Outcome::kernel_error:
      return thrower;
    case Outcome::cancelled:
      return plan.scene == Scene::cancelled;
    case Outcome::overdue:
      return plan.scene == Scene::overdue;
    default:
      return false;
  }
}

template <class T>
void judge(const tine::Partition& partition, std::size_t row, const T* got,
           const Contents<T>& expected, bool partly, const End& end, Findings& findings) {
  std::vector<bool> left_out(partition.size());
  std::size_t quarantined = 0;
  for (const tine::SliceRange& range : end.report.quarantined)
    for (std::size_t i = range.begin; i < range.end; ++i, ++quarantined) left_out[i] = true;
  const bool finished = end.outcome == Outcome::finished;
  std::size_t done = 0, untouched = 0, twice = 0, other = 0, wrongly_left_out = 0;
  for (std::size_t i = 0; i < partition.size(); ++i) {
    const tine::Slice slice = partition.slice(i);
    const std::size_t first = slice.begin * row, count = slice.size() * row;
    auto is = [&](const std::vector<T>& what) {
      return std::memcmp(got + first, what.data() + first, count * sizeof(T)) == 0;
    };
    const bool before = is(expected.before);
    if (left_out[i])
      wrongly_left_out += !before;
    else if (is(expected.once))
      ++done;
    else if (before)
      ++untouched;
    else if (is(expected.twice))
      ++twice;
    else
      ++other;
  }
  findings.add(findings.wrong, wrongly_left_out, "quarantined slices do not hold their originals");
  findings.add(findings.duplicated, twice, "slices were done twice");
  if (finished || !partly) findings.add(findings.wrong, other, "slices hold other bytes");
  if (finished) {
    findings.add(findings.lost, untouched, "slices were left out");
    findings.add(findings.lost,
                 end.report.done + quarantined == partition.size() ? 0 : partition.size(),
                 "the report does not count all slices");
  }
  const std::size_t written = done + twice + other;
  if (written < end.report.done)
    findings.add(findings.lost, end.report.done - written,
                 "slices are reported as done and are not");
  if (!partly && done > end.report.done)
    findings.add(findings.wrong, done - end.report.done, "slices are done that are not reported");
}
template void judge(const tine::Partition&, std::size_t, const std::uint64_t*,
                    const Contents<std::uint64_t>&, bool, const End&, Findings&);
template void judge(const tine::Partition&, std::size_t, const std::uint8_t*,
                    const Contents<std::uint8_t>&, bool, const End&, Findings&);

namespace {

using Word = std::uint64_t;
constexpr std::size_t most_elements = most_slices * longest_slice;

// Input, other in each job.
Word input(const Plan& plan, std::size_t i) {
  return mixed(plan.job) + i;
}

class Out : public Kind {
 public:
  explicit Out(tine::Pool& pool)
      : x_(pool.array<Word>(most_elements)), y_(pool.array<Word>(most_elements)) {}
  const char* name() const override { return "out"; }
  void prepare(const Plan& plan) override {
    partition_ = tine::slices(plan.size(), plan.length);
    expected_ = {};
    for (std::size_t i = 0; i < plan.size(); ++i) {
      x_[i] = input(plan, i);
      y_[i] = 0;
      expected_.before.push_back(0);
      expected_.once.push_back(mixed(x_[i]));
      expected_.twice.push_back(2 * mixed(x_[i]));
    }
  }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    tine::for_each_slice(
        on, partition_,
        [job = plan.job](const tine::Slice& s, std::span<const Word> in, std::span<Word> out) {
          const Fate fate(job, s);
          for (std::size_t i = 0; i < in.size(); ++i) {
            fate.before(i);
            out[i] += mixed(in[i]);  // right only when the slice begins with zeros
          }
        },
        tine::in(x_.view().part(0, 0, plan.size())), tine::out(y_.view().part(0, 0, plan.size())));
  }
  void check(const Plan&, const End& end, Findings& findings) override {
    judge(partition_, 1, y_.data(), expected_, true, end, findings);
  }

 protected:
  tine::Array<Word> x_, y_;
  tine::Partition partition_;
  Contents<Word> expected_;
};

class Halo : public Out {
 public:
  using Out::Out;
  const char* name() const override { return "rows with halo"; }
  void prepare(const Plan& plan) override {
    const std::size_t n = plan.size();
    partition_ = tine::rows(n, sizeof(Word), 1, plan.length);
    expected_ = {};
    for (std::size_t i = 0; i < n; ++i) {
      x_[i] = input(plan, i);
      y_[i] = 0;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const Word v = mixed((i > 0 ? x_[i - 1] : 0) + 3 * x_[i] + 5 * (i + 1 < n ? x_[i + 1] : 0));
      expected_.before.push_back(0);
      expected_.once.push_back(v);
      expected_.twice.push_back(2 * v);
    }
  }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    tine::for_each_slice(
        on, partition_,
        [job = plan.job](const tine::Slice& s, std::span<const Word> in, std::span<Word> out) {
          const Fate fate(job, s);
          auto at = [&](std::size_t i) {
            return i - s.outer.begin < in.size() ? in[i - s.outer.begin] : 0;
          };
          for (std::size_t i = s.begin; i < s.end; ++i) {
            fate.before(i - s.begin);
            out[i - s.begin] += mixed(at(i - 1) + 3 * at(i) + 5 * at(i + 1));
          }
        },
        tine::in(x_.view().part(0, 0, plan.size())), tine::out(y_.view().part(0, 0, plan.size())));
  }
};

class InOut : public Kind {
 public:
  explicit InOut(tine::Pool& pool) : x_(pool.array<Word>(most_elements)) {}
  const char* name() const override { return "inout"; }
  void prepare(const Plan& plan) override {
    partition_ = tine::slices(plan.size(), plan.length);
    expected_ = {};
    for (std::size_t i = 0; i < plan.size(); ++i) {
      x_[i] = input(plan, i);
      expected_.before.push_back(x_[i]);
      expected_.once.push_back(mixed(x_[i]));
      expected_.twice.push_back(mixed(mixed(x_[i])));
    }
  }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    tine::for_each_slice(
        on, partition_,
        [job = plan.job](const tine::Slice& s, std::span<Word> part) {
          const Fate fate(job, s);
          for (std::size_t i = 0; i < part.size(); ++i) {
            fate.before(i);
            part[i] = mixed(part[i]);
          }
        },
        tine::inout(x_.view().part(0, 0, plan.size())));
  }
  void check(const Plan&, const End& end, Findings& findings) override {
    judge(partition_, 1, x_.data(), expected_, false, end, findings);
  }

 private:
  tine::Array<Word> x_;
  tine::Partition partition_;
  Contents<Word> expected_;
};

// A hash of all elements in their order: its operator is associative and does not commute.
class Reduction : public Kind {
 public:
  explicit Reduction(tine::Pool& pool) : x_(pool.array<Word>(most_elements)) {}
  const char* name() const override { return "reduce"; }
  void prepare(const Plan& plan) override {
    partition_ = tine::slices(plan.size(), plan.length);
    for (std::size_t i = 0; i < plan.size(); ++i) x_[i] = input(plan, i);
  }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    result_ = tine::reduce_slices(
        on, partition_, Hash{1, 1}, joined,
        [job = plan.job](const tine::Slice& s, std::span<const Word> in) {
          const Fate fate(job, s);
          Hash hash{0, 1};
          for (std::size_t i = 0; i < in.size(); ++i) {
            fate.before(i);
            hash = joined(hash, {mixed(in[i]), base});
          }
          return hash;
        },
        tine::in(x_.view().part(0, 0, plan.size())));
  }
  void check(const Plan&, const End& end, Findings& findings) override {
    if (end.outcome != Outcome::finished) return;
    std::vector<bool> left_out(partition_.size());
    for (const tine::SliceRange& range : end.report.quarantined)
      std::fill(left_out.begin() + static_cast<std::ptrdiff_t>(range.begin),
                left_out.begin() + static_cast<std::ptrdiff_t>(range.end), true);
    Hash expected{1, 1};
    for (std::size_t i = 0; i < partition_.size(); ++i) {
      const tine::Slice s = partition_.slice(i);
      for (std::size_t k = s.begin; k < s.end && !left_out[i]; ++k)
        expected = joined(expected, {mixed(x_[k]), base});
    }
    findings.add(findings.wrong, expected.sum != result_.sum || expected.power != result_.power,
                 "a reduction has other bits");
  }

 private:
  struct Hash {
    Word sum;
    Word power;  // of the base, by the number of elements
  };
  static constexpr Word base = 0x9e3779b97f4a7c15;
  static constexpr auto joined = [](Hash a, Hash b) {
    return Hash{a.sum * b.power + b.sum, a.power * b.power};
  };

  tine::Array<Word> x_;
  tine::Partition partition_;
  Hash result_{};
};

// Tasks of which each changes its own cells and reads those of the one before it, and of one farther back.
class Graph : public Kind {
 public:
  explicit Graph(tine::Pool& pool) : x_(pool.array<Word>(most_elements)) {}
  const char* name() const override { return "graph"; }
  void prepare(const Plan& plan) override {
    const std::size_t n = plan.size();
    partition_ = tine::slices(n, plan.length);
    expected_ = {};
    for (std::size_t i = 0; i < n; ++i) {
      x_[i] = input(plan, i);
      expected_.before.push_back(x_[i]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      const Word seen = seen_by(partition_.slice(i / plan.length), expected_.once);
      expected_.once.push_back(mixed(x_[i]) + seen);
      expected_.twice.push_back(mixed(mixed(x_[i]) + seen) + seen);
    }
  }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    const auto x = x_.view().part(0, 0, plan.size());
    tine::TaskGraph<tine::Slice> graph;
    for (std::size_t i = 0; i < partition_.size(); ++i) {
      const auto cells = [&](std::size_t task) {
        const tine::Slice s = partition_.slice(task);
        return x.part(0, s.begin, s.size());
      };
      if (i == 0)
        graph.add(partition_.slice(i), tine::inout(cells(i)));
      else
        graph.add(partition_.slice(i), tine::in(cells(i - 1)), tine::in(cells(i / 2)),
                  tine::inout(cells(i)));
    }
    tine::run(
        on, graph,
        [job = plan.job](const tine::Slice& s, const tine::View<Word>& all) {
          const Fate fate(job, s);
          const Word seen = seen_by(s, all);
          for (std::size_t i = s.begin; i < s.end; ++i) {
            fate.before(i - s.begin);
            all[i] = mixed(all[i]) + seen;
          }
        },
        tine::inout(x));
  }
  // Nothing is left out: what follows would be wrong.
  bool allowed(const Plan& plan, const End& end) const override {
    Plan fails = plan;
    if (plan.scene == Scene::quarantines) fails.scene = Scene::fails;
    return Kind::allowed(fails, end);
  }
  void check(const Plan&, const End& end, Findings& findings) override {
    judge(partition_, 1, x_.data(), expected_, false, end, findings);
  }

 private:
  // The last cell of the task before it, and the first of another one.
  template <class X>
  static Word seen_by(const tine::Slice& s, const X& x) {
    if (s.index == 0) return 0;
    const std::size_t length = s.begin / s.index;
    return 3 * x[s.begin - 1] + 5 * x[s.index / 2 * length];
  }

  tine::Array<Word> x_;
  tine::Partition partition_;
  Contents<Word> expected_;
};

// Members that read each other's words after a barrier, several times.
class Members : public Kind {
 public:
  explicit Members(tine::Pool& pool)
      : size_(pool.workers()), x_(pool.array<Word>(2 * size_)), y_(pool.array<Word>(size_)) {}
  const char* name() const override { return "spmd"; }
  void prepare(const Plan&) override { std::fill(y_.begin(), y_.end(), 0); }
  void post(const tine::PoolWith& on, const Plan& plan) override {
    tine::spmd(on, [job = plan.job, x = x_.view(), y = y_.view()](tine::Team team) {
      Word own = job + team.rank();
      for (unsigned phase = 0; phase < phases; ++phase) {
        if (phase == phases / 2)
          Fate(job, {team.rank(), team.size(), team.rank(), team.rank() + 1, {}, {}, {}}).before(0);
        const std::size_t half = phase % 2 * team.size();
        x[half + team.rank()] = mixed(own);
        team.barrier();
        for (unsigned i = 0; i < team.size(); ++i) own = own * 31 + x[half + i];
      }
      y[team.rank()] = own;
    });
  }
  bool allowed(const Plan& plan, const End& end) const override {
    if (end.outcome == Outcome::broken_barrier)
      return std::any_of(end.report.faults.begin(), end.report.faults.end(),
                         [](const auto& fault) { return fault.cause != tine::Cause::exception; });
    if (end.outcome == Outcome::workers_lost) return false;
    return end.outcome == Outcome::finished || end.outcome == Outcome::slice_failed ||
           end.outcome == Outcome::kernel_error || Kind::allowed(plan, end);
  }
  void check(const Plan& plan, const End& end, Findings& findings) override {
    if (end.outcome != Outcome::finished) return;
    std::vector<Word> own(size_), x(size_);
    for (unsigned i = 0; i < size_; ++i) own[i] = plan.job + i;
    for (unsigned phase = 0; phase < phases; ++phase) {
      for (unsigned i = 0; i < size_; ++i) x[i] = mixed(own[i]);
      for (Word& o : own)
        for (const Word v : x) o = o * 31 + v;
    }
    findings.add(findings.wrong, !std::equal(own.begin(), own.end(), y_.begin()),
                 "members of a team have other results");
  }

 private:
  static constexpr unsigned phases = 5;
  unsigned size_;
  tine::Array<Word> x_, y_;
};

}  // namespace

std::vector<std::unique_ptr<Kind>> make_kinds(tine::Pool& pool) {
  std::vector<std::unique_ptr<Kind>> kinds;
  kinds.push_back(std::make_unique<Out>(pool));
  kinds.push_back(std::make_unique<InOut>(pool));
  kinds.push_back(std::make_unique<Reduction>(pool));
  kinds.push_back(std::make_unique<Halo>(pool));
  kinds.push_back(std::make_unique<Graph>(pool));
  kinds.push_back(std::make_unique<Members>(pool));
  add_image_kinds(pool, kinds);
  return kinds;
}

}  // namespace chaos
