// The master's side of a CSV file.
#pragma once

#include <memory>

#include <tine/mining/csv.hpp>
#include <tine/pool.hpp>

#include "../source.hpp"

namespace tine::mining {

inline constexpr std::size_t csv_slice_bytes = std::size_t{1} << 20;

class CsvFile final : public Source {
 public:
  /// Looks at the beginning of the file, in a worker: delimiter, names, types as far as they show there.
  /// @param slice_bytes  another size than csv_slice_bytes is for tests
  /// Throws FileError.
  CsvFile(const PoolWith& on, FileSource file, CsvOptions options,
          std::size_t slice_bytes = csv_slice_bytes);
  ~CsvFile() override;

  const Schema& schema() const override;
  std::size_t slices() const override;
  std::uint64_t size() const override;
  std::vector<std::byte> description(std::span<const std::size_t> columns) const override;
  /// Where a cell is not of its column's type, that type is widened: what it becomes is the type of the
  /// whole column, whatever its first rows suggested.
  Outcome accept(std::size_t slice, BlobReader& report) override;
  bool starts_quoted(std::size_t slice) const override;

  void infer(const PoolWith& on) override;
  void rewind() override;

  std::uint64_t rows() const;      ///< that were accepted, with bad ones
  std::uint64_t bad_rows() const;  ///< of these, how many were skipped
  const std::vector<std::string>& bad_lines() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The worker's side.
std::unique_ptr<Stream> open_csv_stream(std::span<const std::byte> description, std::size_t slice,
                                        bool quoted);

}  // namespace tine::mining
