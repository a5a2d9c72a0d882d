/// @file
/// What matrices can be that an operation cannot be done with.
#pragma once

#include <cstddef>
#include <string>

#include <tine/error.hpp>

namespace tine::matrix {

/// A matrix without an inverse, or without a unique solution, was to be solved with.
class SingularMatrix : public Error {
 public:
  SingularMatrix(const std::string& what, std::size_t index) : Error(what), index_(index) {}
  /// The first column that depends on those before it.
  std::size_t index() const noexcept { return index_; }

 private:
  std::size_t index_;
};

/// A matrix was to be factored as a positive definite one.
class NotPositiveDefinite : public Error {
 public:
  NotPositiveDefinite(const std::string& what, std::size_t index) : Error(what), index_(index) {}
  /// The first row and column with which the leading part of the matrix is not positive definite.
  std::size_t index() const noexcept { return index_; }

 private:
  std::size_t index_;
};

}  // namespace tine::matrix
