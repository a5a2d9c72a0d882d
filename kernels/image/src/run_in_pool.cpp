// Chains in the workers of a pool.
#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include <tine/for_each_slice.hpp>
#include <tine/reduce.hpp>

#include "run.hpp"

namespace tine::image {

namespace {

using Bytes = View<std::uint8_t, 2>;
using ConstBytes = View<const std::uint8_t, 2>;
using Clock = std::chrono::steady_clock;

Bytes bytes_of(const cv::Mat& mat) {
  const std::size_t row_bytes = mat.elemSize() * static_cast<std::size_t>(mat.cols);
  return {mat.data,
          {static_cast<std::size_t>(mat.rows), row_bytes},
          {mat.rows > 1 ? mat.step[0] : row_bytes, 1}};
}

cv::Mat mat_of(const ConstBytes& bytes, const Shape& shape) {
  return {static_cast<int>(bytes.extent(0)), shape.columns, shape.type,
          const_cast<std::uint8_t*>(bytes.data()), bytes.stride(0)};
}

Records records_of(const ConstBytes& bytes) {
  return {bytes.data(), bytes.extent(1), bytes.extent(0)};
}

Array<std::uint8_t, 2> array_for(Pool& pool, const Shape& shape) {
  return pool.array<std::uint8_t>(
      shape.rows, CV_ELEM_SIZE(shape.type) * static_cast<std::size_t>(shape.columns));
}

bool overlap(const cv::Mat& a, const cv::Mat& b) {
  return !a.empty() && !b.empty() && a.datastart < b.dataend && b.datastart < a.dataend;
}

// Over all phases. How many records a later phase makes does not depend on what an earlier found.
std::size_t slices_of(const Stage& stage, const cv::Mat& in) {
  std::size_t count = bands(stage).size();
  if (stage.is_phased())
    for (const Phase& phase : stage.step(0).operation->phases)
      count += records(phase, phase_input(stage, in)).count;
  return count;
}

class PoolEngine {
 public:
  PoolEngine(const PoolWith& on, std::size_t slices) : on_(on), slices_(slices) {}

  cv::Mat buffer(const Shape& shape) {
    older_ = std::exchange(newer_, array_for(on_.pool, shape));
    return {shape.rows, shape.columns, shape.type, newer_.peek().data()};
  }

  // The stage travels in shared memory, not in the kernel's captures: it holds numbers of every
  // kind, and tine looks at captures for what might be a pointer.
  Histogram run(const Stage& stage, const cv::Mat& in, cv::Mat& out) {
    const auto shared = share(stage);
    if (stage.anywhere)
      return post(
          stage,
          [](const Slice& s, std::span<const Stage> st, const ConstBytes& from, const Bytes& to) {
            cv::Mat part = mat_of(to, st[0].output);
            return run_band(st[0], mat_of(from, st[0].input), 0, {s.begin, s.end}, part);
          },
          tine::whole(shared), tine::whole(bytes_of(in)), tine::out(bytes_of(out)));
    if (out.empty())
      return post(
          stage,
          [](const Slice& s, std::span<const Stage> st, const ConstBytes& from) {
            cv::Mat none;
            return run_band(st[0], mat_of(from, st[0].input), s.outer.begin, {s.begin, s.end},
                            none);
          },
          tine::whole(shared), tine::in(bytes_of(in)));
    return post(
        stage,
        [](const Slice& s, std::span<const Stage> st, const ConstBytes& from, const Bytes& to) {
          cv::Mat part = mat_of(to, st[0].output);
          return run_band(st[0], mat_of(from, st[0].input), s.outer.begin, {s.begin, s.end}, part);
        },
        tine::whole(shared), tine::in(bytes_of(in)), tine::out(bytes_of(out)));
  }

  void run_phases(const Stage& stage, const cv::Mat& in, cv::Mat& out) {
    const auto shared = share(stage);
    const auto phases = stage.step(0).operation->phases;
    PhaseInput input = phase_input(stage, in);
    std::array<Array<std::uint8_t, 2>, 2> found;
    for (std::size_t p = 0; p < phases.size(); ++p) {
      const Records r = records(phases[p], input);
      auto made = on_.pool.array<std::uint8_t>(r.count, r.stride);
      add_report(
          {.n = r.count},
          [p](const Slice& s, std::span<const Stage> st, const ConstBytes& from,
              const ConstBytes& found_first, const Bytes& record) {
            PhaseInput sees = phase_input(st[0], mat_of(from, st[0].input));
            sees.found[0] = records_of(found_first);
            st[0].step(0).operation->phases[p].run(sees, s.begin, record.data());
          },
          tine::whole(shared), tine::whole(bytes_of(in)), tine::whole(found[0]), tine::out(made));
      found[p] = std::move(made);
      input.found[p] = {found[p].peek().data(), r.stride, r.count};
    }
    add_report(
        bands(stage),
        [](const Slice& s, std::span<const Stage> st, const ConstBytes& from,
           const ConstBytes& found_first, const ConstBytes& found_second, const Bytes& to) {
          PhaseInput sees = phase_input(st[0], mat_of(from, st[0].input));
          sees.found = {records_of(found_first), records_of(found_second)};
          cv::Mat part = mat_of(to, st[0].output);
          st[0].step(0).operation->finish(sees, {s.begin, s.end}, part);
        },
        tine::whole(shared), tine::whole(bytes_of(in)), tine::whole(found[0]),
        tine::whole(found[1]), tine::out(bytes_of(out)));
  }

  Report take_report() { return std::move(report_); }

 private:
  Array<Stage, 1> share(const Stage& stage) const {
    auto shared = on_.pool.array<Stage>(1);
    shared[0] = stage;
    return shared;
  }

  template <class F, class... A>
  Histogram post(const Stage& stage, F kernel, const A&... arguments) {
    if (!stage.counts) {
      add_report(bands(stage), kernel, arguments...);
      return {};
    }
    Report report;
    const PoolWith on(on_.pool, policy(report));
    const Histogram histogram =
        reduce_slices(on, bands(stage), Histogram{}, std::plus<>{}, kernel, arguments...);
    report_.append(report);
    return histogram;
  }

  template <class F, class... A>
  void add_report(const Partition& partition, F kernel, const A&... arguments) {
    Report report;
    const PoolWith on(on_.pool, policy(report));
    report_.append(for_each_slice(on, partition, kernel, arguments...));
  }

  // The caller's policy, for the chain as a whole.
  Policy policy(Report& report) const {
    Policy policy = on_.policy;
    policy.report = &report;
    if (policy.job_deadline.count() > 0)
      policy.job_deadline = std::max<std::chrono::nanoseconds>(
          std::chrono::nanoseconds(1), policy.job_deadline - (Clock::now() - start_));
    if (policy.progress)
      policy.progress = [this](const Progress& pass) {
        on_.policy.progress({.done = report_.done + pass.done,
                             .slices = slices_,
                             .faults = report_.faults.size() + pass.faults});
      };
    return policy;
  }

  const PoolWith& on_;
  std::size_t slices_;
  Report report_;
  Clock::time_point start_ = Clock::now();
  Array<std::uint8_t, 2> newer_, older_;
};

}  // namespace

Report Chain::operator()(const PoolWith& on, const cv::Mat& in, cv::Mat& out,
                         const ChainOptions& options) const {
  const Shape shape{in.rows, in.cols, in.type()};
  const Shape result = output(shape);
  const cv::Mat input = in;  // keeps its memory, should `out` be the same Mat
  if (!overlap(in, out)) out.create(result.rows, result.columns, result.type);
  if (input.empty()) {
    out.create(result.rows, result.columns, result.type);
    return {};
  }

  const auto& arena = on.pool.arena();
  Array<std::uint8_t, 2> in_memory, out_memory;
  cv::Mat from = input, to = out;
  if (!arena->contains(input.data)) {
    in_memory = array_for(on.pool, shape);
    from = cv::Mat(shape.rows, shape.columns, shape.type, in_memory.peek().data());
    input.copyTo(cv::Mat(shape.rows, shape.columns, shape.type, in_memory.data()));
  }
  if (!arena->contains(out.data) || overlap(input, out)) {
    out_memory = array_for(on.pool, result);
    to = cv::Mat(result.rows, result.columns, result.type, out_memory.peek().data());
  }

  auto plan = passes(*this, shape, options, on.pool.workers());
  std::size_t slices = 0;
  for (const Pass& pass : plan) slices += slices_of(pass.stage, from);
  PoolEngine engine(on, slices);
  run_passes(plan, engine, from, to);
  if (!out_memory.empty()) to.copyTo(out);
  Report report = engine.take_report();
  if (on.policy.report != nullptr) *on.policy.report = report;
  return report;
}

}  // namespace tine::image
