/// @file
/// Nearest neighbours, and what they say of a sample (E. Fix, J. Hodges, Discriminatory analysis, 1951; T. Cover,
/// P. Hart, Nearest neighbor pattern classification, IEEE Trans. Inf. Theory 13, 1967).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/error.hpp>
#include <tine/mining/samples.hpp>

namespace tine::mining {

/// Of each query its k nearest points, nearest first; of points at the same distance the one with the lower number
/// first.
struct Neighbours {
  Array<std::uint32_t, 2> index;  ///< queries x k
  Array<double, 2> distance;      ///< queries x k
};

/// The exact nearest points by Euclidean distance, which is the root of the sum of squared differences in the order
/// of the dimensions, each step rounded: |x|^2 + |y|^2 - 2 x'y serves to find points, never to order them.
///
/// @param points   n x d, finite; fewer than 2^32 - 1
/// @param queries  m x d. Of one that is not finite, numbers are 0 and distances NaN.
/// @param k        1 to n
/// @throws SampleError  no such k, other numbers of dimensions, a point that is not finite
///
/// n log n to put points in order. A query then takes about log n + k steps where there are few dimensions, up to
/// about eight, and n * d where there are many. Takes about twice the room of the points and queries, beside the
/// result.
Neighbours nearest(const PoolWith& on, const Array<double, 2>& points,
                   const Array<double, 2>& queries, std::size_t k);

/// The same of each point, which is no neighbour of its own: k is less than n.
Neighbours nearest_others(const PoolWith& on, const Array<double, 2>& points, std::size_t k);

struct NearestOptions {
  std::size_t k = 5;  ///< how many neighbours are asked
  /// Whether a neighbour counts as much as its distance is small, 1 / distance, or all the same. With those that
  /// lie where the sample is, no others count.
  bool by_distance = false;
};

/// A model that gives a sample the class that most of its neighbours have: with as many, the first class.
struct NearestClassifier {
  std::vector<Feature> features;
  Feature target;
  std::vector<std::string> classes;  ///< as text
  Type class_type = Type::text;
  NearestOptions options;
  std::vector<double> x;              ///< samples x features, row by row: what has been learnt
  std::vector<std::uint32_t> labels;  ///< of each: which of `classes`

  /// @throws SampleError      fewer than k samples, or than two classes; a number that is missing or infinite
  /// @throws InvalidArgument  samples without classes
  static NearestClassifier fit(const PoolWith& on, const Samples& samples,
                               const NearestOptions& options = {});
  /// Which of `classes` each sample has; 0 where a number of it is missing.
  /// @throws ModelError  other features
  Array<std::uint32_t> predict(const PoolWith& on, const Samples& samples) const;
  /// What part of the neighbours has each class: samples x classes. NaN where a number of a sample is missing.
  Array<double, 2> probabilities(const PoolWith& on, const Samples& samples) const;
  /// What each of the model's samples would be by the others alone. @throws SampleError  there are only k
  Array<std::uint32_t> leave_one_out(const PoolWith& on) const;

  std::string save() const;
  /// @throws ModelError
  static NearestClassifier load(std::string_view text);
};

/// A model that gives a sample the mean of its neighbours.
struct NearestRegressor {
  std::vector<Feature> features;
  Feature target;
  NearestOptions options;
  std::vector<double> x;  ///< samples x features, row by row: what has been learnt
  std::vector<double> y;  ///< of each

  /// @throws SampleError      fewer than k samples; a number that is missing or infinite
  /// @throws InvalidArgument  samples without numbers to predict
  static NearestRegressor fit(const PoolWith& on, const Samples& samples,
                              const NearestOptions& options = {});
  /// NaN where a number of a sample is missing. @throws ModelError  other features
  Array<double> predict(const PoolWith& on, const Samples& samples) const;
  /// What each of the model's samples would be by the others alone. @throws SampleError  there are only k
  Array<double> leave_one_out(const PoolWith& on) const;

  std::string save() const;
  /// @throws ModelError
  static NearestRegressor load(std::string_view text);
};

}  // namespace tine::mining
