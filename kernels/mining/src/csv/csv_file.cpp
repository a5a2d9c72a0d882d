#include "csv_file.hpp"

#include <algorithm>
#include <set>

#include <tine/for_each_slice.hpp>
#include <tine/mining/error.hpp>

#include "../nearest.hpp"
#include "csv_probe.hpp"
#include "csv_report.hpp"
#include "line_number.hpp"

namespace tine::mining {

namespace {

/// A bounded message about the file, in which nothing plays with a terminal.
FileError file_error(const std::string& name, std::string_view why) {
  std::string text = name + ": ";
  for (const char c : why) text += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return FileError(text);
}

// Text of a stranger, for a message.
std::string excerpt(std::string_view text, std::size_t longest = 40) {
  if (text.size() <= longest) return std::string(text);
  std::size_t end = longest;  // not within a character
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

// No slice may be left out.
PoolWith whole_job(PoolWith on) {
  on.policy.on_failure = OnFailure::fail;
  return on;
}

// Runs kernel(slice, to, whole(given)) in one worker and gives what it wrote, however long.
template <class Kernel>
std::vector<std::byte> blob_from_worker(const PoolWith& on, const std::string& name,
                                        std::span<const std::byte> given, Kernel kernel) {
  const auto shared = on.pool.array_from(given);
  for (std::size_t size = 64 << 10;;) {
    auto to = on.pool.array<std::byte>(size);
    try {
      for_each_slice(
          on, {.n = size, .grain = size},
          [kernel](const Slice&, std::span<std::byte> region, std::span<const std::byte> from) {
            BlobWriter all(region);
            BlobWriter behind(region.subspan(sizeof(std::uint64_t)));
            kernel(behind, from);
            all.value<std::uint64_t>(behind.used());
          },
          out(to), whole(shared));
    } catch (const KernelError& error) {
      throw file_error(name, error.message());
    }
    BlobReader reader(to.span());
    const auto used = reader.value<std::uint64_t>();
    if (used <= size - sizeof used) {
      const auto blob = reader.bytes(used);
      return {blob.begin(), blob.end()};
    }
    if (used > longest_row * 2) throw file_error(name, "its header is too long");
    size = used + sizeof used;
  }
}

// What a probe needs.
void write_task(BlobWriter& to, const FileSource& source, const CsvOptions& options) {
  to.text(source.name);
  to.value(source.open);
  to.value(source.number);
  to.value(options.delimiter);
  to.value(options.header);
}

CsvHead probe_task(std::span<const std::byte> task) {
  BlobReader from(task);
  FileSource source{std::string(from.text())};
  source.open = from.value<decltype(source.open)>();
  source.number = from.value<std::size_t>();
  const auto delimiter = from.value<char>();
  return probe(source, delimiter, from.value<Header>());
}

}  // namespace

struct CsvFile::State {
  PoolWith on;
  CsvOptions options;
  CsvLayout layout{};                // without columns that are read
  std::vector<CsvColumn> columns{};  // all
  Schema schema{};
  std::vector<std::uint8_t>
      starts{};                       // of each slice, and of what is behind: whether within quotes
  std::set<std::size_t> unsettled{};  // slices that are to be read again
  std::uint64_t rows = 0, bad = 0;
  std::vector<BadRow> described{};
  std::vector<std::string> lines{};   // about these
  std::uint64_t place = 0, line = 1;  // of the last one that was described

  void set_types();
  void apply_types();
  bool widen(std::span<const CsvColumn> found);
  std::string describe(const BadRow& row);
};

// Names in `types` that are no columns are mistakes.
void CsvFile::State::apply_types() {
  for (const auto& [name, type] : options.types) {
    const auto found = std::ranges::find(schema, name, &Field::name);
    if (found == schema.end()) {
      std::vector<std::string_view> names;
      for (const Field& field : schema) names.push_back(field.name);
      std::string why = "has no column \"" + excerpt(name) + "\"" + or_nearest(name, names);
      throw file_error(layout.source.name, excerpt(why, 1000));
    }
    const auto i = static_cast<std::size_t>(found - schema.begin());
    columns[i].type = type;
    columns[i].fixed = true;
  }
}

void CsvFile::State::set_types() {
  for (std::size_t i = 0; i < columns.size(); ++i)
    schema[i].type = columns[i].type.value_or(Type::text);
}

bool CsvFile::State::widen(std::span<const CsvColumn> found) {
  for (const CsvColumn& column : found) {
    if (column.index >= columns.size() || columns[column.index].fixed)
      throw Error("what a worker said of a CSV file was written over");
    FoundType& type = columns[column.index].type;
    type = join(type, column.type);
  }
  set_types();
  return !found.empty();
}

std::string CsvFile::State::describe(const BadRow& row) {
  if (row.kind == BadRow::Kind::file) return row.text;
  const std::uint64_t offset = std::min(row.offset, layout.size);
  if (offset < place) place = 0, line = 1;
  line += count_lines(on, layout, place, offset);
  place = offset;
  const std::string text = "line " + std::to_string(line);
  switch (row.kind) {
    case BadRow::Kind::cells:
      return text + " has " + std::to_string(row.number) + (row.number == 1 ? " cell" : " cells") +
             ", those before it have " + std::to_string(layout.columns);
    case BadRow::Kind::unclosed:
      return text + ": a quoted cell does not end";
    default: {
      const std::size_t column = std::min<std::size_t>(row.number, columns.size() - 1);
      return text + ", column " + std::to_string(column + 1) + " (" + excerpt(schema[column].name) +
             "): \"" + excerpt(row.text) + "\" is no " +
             std::string(to_string(schema[column].type));
    }
  }
}

CsvFile::CsvFile(const PoolWith& on, FileSource file, CsvOptions options, std::size_t slice_bytes)
    : state_(new State{.on = whole_job(on), .options = std::move(options)}) {
  State& s = *state_;
  const std::string name = file.name;
  if (const char d = s.options.delimiter; d == '"' || d == '\n' || d == '\r')
    throw InvalidArgument("tine::mining: a delimiter is neither a quote nor what ends a line");
  const auto task = to_blob([&](BlobWriter& to) { write_task(to, file, s.options); });
  const auto found = blob_from_worker(
      s.on, name, task,
      [](BlobWriter& to, std::span<const std::byte> given) { write(to, probe_task(given)); });
  BlobReader from(found);
  CsvHead head = read_head(from);
  s.layout.source = std::move(file);
  s.layout.size = head.size;
  s.layout.begin = head.begin;
  s.layout.slice_bytes = slice_bytes;
  s.layout.delimiter = head.delimiter;
  s.layout.skip_bad = true;  // of the sample
  s.layout.columns = static_cast<std::uint32_t>(head.names.size());
  s.layout.nulls = s.options.nulls;
  s.starts.resize(s.layout.slices() + 1);
  for (std::string& column : unique_names(std::move(head.names))) {
    s.columns.push_back({static_cast<std::uint32_t>(s.columns.size()), {}, false});
    s.schema.push_back({std::move(column), Type::text});
  }
  s.apply_types();
  CsvLayout sample = s.layout;
  sample.read = s.columns;
  const auto said = blob_from_worker(
      s.on, name, to_blob([&](BlobWriter& to) { write(to, sample); }),
      [](BlobWriter& to, std::span<const std::byte> given) {
        BlobReader reader(given);
        const CsvLayout layout = read_layout(reader);
        const auto stream = open_csv_stream(given, layout.begin / layout.slice_bytes, false);
        for (Batch batch; stream->next(batch);) {
        }
        stream->report(to);
      });
  BlobReader reader(said);
  const SliceReport report = read_report(reader);
  for (const BadRow& row : report.described)
    if (row.kind == BadRow::Kind::file) throw file_error(name, row.text);
  s.widen(report.widened);
  s.set_types();
  s.layout.skip_bad = s.options.skip_bad;
}

CsvFile::~CsvFile() = default;

const Schema& CsvFile::schema() const {
  return state_->schema;
}
std::size_t CsvFile::slices() const {
  return state_->layout.slices();
}
std::uint64_t CsvFile::size() const {
  return state_->layout.size;
}
std::uint64_t CsvFile::rows() const {
  return state_->rows;
}
std::uint64_t CsvFile::bad_rows() const {
  return state_->bad;
}
bool CsvFile::starts_quoted(std::size_t slice) const {
  return state_->starts.at(slice) != 0;
}

std::vector<std::byte> CsvFile::description(std::span<const std::size_t> columns) const {
  CsvLayout layout = state_->layout;
  for (const std::size_t column : columns) layout.read.push_back(state_->columns.at(column));
  return to_blob([&](BlobWriter& to) { write(to, layout); });
}

Source::Outcome CsvFile::accept(std::size_t slice, BlobReader& from) {
  State& s = *state_;
  const SliceReport report = read_report(from);
  const bool quoted = s.starts.at(slice) != 0;
  s.starts.at(slice + 1) = report.ends_quoted[quoted];
  s.unsettled.erase(slice);
  const auto again = [&] {
    s.unsettled.insert(slice);
    return Outcome::again;
  };
  if (report.quoted != quoted) return again();
  const bool unreadable =
      !report.described.empty() && report.described[0].kind == BadRow::Kind::file;
  if (unreadable || (!s.options.skip_bad && !report.described.empty())) {
    // A slice before it may have a bad row, too, which is the first then.
    if (!s.unsettled.empty() && *s.unsettled.begin() < slice) return again();
    throw file_error(s.layout.source.name, s.describe(report.described[0]));
  }
  if (s.widen(report.widened)) return Outcome::retyped;
  s.rows += report.rows;
  s.bad += report.bad;
  if (!report.described.empty()) {
    s.described.insert(s.described.end(), report.described.begin(), report.described.end());
    std::ranges::sort(s.described, {}, &BadRow::offset);
    if (s.described.size() > described_rows) s.described.resize(described_rows);
    s.lines.clear();
  }
  return Outcome::good;
}

const std::vector<std::string>& CsvFile::bad_lines() const {
  State& s = *state_;
  if (s.lines.empty())
    for (const BadRow& row : s.described) s.lines.push_back(s.describe(row));
  return s.lines;
}

void CsvFile::rewind() {
  state_->rows = state_->bad = 0;
  state_->unsettled.clear();
  state_->described.clear();
  state_->lines.clear();
}

void CsvFile::infer(const PoolWith& on) {
  State& s = *state_;
  rewind();
  std::vector<std::size_t> all(s.columns.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  // A report: for each column what it is widened to, and some bad rows, whose texts are short.
  const std::size_t bytes = 64 + all.size() * 8 + described_rows * 512;
  const std::size_t wave = std::clamp<std::size_t>((std::size_t{64} << 20) / bytes, 1, 256);
  auto reports = on.pool.array<std::byte>(wave * bytes);
  const auto read = [&](std::span<const std::size_t> which) {
    const auto description = on.pool.array_from(this->description(all));
    std::vector<std::uint64_t> tasks;  // twice the slice, and whether it begins within quotes
    for (const std::size_t slice : which) tasks.push_back(slice * 2 + starts_quoted(slice));
    const auto shared = on.pool.array_from(tasks);
    try {
      for_each_slice(
          whole_job(on), {.n = which.size() * bytes, .grain = bytes},
          [](const Slice& slice, std::span<std::byte> to, std::span<const std::byte> given,
             std::span<const std::uint64_t> slices) {
            const std::uint64_t one = slices[slice.index];
            const auto stream = open_csv_stream(given, one / 2, one % 2 != 0);
            for (Batch batch; stream->next(batch);) {
            }
            BlobWriter report(to);
            stream->report(report);
            if (!report.fits()) throw Error("a report of a CSV file is too long");
          },
          out(reports.peek().part(0, 0, which.size() * bytes)), whole(description), whole(shared));
    } catch (const KernelError& error) {
      throw file_error(s.layout.source.name, error.message());
    }
    std::vector<std::size_t> again;
    for (std::size_t i = 0; i < which.size(); ++i) {
      BlobReader report(std::span<const std::byte>(reports.span().subspan(i * bytes, bytes)));
      if (accept(which[i], report) == Outcome::again) again.push_back(which[i]);
    }
    return again;
  };
  for (std::size_t begin = 0; begin < slices(); begin += wave) {
    std::vector<std::size_t> which;
    for (std::size_t i = begin; i < std::min(begin + wave, slices()); ++i) which.push_back(i);
    while (!which.empty()) which = read(which);
  }
  rewind();
}

}  // namespace tine::mining
