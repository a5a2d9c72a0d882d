// Lloyd's iterations.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <tine/job_sequence.hpp>

#include "centres.hpp"

namespace tine::mining {

/// Of each row, the squared distance to its centre.
Array<double> squared_distances(JobSequence& jobs, Pool& pool, const Array<double, 2>& x,
                                std::span<const double> centres,
                                const Array<std::uint32_t>& nearest);
/// In a fixed order, whoever adds.
double sum_of(JobSequence& jobs, const Array<double>& values);

/// Rows, their nearest centres, and the sums of the rows of each centre, which are kept: an iteration adds and
/// takes away only what has another centre than before.
class Lloyd {
 public:
  Lloyd(JobSequence& jobs, Pool& pool, const Array<double, 2>& x, std::size_t clusters,
        const Frame& frame);

  /// Forgets what it knows of the rows.
  void restart() { started_ = false; }
  /// Finds the nearest centres of all rows; returns how many have another one than before.
  std::uint64_t assign(const std::vector<double>& centres);

  struct Means {
    std::vector<double> centres;
    bool relocated;  ///< some had no rows, and were put elsewhere
  };
  /// The means of the rows of each centre. Where there are none: the row that is farthest from its centre.
  /// Throws SampleError when all rows are where their centres are, so that there is no such row.
  Means means() const;

  std::vector<std::uint64_t> sizes() const;
  double inertia() const;

 private:
  struct Sums {  // of features, as if in twice the digits: TwoFold, in two columns
    std::vector<double> high, low;
    std::vector<std::int64_t> counts;
  };
  Array<double> squared_distances() const;
  std::vector<std::size_t> farthest(std::size_t count) const;

  JobSequence& jobs_;
  Pool& pool_;
  const Array<double, 2>& x_;
  std::size_t grain_, slices_;
  Centres centres_;
  std::vector<double> values_;    ///< of the centres
  Array<std::uint32_t> nearest_;  ///< of each row
  Array<float, 2> bounds_;  ///< of the rows of a slice: as in NearestCentres, all upper ones first
  Array<double, 2> changes_;       ///< of the sums of centres, by slices
  Array<std::int64_t, 2> counts_;  ///< the same; and how many rows changed
  Array<float>
      moved_;  ///< how far each centre moved in the frame, at most; and of each, how far any other did
  bool started_ = false;
  Sums sums_;
};

}  // namespace tine::mining
