#include "text_block.hpp"

#include <algorithm>

#include <tine/error.hpp>

namespace tine::mining {

void write_text_plan(BlobWriter& to, const RowText& text, std::span<const Field> fields,
                     bool limited) {
  to.value(text.append);
  to.value(text.how);
  to.value(limited);
  to.value<std::uint64_t>(fields.size());
  for (const Field& field : fields) to.text(field.name);
}

TextCollector::TextCollector(BlobReader& plan, std::size_t most)
    : append_(plan.value<RowText::Append>()),
      how_(plan.value<std::uint64_t>()),
      limited_(plan.value<bool>()),
      most_(most) {
  for (auto left = plan.value<std::uint64_t>(); left > 0 && plan.good(); --left)
    names_.emplace_back(plan.text());
  views_.assign(names_.begin(), names_.end());
}

void TextCollector::add(std::size_t rows, std::span<const Vector> columns) {
  rows = std::min(rows, most_ - rows_);
  append_(views_, columns.first(views_.size()), rows, how_, text_, limited_ ? &ends_ : nullptr);
  rows_ += rows;
}

void TextCollector::write(BlobWriter& to) const {
  to.value<std::uint64_t>(rows_);
  to.value<std::uint64_t>(text_.size());
  to.value<std::uint64_t>(ends_.size());
  to.bytes(text_.data(), text_.size());
  to.bytes(ends_.data(), ends_.size() * sizeof ends_[0]);
}

TextBlock TextBlock::read(BlobReader from) {
  TextBlock block;
  block.rows = static_cast<std::size_t>(from.value<std::uint64_t>());
  const auto size = from.value<std::uint64_t>(), ends = from.value<std::uint64_t>();
  const auto text = from.bytes(static_cast<std::size_t>(size));
  if (ends != 0 && ends == block.rows && ends < SIZE_MAX / sizeof ends)
    block.ends = from.bytes(static_cast<std::size_t>(ends * sizeof ends));
  if (!from.good() || (ends != 0 && ends != block.rows))
    throw Error("tine: rows of a scan were written over on their way to the master");
  block.text = {reinterpret_cast<const char*>(text.data()), text.size()};
  return block;
}

std::string_view TextBlock::first(std::size_t count) const {
  if (count >= rows) return text;
  std::uint64_t end = 0;
  if (count > 0 && ends.size() / sizeof end >= count)
    std::memcpy(&end, ends.data() + (count - 1) * sizeof end, sizeof end);
  return text.substr(0, static_cast<std::size_t>(end));
}

}  // namespace tine::mining
