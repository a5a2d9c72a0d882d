#include "row_output.hpp"

#include <algorithm>

#include "text_block.hpp"

namespace tine::mining {

namespace {

Result empty_result(std::span<const Field> fields) {
  Result result;
  for (const Field& field : fields)
    result.columns.push_back({.name = field.name, .type = field.type});
  return result;
}

void append_column(ResultColumn& to, const BlockColumn& from, std::size_t rows) {
  for (std::size_t r = 0; r < rows; ++r) to.nulls.push_back(from.is_null(r));
  switch (from.type) {
    case Type::boolean:
      for (std::size_t r = 0; r < rows; ++r) to.integers.push_back(from.value<std::uint8_t>(r));
      break;
    case Type::real:
      for (std::size_t r = 0; r < rows; ++r) to.reals.push_back(from.value<double>(r));
      break;
    case Type::text:
      for (std::size_t r = 0; r < rows; ++r) to.texts.emplace_back(from.text(r));
      break;
    default:
      for (std::size_t r = 0; r < rows; ++r) to.integers.push_back(from.value<std::int64_t>(r));
  }
}

}  // namespace

void check_memory(std::uint64_t bytes, const ScanOptions& options) {
  if (options.memory != 0 && bytes > options.memory)
    throw OutOfMemory("tine: the rows of the result take more than may be taken, " +
                          std::to_string(options.memory >> 20) +
                          " MiB; fewer columns, a condition or a limit make them less",
                      bytes, options.memory, "the memory for a query");
}

RowOutput::RowOutput(const Plan& plan, const ScanOptions& options)
    : plan_(plan), options_(options), fields_(plan.shown()) {
  for (const Field& field : fields_) types_.push_back(field.type);
  result_ = empty_result(fields_);
}

bool RowOutput::take(std::span<const std::span<const std::byte>> slices) {
  if (plan_.text.append != nullptr) return take_text(slices);
  for (const auto& slice : slices) {
    if (enough()) break;
    const RowBlock block = RowBlock::read(BlobReader(slice), types_);
    const std::size_t wanted = plan_.most_rows() - given_ - result_.rows;
    append(block, std::min(block.rows, wanted));
    bytes_ += slice.size();
  }
  give();
  check_memory(bytes_, options_);
  return !enough();
}

bool RowOutput::take_text(std::span<const std::span<const std::byte>> slices) {
  for (const auto& slice : slices) {
    if (enough()) break;
    const TextBlock block = TextBlock::read(BlobReader(slice));
    const std::size_t wanted = plan_.most_rows() - given_;
    if (block.rows > 0) options_.text.sink(fields_, block.first(wanted));
    given_ += std::min(wanted, block.rows);
  }
  return !enough();
}

void RowOutput::append(const RowBlock& block, std::size_t rows) {
  for (std::size_t i = 0; i < block.columns.size(); ++i)
    append_column(result_.columns[i], block.columns[i], rows);
  result_.rows += rows;
}

void RowOutput::give() {
  if (!options_.sink) return;
  given_ += result_.rows;
  options_.sink(result_);
  result_ = empty_result(fields_);
  bytes_ = 0;
}

}  // namespace tine::mining
