/// @file
/// What is thrown for files.
#pragma once

#include <tine/error.hpp>

namespace tine::matrix {

/// A file that cannot be read or written, or that is not what it should be: what() begins with its
/// name, and says where in it and why.
class FileError : public Error {
 public:
  using Error::Error;
};

}  // namespace tine::matrix
