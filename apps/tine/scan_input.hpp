// The file that tine scan reads, whatever it is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tine/mining/csv.hpp>
#include <tine/mining/table.hpp>

#include "descriptor.hpp"
#include "file_pool.hpp"
#include "inputs.hpp"

namespace tine::app {

/// Called with bytes that are done, and all of them.
using ByteProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// A CSV file, or a table that was made of another one. While it lives, workers can read it.
class ScanInput {
 public:
  /// Looks at what a file begins with, keeping standard input, and adds to the tasks what workers need. Throws
  /// Failure.
  ScanInput(const std::string& argument, std::vector<Task>& tasks);

  /// When the tasks are served: decompresses, makes a table of a matrix, as need be. Throws Failure.
  /// @param types  the option that says types of columns, which are for CSV; nullptr: none does
  void open(const PoolWith& on, std::uint64_t memory, const char* types,
            const ByteProgress& progress);

  /// None for CSV.
  const std::optional<mining::Table>& table() const { return table_; }
  const mining::FileSource& csv() const { return csv_; }

 private:
  Descriptor spooled_;  // standard input
  Descriptor scratch_;  // what is decompressed, if it is
  std::string dataset_;
  std::string beginning_;
  std::uint64_t size_ = 0;
  std::size_t task_;
  std::optional<mining::Table> table_;
  mining::FileSource csv_;
};

/// The input of a task, which is a .npy or an HDF5 file, as a table: columns c0, c1, ..., or value where
/// there is one only. Throws Failure.
/// @param dataset  of HDF5; may be empty where there is one only
mining::Table table_of_matrix(const PoolWith& on, const std::string& name, std::size_t task,
                              const std::string& dataset, std::uint64_t memory,
                              const ByteProgress& progress);

}  // namespace tine::app
