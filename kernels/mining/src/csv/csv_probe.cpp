#include "csv_probe.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include <tine/mining/error.hpp>

#include "slice_text.hpp"
#include "structure.hpp"

namespace tine::mining {

namespace {

// That of which the first line has most outside of quotes, among those of which the first lines all have
// as many, if there are such.
char find_delimiter(std::string_view text, bool complete) {
  constexpr char all[] = {',', ';', '\t', '|'};
  constexpr std::size_t kinds = std::size(all), most_lines = 10;
  std::size_t first[kinds] = {}, counts[kinds] = {}, lines = 0;
  bool same[kinds] = {true, true, true, true}, quoted = false;
  const auto end_line = [&] {
    for (std::size_t i = 0; i < kinds; ++i) {
      if (lines == 0) first[i] = counts[i];
      same[i] &= counts[i] == first[i];
      counts[i] = 0;
    }
    ++lines;
  };
  bool blank = true;
  for (const char c : text) {
    quoted ^= c == '"';
    if (!quoted && c == '\n') {
      if (!blank) end_line();
      blank = true;
      if (lines == most_lines) break;
    } else if (c != '\r') {
      blank = false;
      for (std::size_t i = 0; i < kinds; ++i) counts[i] += !quoted && c == all[i];
    }
  }
  if (!blank && lines < most_lines && (complete || lines == 0)) end_line();
  std::size_t best = 0;
  for (std::size_t i = 1; i < kinds; ++i) {
    const bool good = same[i] && first[i] > 0, best_good = same[best] && first[best] > 0;
    if (good != best_good ? good : first[i] > first[best]) best = i;
  }
  return first[best] > 0 ? all[best] : ',';
}

// The first row that is not blank, as it is written.
struct Row {
  std::vector<std::string_view> cells;
  std::uint32_t next = 0;  // behind its end
};

std::optional<Row> first_row(SliceText& text, char delimiter) {
  QuoteState state;
  std::vector<std::uint32_t> ends;
  std::uint32_t begin = text.begin();
  const auto row = [&](std::uint32_t end, std::uint32_t next) {
    if (end > begin && text.bytes()[end - 1] == '\r') --end;
    ends.push_back(end);
    Row result{{}, next};
    for (std::uint32_t from = begin; const std::uint32_t to : ends) {
      result.cells.emplace_back(text.bytes() + from, to - from);
      from = to + 1;
    }
    return result;
  };
  for (std::uint32_t at = begin; at < text.end() || text.more();) {
    const std::uint32_t size = std::min<std::uint32_t>(64, text.end() - at);
    Marks marks;
    find_marks(text.bytes() + at, 1, delimiter, &marks);
    if (size < 64) {
      const std::uint64_t there = (std::uint64_t{1} << size) - 1;
      marks = {marks.separators & there, marks.newlines & there, marks.quotes & there};
    }
    state.take(marks, size);
    for (std::uint64_t rest = marks.separators; rest != 0; rest &= rest - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(rest));
      const std::uint32_t end = at + bit;
      if ((marks.newlines >> bit & 1) == 0) {
        ends.push_back(end);
        if (ends.size() >= most_columns)
          throw FileError("has more than " + std::to_string(most_columns) + " columns");
        continue;
      }
      Row found = row(end, end + 1);
      if (found.cells.size() > 1 || !found.cells[0].empty()) return found;
      begin = end + 1;
      ends.clear();
    }
    at += size;
  }
  if (begin == text.end()) return std::nullopt;
  if (state.quoted()) throw FileError("line 1: a quoted cell does not end");
  Row found = row(text.end(), text.end());
  if (found.cells.size() == 1 && found.cells[0].empty()) return std::nullopt;
  return found;
}

// Whether these are names: none is a value of another type than text, and not all are empty.
bool are_names(const std::vector<std::string>& cells) {
  bool some = false;
  for (const std::string& cell : cells) {
    const FoundType type = type_of(cell, {});
    if (type && type != Type::text) return false;
    some |= type.has_value();
  }
  return some;
}

}  // namespace

CsvHead probe(const FileSource& source, char delimiter, Header header) {
  CsvHead head;
  CsvLayout layout;
  layout.source = source;
  layout.size = head.size = InputFile(source).size();
  std::optional<SliceText> text(std::in_place, layout, 0);
  const std::string_view start(text->bytes(), std::min<std::size_t>(text->end(), 64 << 10));
  if (start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff"))
    throw FileError("is text in UTF-16; UTF-8 is read");
  if (start.find('\0') != start.npos) throw FileError("is no text: it has bytes that are 0");
  if (start.find('\n') == start.npos && start.find('\r') != start.npos)
    throw FileError("ends its lines with CR alone; tr '\\r' '\\n' makes lines of them");
  if (start.starts_with("\xef\xbb\xbf")) {
    layout.begin = 3;
    text.emplace(layout, 0);
  }
  const std::string_view lines(text->bytes() + text->begin(),
                               std::min<std::size_t>(text->end() - text->begin(), 64 << 10));
  head.delimiter = delimiter != 0 ? delimiter : find_delimiter(lines, text->complete());
  const auto row = first_row(*text, head.delimiter);
  if (!row) throw FileError("is empty");
  for (const std::string_view cell : row->cells) head.names.emplace_back(trimmed(unquoted(cell)));
  const bool names =
      header == Header::automatic ? are_names(head.names) : header == Header::present;
  head.begin = names ? text->offset(row->next) : layout.begin;
  if (!names) std::ranges::fill(head.names, std::string());
  return head;
}

void write(BlobWriter& to, const CsvHead& head) {
  to.value(head.size);
  to.value(head.begin);
  to.value(head.delimiter);
  to.value(static_cast<std::uint32_t>(head.names.size()));
  for (const std::string& name : head.names) to.text(name);
}

CsvHead read_head(BlobReader& from) {
  CsvHead head;
  head.size = from.value<std::uint64_t>();
  head.begin = from.value<std::uint64_t>();
  head.delimiter = from.value<char>();
  for (auto names = from.value<std::uint32_t>(); names > 0 && from.good(); --names)
    head.names.emplace_back(from.text());
  if (!from.good() || head.begin > head.size || head.size > INT64_MAX || head.names.empty() ||
      head.names.size() > most_columns)
    throw Error("what a worker said of a CSV file was written over");
  return head;
}

std::vector<std::string> unique_names(std::vector<std::string> names) {
  const std::unordered_set<std::string> given(names.begin(), names.end());
  std::unordered_set<std::string> used;
  std::unordered_map<std::string, std::size_t> times;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string& name = names[i];
    if (!name.empty() && used.insert(name).second) continue;
    const std::string stem = name.empty() ? "column" + std::to_string(i + 1) : name;
    std::size_t& number = times.try_emplace(stem, name.empty() ? 0 : 1).first->second;
    do {
      name = ++number == 1 ? stem : stem + "_" + std::to_string(number);
    } while (given.contains(name) || !used.insert(name).second);
  }
  return names;
}

}  // namespace tine::mining
