// Chains in the workers of a pool.
#include <functional>
#include <utility>
#include <vector>

#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/reduce.hpp>

#include "arena_mats.hpp"
#include "run.hpp"

namespace tine::image {

namespace {

Records records_of(const ConstBytes& bytes) {
  return {bytes.data(), bytes.extent(1), bytes.extent(0)};
}

// Of all jobs; those that make an image from what the last phases have found are there with `finish`.
std::size_t count_slices(const std::vector<Pass>& plan, bool finish) {
  std::size_t count = 0;
  for (const Pass& pass : plan) {
    const Stage& stage = pass.stage;
    if (finish || &pass != &plan.back()) count += bands(stage).size();
    if (!stage.is_phased()) continue;
    std::uint8_t pixels = 0;  // of which nobody asks more than how many there are
    const cv::Mat image(stage.input.rows, stage.input.columns, stage.input.type, &pixels);
    for (const Phase& phase : stage.step(0).operation->phases)
      count += count_records(phase, phase_input(stage, image));
  }
  return count;
}

class PoolEngine {
 public:
  PoolEngine(const PoolWith& on, std::size_t slices) : on_(on), jobs_(on, slices) {}

  cv::Mat buffer(const Shape& shape) {
    older_ = std::exchange(newer_, array_for(on_.pool, shape));
    return {shape.rows, shape.columns, shape.type, newer_.peek().data()};
  }

  Histogram run(const Stage& stage, const cv::Mat& in, cv::Mat& out) {
    const auto shared = share(on_.pool, stage);
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
    const auto shared = share(on_.pool, stage);
    const auto phases = stage.step(0).operation->phases;
    found_ = phase_input(stage, in);
    memory_ = {};
    for (std::size_t p = 0; p < phases.size(); ++p) {
      const Records r = records(phases[p], found_);
      auto made = on_.pool.array<std::uint8_t>(r.count, r.stride);
      for_all(
          {.n = r.count},
          [p](const Slice& s, std::span<const Stage> st, const ConstBytes& from,
              const ConstBytes& found_first, const Bytes& record) {
            PhaseInput sees = phase_input(st[0], mat_of(from, st[0].input));
            sees.found[0] = records_of(found_first);
            st[0].step(0).operation->phases[p].run(sees, s.begin, record.data());
          },
          tine::whole(shared), tine::whole(bytes_of(in)), tine::whole(memory_[0]), tine::out(made));
      memory_[p] = std::move(made);
      found_.found[p] = {memory_[p].peek().data(), r.stride, r.count};
    }
    if (out.empty()) return;
    for_all(
        bands(stage),
        [](const Slice& s, std::span<const Stage> st, const ConstBytes& from,
           const ConstBytes& found_first, const ConstBytes& found_second, const Bytes& to) {
          PhaseInput sees = phase_input(st[0], mat_of(from, st[0].input));
          sees.found = {records_of(found_first), records_of(found_second)};
          cv::Mat part = mat_of(to, st[0].output);
          st[0].step(0).operation->finish(sees, {s.begin, s.end}, part);
        },
        tine::whole(shared), tine::whole(bytes_of(in)), tine::whole(memory_[0]),
        tine::whole(memory_[1]), tine::out(bytes_of(out)));
  }

  /// By the phases that ran last.
  const PhaseInput& found() const { return found_; }

  Report finish() { return jobs_.finish(); }

 private:
  template <class F, class... A>
  Histogram post(const Stage& stage, F kernel, const A&... arguments) {
    if (!stage.counts) {
      for_all(bands(stage), kernel, arguments...);
      return {};
    }
    return jobs_.run([&](const PoolWith& on) {
      return reduce_slices(on, bands(stage), Histogram{}, std::plus<>{}, kernel, arguments...);
    });
  }

  template <class F, class... A>
  void for_all(const Partition& partition, F kernel, const A&... arguments) {
    jobs_.run(
        [&](const PoolWith& on) { return for_each_slice(on, partition, kernel, arguments...); });
  }

  const PoolWith& on_;
  JobSequence jobs_;
  Array<std::uint8_t, 2> newer_, older_;
  PhaseInput found_{};
  std::array<Array<std::uint8_t, 2>, 2> memory_;
};

}  // namespace

Report Chain::operator()(const PoolWith& on, const cv::Mat& in, cv::Mat& out,
                         const ChainOptions& options) const {
  const Shape shape{in.rows, in.cols, in.type()};
  const Shape result = output(shape);
  const cv::Mat input = in;  // keeps its memory, should `out` be the same Mat
  if (input.empty()) {
    out.create(result.rows, result.columns, result.type);
    return {};
  }
  const SharedInput from(on.pool, input);
  const SharedChain shared(on.pool, *this);
  SharedOutput to(on.pool, out, result, input);
  auto plan = passes(shared.chain(), shape, options, on.pool.workers());
  PoolEngine engine(on, count_slices(plan, true));
  run_passes(plan, engine, from.image(), to.image());
  to.finish();
  return engine.finish();
}

Table Chain::list(const PoolWith& on, const cv::Mat& in, const ChainOptions& options) const {
  require_list(*this);
  const Shape shape{in.rows, in.cols, in.type()};
  output(shape);
  if (in.empty()) return {};
  const SharedInput from(on.pool, in);
  const SharedChain shared(on.pool, *this);
  auto plan = passes(shared.chain(), shape, options, on.pool.workers());
  PoolEngine engine(on, count_slices(plan, false));
  cv::Mat none;
  run_passes(plan, engine, from.image(), none);
  engine.finish();
  return steps_.back().operation->list(engine.found());
}

}  // namespace tine::image
