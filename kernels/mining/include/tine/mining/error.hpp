/// @file
/// What is thrown for files, queries, samples and models.
#pragma once

#include <cstddef>
#include <string>

#include <tine/error.hpp>

namespace tine::mining {

/// A file that cannot be read, or that is not what it should be: what() begins with its name, and
/// says in which line and column, and why.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A query that cannot be answered for these columns: what() says why, and where.
class QueryError : public Error {
 public:
  /// @param text      of the clause that is wrong
  /// @param position  in it, in bytes
  QueryError(const std::string& why, std::string text, std::size_t position)
      : Error(why), text_(std::move(text)), position_(position) {}
  const std::string& text() const noexcept { return text_; }
  std::size_t position() const noexcept { return position_; }
  /// The text, and below it a mark at the place.
  std::string picture() const;

 private:
  std::string text_;
  std::size_t position_;
};

/// A target of a type that cannot be predicted: numbers where classes are meant, or text where numbers are.
class TargetTypeError : public QueryError {
 public:
  using QueryError::QueryError;
};

/// Samples that cannot be learnt from: what() says which row and feature, and what could be done.
class SampleError : public Error {
 public:
  using Error::Error;
};

/// A feature or a target without a value, where rows with missing values are refused.
class MissingValue : public SampleError {
 public:
  using SampleError::SampleError;
};

/// A text that is no model, or a model that does not go with the samples: what() says why.
class ModelError : public Error {
 public:
  using Error::Error;
};

}  // namespace tine::mining
