#include "csv_report.hpp"

#include <tine/error.hpp>

namespace tine::mining {

void write(BlobWriter& to, const SliceReport& report) {
  to.value(static_cast<std::uint8_t>(report.quoted | report.ends_quoted[0] << 1 |
                                     report.ends_quoted[1] << 2));
  to.value(report.rows);
  to.value(report.bad);
  to.value(static_cast<std::uint32_t>(report.described.size()));
  for (const BadRow& row : report.described) {
    to.value(row.kind);
    to.value(row.offset);
    to.value(row.number);
    to.text(row.text);
  }
  to.value(static_cast<std::uint32_t>(report.widened.size()));
  for (const CsvColumn& column : report.widened) {
    to.value(column.index);
    write(to, column.type);
  }
}

SliceReport read_report(BlobReader& from) {
  SliceReport report;
  const auto states = from.value<std::uint8_t>();
  report.quoted = states & 1;
  report.ends_quoted[0] = states >> 1 & 1;
  report.ends_quoted[1] = states >> 2 & 1;
  report.rows = from.value<std::uint64_t>();
  report.bad = from.value<std::uint64_t>();
  bool good = true;
  for (auto rows = from.value<std::uint32_t>(); rows > 0 && from.good(); --rows) {
    BadRow& row = report.described.emplace_back();
    row.kind = from.value<BadRow::Kind>();
    row.offset = from.value<std::uint64_t>();
    row.number = from.value<std::uint64_t>();
    row.text = from.text();
    good &= row.kind <= BadRow::Kind::file;
  }
  for (auto columns = from.value<std::uint32_t>(); columns > 0 && from.good(); --columns) {
    CsvColumn& column = report.widened.emplace_back();
    column.index = from.value<std::uint32_t>();
    column.type = read_type(from);
  }
  if (!good || !from.good()) throw Error("what a worker said of a CSV file was written over");
  return report;
}

}  // namespace tine::mining
