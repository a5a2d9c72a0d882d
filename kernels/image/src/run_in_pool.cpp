// Chains in the workers of a pool.
#include <functional>
#include <utility>

#include <tine/for_each_slice.hpp>
#include <tine/reduce.hpp>

#include "arena_mats.hpp"
#include "chain_report.hpp"
#include "run.hpp"

namespace tine::image {

namespace {

Records records_of(const ConstBytes& bytes) {
  return {bytes.data(), bytes.extent(1), bytes.extent(0)};
}

// Over all phases.
std::size_t slices_of(const Stage& stage, const cv::Mat& in) {
  std::size_t count = bands(stage).size();
  if (stage.is_phased())
    for (const Phase& phase : stage.step(0).operation->phases)
      count += count_records(phase, phase_input(stage, in));
  return count;
}

class PoolEngine {
 public:
  PoolEngine(const PoolWith& on, std::size_t slices) : on_(on), report_(on, slices) {}

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
    PhaseInput input = phase_input(stage, in);
    std::array<Array<std::uint8_t, 2>, 2> found;
    for (std::size_t p = 0; p < phases.size(); ++p) {
      const Records r = records(phases[p], input);
      auto made = on_.pool.array<std::uint8_t>(r.count, r.stride);
      for_all(
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
    for_all(
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

  Report finish() { return report_.finish(); }

 private:
  template <class F, class... A>
  Histogram post(const Stage& stage, F kernel, const A&... arguments) {
    if (!stage.counts) {
      for_all(bands(stage), kernel, arguments...);
      return {};
    }
    return report_.run([&](const PoolWith& on) {
      return reduce_slices(on, bands(stage), Histogram{}, std::plus<>{}, kernel, arguments...);
    });
  }

  template <class F, class... A>
  void for_all(const Partition& partition, F kernel, const A&... arguments) {
    report_.run(
        [&](const PoolWith& on) { return for_each_slice(on, partition, kernel, arguments...); });
  }

  const PoolWith& on_;
  ChainReport report_;
  Array<std::uint8_t, 2> newer_, older_;
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
  SharedOutput to(on.pool, out, result, input);
  auto plan = passes(*this, shape, options, on.pool.workers());
  std::size_t slices = 0;
  for (const Pass& pass : plan) slices += slices_of(pass.stage, from.image());
  PoolEngine engine(on, slices);
  run_passes(plan, engine, from.image(), to.image());
  to.finish();
  return engine.finish();
}

}  // namespace tine::image
