// Chains on images of which only some rows are in memory.
//
// All steps of a chain are one stage here, also where a global operation separates them: its
// numbers are found by a pass over the input that only counts, and what comes before it is computed
// again in the next pass, which costs less than keeping it in a file.
#include <tine/image/stream.hpp>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/reduce.hpp>

#include "arena_mats.hpp"
#include "run.hpp"

namespace tine::image {

namespace {

// The rows of a stage's output are made in chunks; a window of its input moves along with them.
struct Plan {
  std::size_t chunk = 0;   // rows of the output
  std::size_t window = 0;  // rows of the input that the largest chunk is made from
  bool in_order = true;    // whether no row is needed again after the window has passed it
};

Partition chunks(const Stage& stage, const Plan& plan) {
  return {.n = static_cast<std::size_t>(stage.output.rows), .grain = plan.chunk};
}

Partition bands_of(const Stage& stage, const Slice& chunk) {
  return {.n = chunk.size(), .grain = static_cast<std::size_t>(stage.band_rows)};
}

std::size_t bytes(const Stage& stage, const Plan& plan) {
  return plan.window * row_bytes(stage.input) + plan.chunk * row_bytes(stage.output);
}

Plan plan_for(const Stage& stage, std::size_t chunk) {
  Plan plan{.chunk = chunk};
  std::size_t last = 0;
  for (std::size_t i = 0; i < chunks(stage, plan).size(); ++i) {
    const Slice want = chunks(stage, plan).slice(i);
    const Range need = source_rows(stage, {want.begin, want.end});
    plan.in_order = plan.in_order && need.begin >= last;
    plan.window = std::max(plan.window, need.size());
    last = need.begin;
  }
  return plan;
}

// The largest chunks that fit.
Plan plan_for_memory(const Stage& stage, std::size_t memory) {
  auto chunk = static_cast<std::size_t>(stage.output.rows);
  Plan plan = plan_for(stage, chunk);
  while (bytes(stage, plan) > memory && chunk > 1) {
    chunk = (chunk + 1) / 2;
    plan = plan_for(stage, chunk);
  }
  if (bytes(stage, plan) > memory)
    throw InvalidArgument("tine::image: there are " + std::to_string(memory >> 20) +
                          " MiB for the rows of the image; the chain needs at least " +
                          std::to_string((bytes(stage, plan) >> 20) + 1) + " MiB");
  return plan;
}

bool append_to_stream(Stage& all, const Step& step) {
  return append(all, step, worker_of(step, all.output.type));
}

// The rows of the input that are in memory.
class Window {
 public:
  Window(Pool& pool, const Stage& stage, const Plan& plan, RowReader& reader)
      : shape_(stage.input),
        memory_(pool.array<std::uint8_t>(plan.window, row_bytes(stage.input))),
        reader_(reader) {
    reader_.rewind();
  }

  /// Moves on, so that it holds these rows.
  void move_to(const Range& rows) {
    // What lies between the last rows and these has to be read, too.
    while (rows_.end < rows.begin) {
      rows_.begin = rows_.end;
      read_until(std::min(rows.begin, rows_.begin + memory_.extent(0)));
    }
    std::uint8_t* data = memory_.data();
    std::memmove(data, data + (rows.begin - rows_.begin) * memory_.extent(1),
                 (rows_.end - rows.begin) * memory_.extent(1));
    rows_.begin = rows.begin;
    read_until(rows.end);
  }

  std::size_t first() const { return rows_.begin; }
  const Array<std::uint8_t, 2>& memory() const { return memory_; }

 private:
  void read_until(std::size_t end) {
    if (end <= rows_.end) return;
    cv::Mat rows(static_cast<int>(end - rows_.end), shape_.columns, shape_.type,
                 memory_.data() + (rows_.end - rows_.begin) * memory_.extent(1));
    reader_.read(rows);
    rows_.end = end;
  }

  Shape shape_;
  Array<std::uint8_t, 2> memory_;
  RowReader& reader_;
  Range rows_;
};

// One pass over the image, which counts, or writes.
Histogram pass(JobSequence& jobs, Pool& pool, const Stage& stage, const Plan& plan,
               RowReader& reader, RowWriter* writer) {
  Window window(pool, stage, plan, reader);
  const auto shared = share(pool, stage);
  auto made = pool.array<std::uint8_t>(writer != nullptr ? plan.chunk : 0, row_bytes(stage.output));
  Histogram histogram;
  for (std::size_t i = 0; i < chunks(stage, plan).size(); ++i) {
    const Slice want = chunks(stage, plan).slice(i);
    window.move_to(source_rows(stage, {want.begin, want.end}));
    const std::size_t first = window.first(), begin = want.begin;
    const Partition bands = bands_of(stage, want);
    if (writer == nullptr) {
      histogram = jobs.run([&](const PoolWith& on) {
        return reduce_slices(
            on, bands, histogram, std::plus<>{},
            [first, begin](const Slice& s, std::span<const Stage> st, const ConstBytes& from) {
              cv::Mat none;
              return run_band(st[0], mat_of(from, st[0].input), first,
                              {begin + s.begin, begin + s.end}, none);
            },
            whole(shared), whole(window.memory()));
      });
      continue;
    }
    cv::Mat chunk(static_cast<int>(want.size()), stage.output.columns, stage.output.type,
                  made.peek().data());
    jobs.run([&](const PoolWith& on) {
      return for_each_slice(
          on, bands,
          [first, begin](const Slice& s, std::span<const Stage> st, const ConstBytes& from,
                         const Bytes& to) {
            cv::Mat part = mat_of(to, st[0].output);
            run_band(st[0], mat_of(from, st[0].input), first, {begin + s.begin, begin + s.end},
                     part);
          },
          whole(shared), whole(window.memory()), out(bytes_of(chunk)));
    });
    writer->write(chunk);
  }
  return histogram;
}

}  // namespace

int step_that_needs_all(const Chain& chain, const Shape& input) {
  Stage all;
  all.input = all.output = input;
  for (std::size_t i = 0; i < chain.steps().size(); ++i)
    if (!append_to_stream(all, chain.steps()[i]) || all.is_alone() || !plan_for(all, 1).in_order)
      return static_cast<int>(i);
  return -1;
}

Report stream(const PoolWith& on, const Chain& chain, RowReader& in, RowWriter& out,
              const StreamOptions& options) {
  const Shape input = in.shape();
  if (const int i = step_that_needs_all(chain, input); i >= 0) {
    const Step& step = chain.steps()[static_cast<std::size_t>(i)];
    throw InvalidArgument("tine::image: step " + std::to_string(i + 1) + " of the chain (" +
                          std::string(step.operation->name) +
                          ") needs all rows of its image at once, so that it cannot be streamed");
  }
  const SharedChain shared(on.pool, chain);
  Stage all;
  all.input = all.output = input;
  std::vector<int> ends;  // of the passes, in steps
  for (const Step& step : shared.chain().steps()) {
    if (worker_of(step, all.output.type).scope == Operation::Scope::global)
      ends.push_back(all.count);
    append_to_stream(all, step);
  }
  ends.push_back(all.count);

  const auto stage_until = [&](int end) {
    Stage stage = all;
    stage.count = end;
    stage.counts = end < all.count;
    stage.output = end > 0 ? all.step(end - 1).output : input;
    stage.band_rows = band_rows(stage, options.chain, on.pool.workers());
    return stage;
  };
  std::vector<Plan> plans;
  std::size_t slices = 0;
  for (int end : ends) {
    const Stage stage = stage_until(end);
    plans.push_back(plan_for_memory(stage, options.memory));
    for (std::size_t i = 0; i < chunks(stage, plans.back()).size(); ++i)
      slices += bands_of(stage, chunks(stage, plans.back()).slice(i)).size();
  }
  JobSequence jobs(on, slices);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const bool last = i + 1 == ends.size();
    Stage stage = stage_until(ends[i]);
    stage.streams = last && streams(stage, plans[i].chunk);
    const Histogram histogram = pass(jobs, on.pool, stage, plans[i], in, last ? &out : nullptr);
    if (!last) resolve(all.steps[static_cast<std::size_t>(ends[i])], histogram);
  }
  return jobs.finish();
}

}  // namespace tine::image
