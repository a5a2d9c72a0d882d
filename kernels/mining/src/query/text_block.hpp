// Rows of a result as text on its way from a worker to the master.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tine/mining/query.hpp>

#include "../blob.hpp"

namespace tine::mining {

/// What a TextCollector needs to know.
/// @param limited  whether only the first of its rows may be wanted
void write_text_plan(BlobWriter& to, const RowText& text, std::span<const Field> fields,
                     bool limited);

/// In a worker: gathers the text of rows.
class TextCollector {
 public:
  /// @param most  rows that are kept; others are left out
  TextCollector(BlobReader& plan, std::size_t most);

  /// Columns beyond the named ones are not shown.
  void add(std::size_t rows, std::span<const Vector> columns);
  bool full() const { return rows_ == most_; }
  void write(BlobWriter& to) const;

 private:
  RowText::Append append_;
  std::uint64_t how_;
  bool limited_;
  std::vector<std::string> names_;
  std::vector<std::string_view> views_;
  std::size_t most_, rows_ = 0;
  std::string text_;
  std::vector<std::uint64_t> ends_;
};

/// In the master: where other kernels could have written, too.
struct TextBlock {
  std::size_t rows = 0;
  std::string_view text;
  std::span<const std::byte> ends;  // of 8 bytes, if it is limited

  /// Throws Error when it is not what a TextCollector writes.
  static TextBlock read(BlobReader from);
  /// That of the first rows, which must have ends.
  std::string_view first(std::size_t count) const;
};

}  // namespace tine::mining
