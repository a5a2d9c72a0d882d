// Rows whose keys are nearly all different: to group them in their slice would make nothing smaller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "../batch.hpp"
#include "../blob.hpp"

namespace tine::mining {

/// Groups, and rows, are dealt out by the hashes of their keys.
inline constexpr std::size_t part_count = 256;

/// Keeps rows as they are, to be written part by part.
class DealtRows {
 public:
  void add(std::size_t rows, std::span<const Vector> keys, std::span<const Vector> arguments);
  bool empty() const { return part_.empty(); }
  /// Deals them out, once all are there.
  void arrange();
  void write(BlobWriter& to, std::size_t part) const;

 private:
  struct Column {
    Type type{};
    std::vector<std::uint8_t> nulls;    // none at all while none is missing
    std::vector<std::uint64_t> values;  // of text: where it ends
    std::vector<char> characters;
  };
  std::vector<Column> columns_;
  std::vector<std::uint8_t> part_;    // of each row
  std::vector<std::uint32_t> order_;  // rows, part after part
  std::vector<std::size_t> begins_;   // of parts
};

/// Gives the rows that were written in batches.
void read_rows(BlobReader& from, std::span<const Type> types,
               const std::function<void(std::size_t, std::span<const Vector>)>& add);

}  // namespace tine::mining
