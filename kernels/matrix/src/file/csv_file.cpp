#include <algorithm>
#include <limits>

#include "layout.hpp"
#include "number.hpp"

namespace tine::matrix {

namespace {

// A cell and what is behind it.
struct Cell {
  std::string_view text;  // without quotes and blanks around it
  bool last = true;
};

// Takes the next cell off the line. Within quotes, which end before the delimiter, two quotes stand for one.
Cell take_cell(std::string_view& line, char delimiter) {
  if (delimiter == ' ') line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  std::size_t from = 0;
  const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
  if (start < line.size() && line[start] == '"') {
    from = start + 1;
    while ((from = line.find('"', from)) != line.npos && from + 1 < line.size() &&
           line[from + 1] == '"')
      from += 2;
    from = std::min(from, line.size());
  }
  const std::size_t at =
      delimiter == ' ' ? line.find_first_of(" \t", from) : line.find(delimiter, from);
  Cell cell{trimmed(line.substr(0, at)), at == line.npos};
  line.remove_prefix(cell.last ? line.size() : at + 1);
  if (delimiter == ' ' && !cell.last) {  // blanks at the end of a line are no delimiter
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    cell.last = line.empty();
  }
  if (cell.text.size() >= 2 && cell.text.front() == '"' && cell.text.back() == '"')
    cell.text = trimmed(cell.text.substr(1, cell.text.size() - 2));
  return cell;
}

template <class T>
bool parse_cell(std::string_view text, T& value) {
  if (text.empty()) {
    if constexpr (std::is_integral_v<T>)
      return false;
    else
      value = std::numeric_limits<decltype(std::abs(T()))>::quiet_NaN();
    return true;
  }
  const char* const end = text.data() + text.size();
  return parse_number(text.data(), end, value) == end;
}

// That of which the line has most outside of quotes.
char delimiter_of(std::string_view line) {
  constexpr char all[] = {',', ';', '\t', '|'};
  std::size_t counts[std::size(all)] = {};
  bool quoted = false;
  for (const char c : line) {
    quoted ^= c == '"';
    if (quoted) continue;
    for (std::size_t i = 0; i < std::size(all); ++i) counts[i] += c == all[i];
  }
  const auto most = std::ranges::max_element(counts) - counts;
  if (counts[most] > 0) return all[most];
  return trimmed(line).find_first_of(" \t") == line.npos ? ',' : ' ';
}

[[noreturn]] void refuse_cell(const InputFile& file, const Layout& layout, std::uint64_t offset,
                              std::size_t column, std::string_view text) {
  std::string name;
  if (layout.header_bytes > 0) {
    std::string header(std::min<std::uint64_t>(layout.header_bytes, longest_line), '\0');
    header.resize(file.read_some(layout.header_begin, header.data(), header.size()));
    const auto names = split_header(header, layout.delimiter);
    if (column < names.size()) name = " (" + quoted(names[column]) + ")";
  }
  throw FileError(
      "line " + std::to_string(number_of_line(file, offset)) + ", column " +
      std::to_string(column + 1) + name + ": " + quoted(text) + " is no number" +
      (is_integer(layout.type) ? " of the type " + std::string(to_string(layout.type)) : ""));
}

[[noreturn]] void refuse_count(const InputFile& file, const Layout& layout, std::uint64_t offset,
                               std::size_t cells) {
  throw FileError("line " + std::to_string(number_of_line(file, offset)) + " has " +
                  std::to_string(cells) + (cells == 1 ? " cell" : " cells") +
                  ", those before it have " + std::to_string(layout.columns));
}

std::size_t count_cells(std::string_view line, char delimiter) {
  std::size_t count = 1;
  while (!take_cell(line, delimiter).last) ++count;
  return count;
}

// Most cells are a number and a delimiter: take_cell() is for the others.
template <class T>
void parse_line(const InputFile& file, const Layout& layout, std::uint64_t offset,
                std::string_view line, T* to) {
  const std::string_view whole = line;
  const char delimiter = layout.delimiter;
  for (std::size_t column = 0;; ++column) {
    T value;
    const char* const end = line.data() + line.size();
    const char* next = parse_number(line.data(), end, value);
    bool last;
    if (next != nullptr && delimiter != ' ' && (next == end || *next == delimiter)) {
      last = next == end;
      line.remove_prefix(static_cast<std::size_t>(next - line.data()) + !last);
    } else {
      const Cell cell = take_cell(line, delimiter);
      last = cell.last;
      if (column < layout.columns && !parse_cell(cell.text, value))
        refuse_cell(file, layout, offset, column, cell.text);
    }
    if (column >= layout.columns || (last && column + 1 < layout.columns))
      refuse_count(file, layout, offset, count_cells(whole, delimiter));
    to[column] = value;
    if (last) return;
  }
}

}  // namespace

std::vector<std::string> split_header(std::string_view line, char delimiter) {
  std::vector<std::string> names;
  if (line.starts_with('#')) line = trimmed(line.substr(1));
  for (bool last = line.empty(); !last;) {
    const Cell cell = take_cell(line, delimiter);
    std::string name(cell.text);
    for (std::size_t at = 0; (at = name.find("\"\"", at)) != name.npos; ++at) name.erase(at, 1);
    names.push_back(std::move(name));
    last = cell.last;
  }
  return names;
}

void probe_csv(const InputFile& file, Layout& layout) {
  layout.text = true;
  if (!layout.type_known) layout.type = ElementType::f8;
  layout.stored_type = layout.type;
  layout.end = file.size();
  char mark[3];
  if (file.read_some(0, mark, 3) == 3 && std::string_view(mark, 3) == "\xef\xbb\xbf")
    layout.begin = 3;
  Lines lines(file, layout.begin, layout.end);
  std::string_view line;
  const auto is_header = [&] {
    layout.header_begin = lines.offset();
    layout.header_bytes = line.size();
    // Its end, or that of the file.
    layout.begin = std::min(lines.offset() + line.size(), layout.end);
  };
  bool more = lines.next(line);
  for (; more && line.starts_with('#'); more = lines.next(line)) is_header();
  if (!more) return;
  if (layout.delimiter == 0) layout.delimiter = delimiter_of(line);
  layout.columns = count_cells(line, layout.delimiter);
  if (layout.header_bytes > 0) return;  // a comment, as numpy.savetxt writes it
  bool names = layout.header == Header::present;
  if (layout.header == Header::automatic)
    with_element(layout.type, [&]<class T>(std::type_identity<T>) {
      std::string_view rest = line;
      for (bool last = false; !last;) {
        const Cell cell = take_cell(rest, layout.delimiter);
        // A type that is wished for does not make names of numbers.
        T value;
        double number;
        names |= !parse_cell(cell.text, value) && !parse_cell(cell.text, number);
        last = cell.last;
      }
    });
  if (names) is_header();
}

void read_csv(const InputFile& file, const Layout& layout, LineIndex index, const FilePart& part,
              std::byte* to) {
  Lines lines(file, find_line(file, layout, index, part.lines.begin), layout.end);
  with_element(layout.type, [&]<class T>(std::type_identity<T>) {
    T* row = reinterpret_cast<T*>(to);
    std::string_view line;
    for (std::size_t i = part.lines.begin; i < part.lines.end; ++i, row += layout.columns) {
      if (!lines.next(line)) throw FileError("was changed meanwhile: there are fewer lines");
      parse_line(file, layout, lines.offset(), line, row);
    }
  });
}

}  // namespace tine::matrix
