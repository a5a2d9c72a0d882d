// Jobs whose results are known bit by bit, so that a fault in them cannot go unseen.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include <tine/tine.hpp>

namespace tine_test {

constexpr std::uint64_t mixed(std::uint64_t v) {
  v = (v ^ v >> 31) * 0x9e3779b97f4a7c15;
  return (v ^ v >> 29) * 0xbf58476d1ce4e5b9 + 1;
}

/// What a kernel does in the middle of a slice unless it shall do something else.
struct Nothing {
  void operator()(const tine::Slice&) const {}
};

/// Three jobs, one per kind of access that is put right after a death.
class Workload {
 public:
  Workload(tine::Pool& pool, std::size_t n, std::size_t grain)
      : pool_(pool), partition_(tine::slices(n, grain)), x_(pool.array<std::uint64_t>(n)) {
    std::iota(x_.begin(), x_.end(), std::uint64_t{1});
    before_.assign(x_.begin(), x_.end());
    for (const std::uint64_t v : before_) {
      after_.push_back(mixed(v));
      sum_ += static_cast<double>(v) / 3;
    }
  }

  /// y = f(x), into memory that held something else.
  template <class F = Nothing>
  tine::Report out(const tine::Policy& policy = {}, F middle = {}) {
    auto y = pool_.array<std::uint64_t>(x_.size());
    const tine::Report report = tine::for_each_slice(
        pool_.with(policy), partition_,
        [middle](const tine::Slice& s, std::span<const std::uint64_t> in,
                 std::span<std::uint64_t> out) {
          // Not idempotent: right only when a slice begins with zeros.
          for (std::size_t i = 0; i < in.size(); ++i) {
            if (i == in.size() / 2) middle(s);
            out[i] += mixed(in[i]);
          }
        },
        tine::in(x_), tine::out(y));
    EXPECT_EQ(std::vector<std::uint64_t>(y.begin(), y.end()), after_);
    return report;
  }

  /// x = f(x), and back again.
  template <class F = Nothing>
  tine::Report inout(const tine::Policy& policy = {}, F middle = {}) {
    const tine::Report report = tine::for_each_slice(
        pool_.with(policy), partition_,
        [middle](const tine::Slice& s, std::span<std::uint64_t> part) {
          for (std::size_t i = 0; i < part.size(); ++i) {
            if (i == part.size() / 2) middle(s);
            part[i] = mixed(part[i]);
          }
        },
        tine::inout(x_));
    EXPECT_EQ(std::vector<std::uint64_t>(x_.begin(), x_.end()), after_);
    reset();
    return report;
  }

  /// A sum of doubles, which has other bits in any other order.
  template <class F = Nothing>
  tine::Report reduce(const tine::Policy& policy = {}, F middle = {}) {
    tine::Report report;
    tine::Policy with_report = policy;
    with_report.report = &report;
    struct Sums {
      double sum;
      std::uint64_t order;  // of the slices
    };
    const Sums result = tine::reduce_slices(
        pool_.with(with_report), partition_, Sums{0, 0},
        [](Sums a, Sums b) {
          return Sums{a.sum + b.sum, a.order == 0 ? b.order : mixed(a.order) ^ b.order};
        },
        [middle](const tine::Slice& s, std::span<const std::uint64_t> in) {
          double sum = 0;
          for (std::size_t i = 0; i < in.size(); ++i) {
            if (i == in.size() / 2) middle(s);
            sum += static_cast<double>(in[i]) / 3;
          }
          return Sums{sum, s.index + 1};
        },
        tine::in(x_));
    if (first_order_ == 0) {
      // Whatever the bits are: they have to be the same every time.
      first_sum_ = result.sum;
      first_order_ = result.order;
      EXPECT_NEAR(result.sum, sum_, 1e-6 * sum_);
    }
    EXPECT_EQ(result.sum, first_sum_);
    EXPECT_EQ(result.order, first_order_);
    return report;
  }

  double sum() const { return first_sum_; }
  void reset() { std::copy(before_.begin(), before_.end(), x_.begin()); }
  /// Whether every slice of x is as it was before the job, or as after it.
  bool each_slice_is_whole() {
    for (std::size_t i = 0; i < partition_.size(); ++i) {
      const tine::Slice s = partition_.slice(i);
      auto same = [&](const std::vector<std::uint64_t>& values) {
        return std::equal(x_.begin() + s.begin, x_.begin() + s.end, values.begin() + s.begin);
      };
      if (!same(before_) && !same(after_)) return false;
    }
    return true;
  }

 private:
  tine::Pool& pool_;
  tine::Partition partition_;
  tine::Array<std::uint64_t> x_;
  std::vector<std::uint64_t> before_, after_;
  double sum_ = 0, first_sum_ = 0;
  std::uint64_t first_order_ = 0;
};

/// Makes pools and runs jobs for as long as it is let.
[[noreturn]] inline void work_for_ever(bool with_deaths) {
  for (;;) {
    tine::Pool pool({.workers = 3});
    auto x = pool.array<int>(100'000);
    for (int i = 0; i < 20; ++i)
      tine::for_each_slice(pool.with({.attempts = 60}), tine::slices(x.size(), 5000),
                           [with_deaths](tine::Slice s, std::span<int> part) {
                             for (int& v : part) v += 1;
                             if (with_deaths && s.index == 3 && getpid() % 2 == 0) raise(SIGKILL);
                           },
                           tine::inout(x));
  }
}

}  // namespace tine_test
