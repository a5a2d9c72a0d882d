// components: labels of what hangs together.
//
// Row by row, as runs of pixels that are not zero (K. Suzuki, I. Horiba, N. Sugie, Linear-time
// connected-component labeling based on sequential local operations, CVIU 89 (2003), on runs). The
// first phase numbers each band's own components in raster order. The second joins them across the
// seams, and numbers the whole: since the lowest of its bands has a component's first pixel, that is
// again raster order. finish looks up what became of each run's number.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>

#include "operations/all.hpp"
#include "operations/phases.hpp"
#include "stage.hpp"

namespace tine::image {

namespace {

constexpr Choice connectivities[] = {{"4", 4}, {"8", 8}};
constexpr Parameter components_parameters[] = {
    {"connectivity", "whether neighbours are 4, or 8 with those on the diagonals", "", 4, 8, 8,
     Parameter::Kind::choice, connectivities},
};

// Which labels mean the same: a forest whose roots are the smallest.
class Equivalences {
 public:
  explicit Equivalences(std::size_t labels = 1) { reset(labels); }

  void reset(std::size_t labels = 1) {
    parent_.resize(labels);
    std::iota(parent_.begin(), parent_.end(), 0);
  }

  std::int32_t add() {
    parent_.push_back(static_cast<std::int32_t>(parent_.size()));
    return parent_.back();
  }

  std::int32_t root(std::int32_t label) {
    while (at(label) != label) label = at(label) = at(at(label));
    return label;
  }

  std::int32_t unite(std::int32_t a, std::int32_t b) {
    a = root(a);
    b = root(b);
    return at(std::max(a, b)) = std::min(a, b);
  }

  /// For each label its number, where roots are numbered from 1 in their order; 0 stays 0. Returns how
  /// many there are. No label can be added or united afterwards.
  std::int32_t number() {
    std::int32_t count = 0;
    for (std::size_t label = 1; label < parent_.size(); ++label) {
      std::int32_t& parent = parent_[label];
      parent = parent == static_cast<std::int32_t>(label) ? ++count : at(parent);
    }
    return count;
  }

  std::int32_t operator[](std::int32_t label) const { return parent_[std::size_t(label)]; }

 private:
  std::int32_t& at(std::int32_t label) { return parent_[std::size_t(label)]; }

  std::vector<std::int32_t> parent_;
};

struct Run {
  std::int32_t begin, end, label;
};

// Which of the 64 pixels from `row` on are not zero.
std::uint64_t mask(const std::uint8_t* row) {
  std::uint64_t bits = 0;
#if CV_SIMD128
  for (int k = 0; k < 64; k += 16)
    bits |= std::uint64_t(cv::v_signmask(cv::v_load(row + k) != cv::v_setzero_u8())) << k;
#else
  for (int k = 0; k < 64; ++k) bits |= std::uint64_t{row[k] != 0} << k;
#endif
  return bits;
}

// Calls found(begin, end) for each run of pixels that are not zero.
template <class Found>
void runs_of(const std::uint8_t* row, int columns, Found found) {
  int begin = -1;  // of the run that reaches into the next word
  for (int x = 0; x < columns; x += 64) {
    std::uint64_t bits = 0;
    if (columns - x >= 64) {
      bits = mask(row + x);
    } else {
      std::uint8_t rest[64] = {};
      std::memcpy(rest, row + x, static_cast<std::size_t>(columns - x));
      bits = mask(rest);
    }
    int at = 0;
    while (at < 64) {
      if (begin < 0) {
        if (bits >> at == 0) break;
        at += std::countr_zero(bits >> at);
        begin = x + at;
      }
      at += std::countr_one(bits >> at);
      if (at >= 64) break;
      found(begin, x + at);
      begin = -1;
    }
  }
  if (begin >= 0) found(begin, columns);
}

// Writes a value to [begin, end) of a row of `columns`, and perhaps over some of what is behind, which is
// yet to be written: most runs are short, and a whole vector is stored faster than its parts.
void put(std::int32_t* row, int begin, int end, int columns, std::int32_t value) {
#if CV_SIMD128
  const cv::v_int32x4 values = cv::v_setall_s32(value);
  for (; begin < end && begin + 4 <= columns; begin += 4) cv::v_store(row + begin, values);
#endif
  for (; begin < end; ++begin) row[begin] = value;
}

// Labels of a row's pixels: that of each run, `next()` for one after another, else 0.
template <class Next>
void draw_row(const std::uint8_t* row, int columns, std::int32_t* to, Next next) {
  int x = 0;
  runs_of(row, columns, [&](int begin, int end) {
    put(to, x, begin, columns, 0);
    put(to, begin, end, columns, next());
    x = end;
  });
  put(to, x, columns, columns, 0);
}

// The record of a band: how many components it has, and its own numbers of the pixels of its first and
// its last row, and of all its runs.
struct BandLabels {
  std::int32_t* count;
  std::int32_t* first;
  std::int32_t* last;
  std::int32_t* runs;

  BandLabels(const PhaseInput& input, const std::uint8_t* record)
      : count(reinterpret_cast<std::int32_t*>(const_cast<std::uint8_t*>(record))),
        first(count + record_alignment / sizeof(std::int32_t)),
        last(first + input.image.cols),
        runs(last + input.image.cols) {}

  static std::size_t bytes(const PhaseInput& input) {
    const auto columns = static_cast<std::size_t>(input.image.cols);
    const std::size_t rows = std::min(input.bands.grain, input.bands.n);
    return record_alignment + sizeof(std::int32_t) * (2 * columns + rows * ((columns + 1) / 2));
  }
};

// Labels a band, row after row.
class Labeller {
 public:
  void run(const cv::Mat& band, bool diagonal, const BandLabels& to) {
    const int reach = diagonal ? 1 : 0;
    runs_.clear();
    equivalences_.reset();
    // Where the runs of the row above begin, and those of this row.
    std::size_t above = 0, begin = 0;
    for (int y = 0; y < band.rows; ++y) {
      std::size_t at = above;  // the first run above that is not wholly to the left
      runs_of(band.ptr(y), band.cols, [&](int from, int end) {
        while (at < begin && runs_[at].end + reach <= from) ++at;
        std::int32_t label = 0;
        for (std::size_t k = at; k < begin && runs_[k].begin < end + reach; ++k)
          label = label == 0 || label == runs_[k].label
                      ? runs_[k].label
                      : equivalences_.unite(label, runs_[k].label);
        runs_.push_back({from, end, label == 0 ? equivalences_.add() : label});
      });
      above = std::exchange(begin, runs_.size());
    }
    *to.count = equivalences_.number();
    for (std::size_t k = 0; k < runs_.size(); ++k) to.runs[k] = equivalences_[runs_[k].label];
    const auto draw = [&](int y, std::int32_t* row, const std::int32_t* label) {
      draw_row(band.ptr(y), band.cols, row, [&] { return *label++; });
    };
    draw(0, to.first, to.runs);
    draw(band.rows - 1, to.last, to.runs + above);
  }

 private:
  std::vector<Run> runs_;
  Equivalences equivalences_;
};

void label_band(const PhaseInput& input, std::size_t slice, std::uint8_t* record) {
  thread_local Labeller labeller;  // keeps its memory from band to band
  const Slice band = input.bands.slice(slice);
  labeller.run(isolated(input.image, {band.begin, band.end}), input.values[0] == 8,
               BandLabels(input, record));
}

// The second phase's record: for each band where its labels begin, and after that for each label of
// each band the number in the whole image.
std::size_t first_label(const PhaseInput& input, std::size_t band) {
  std::size_t at = input.bands.size();
  for (std::size_t b = 0; b < band; ++b)
    at += static_cast<std::size_t>(*BandLabels(input, input.found[0].of<std::uint8_t>(b)).count);
  return at;
}

std::size_t label_bytes(const PhaseInput& input) {
  return sizeof(std::int32_t) * first_label(input, input.bands.size());
}

void join_labels(const PhaseInput& input, std::size_t, std::uint8_t* record) {
  const std::size_t bands = input.bands.size();
  const int columns = input.image.cols, reach = input.values[0] == 8 ? 1 : 0;
  auto* table = reinterpret_cast<std::int32_t*>(record);
  const auto band = [&](std::size_t b) {
    return BandLabels(input, input.found[0].of<std::uint8_t>(b));
  };
  std::int32_t labels = 0;
  for (std::size_t b = 0; b < bands; ++b) {
    table[b] = labels;
    labels += *band(b).count;
  }
  Equivalences same(static_cast<std::size_t>(labels) + 1);
  for (std::size_t b = 0; b + 1 < bands; ++b) {
    const std::int32_t* above = band(b).last;
    const std::int32_t* below = band(b + 1).first;
    std::int32_t last_above = 0, last_below = 0;  // united already, along a run
    for (int x = 0; x < columns; ++x) {
      if (above[x] == 0) continue;
      for (int at = std::max(x - reach, 0); at <= std::min(x + reach, columns - 1); ++at) {
        if (below[at] == 0 || (above[x] == last_above && below[at] == last_below)) continue;
        last_above = above[x];
        last_below = below[at];
        same.unite(table[b] + last_above, table[b + 1] + last_below);
      }
    }
  }
  same.number();
  for (std::int32_t label = 1; label <= labels; ++label)
    table[bands + std::size_t(label) - 1] = same[label];
}

void draw_labels(const PhaseInput& input, Range rows, cv::Mat& out) {
  const std::size_t index = rows.begin / input.bands.grain;
  const auto* table = input.found[1].of<std::int32_t>(0);
  const std::int32_t* number = table + input.bands.size() + table[index] - 1;
  const std::int32_t* run = BandLabels(input, input.found[0].of<std::uint8_t>(index)).runs;
  for (int y = 0; y < out.rows; ++y)
    draw_row(input.image.ptr(static_cast<int>(rows.begin) + y), out.cols, out.ptr<std::int32_t>(y),
             [&] { return number[*run++]; });
}

constexpr Phase components_phases[] = {
    {.bytes = BandLabels::bytes, .run = label_band},
    {.slices = one_slice, .bytes = label_bytes, .run = join_labels},
};

}  // namespace

constinit const Operation components_operation{
    .name = "components",
    .help = "a number for each pixel: which connected component it is part of, 0 for none",
    .parameters = components_parameters,
    .scope = Operation::Scope::phased,
    .accepts = always<depth_8, gray_only>,
    .output_type = [](int) { return CV_32SC1; },
    .phases = components_phases,
    .finish = draw_labels,
    // cv::connectedComponents numbers them in another order.
    .reference = [](const cv::Mat& in, cv::Mat& out,
                    const Values& v) { in_one_band(components_operation, in, out, v); },
};

}  // namespace tine::image
