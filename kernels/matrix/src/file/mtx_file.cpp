#include <algorithm>
#include <cctype>

#include "layout.hpp"
#include "number.hpp"

namespace tine::matrix {

namespace {

using Symmetry = Coordinates::Symmetry;

// The next word of a line, in lower case; empty at its end.
std::string take_word(std::string_view& line) {
  line = trimmed(line);
  const std::size_t length = std::min(line.find_first_of(" \t"), line.size());
  std::string word(line.substr(0, length));
  line.remove_prefix(length);
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word;
}

std::uint64_t take_size(std::string_view& line) {
  line = trimmed(line);
  std::uint64_t size = 0;
  const auto [next, error] = std::from_chars(line.data(), line.data() + line.size(), size);
  if (error != std::errc())
    throw FileError("its size line has no number, or one that overflows, where it says " +
                    quoted(line));
  line.remove_prefix(static_cast<std::size_t>(next - line.data()));
  return size;
}

void read_banner(std::string_view line, Layout& layout) {
  if (take_word(line) != "%%matrixmarket") throw FileError("does not begin as .mtx files do");
  if (const std::string object = take_word(line); object != "matrix")
    throw FileError("holds no matrix: its first line says " + quoted(object));
  const std::string format = take_word(line), field = take_word(line), symmetry = take_word(line);
  const auto unknown = [](const std::string& what, const char* known) {
    throw FileError("its first line says " + quoted(what) + ", which is none of " + known);
  };
  layout.coordinate = format == "coordinate";
  if (!layout.coordinate && format != "array") unknown(format, "coordinate and array");
  layout.pattern = field == "pattern";
  if (field == "real" || field == "double" || layout.pattern)
    layout.stored_type = ElementType::f8;
  else if (field == "integer")
    layout.stored_type = ElementType::i8;
  else if (field == "complex")
    layout.stored_type = ElementType::c16;
  else
    unknown(field, "real, integer, complex and pattern");
  if (symmetry == "general")
    layout.symmetry = Symmetry::general;
  else if (symmetry == "symmetric")
    layout.symmetry = Symmetry::symmetric;
  else if (symmetry == "skew-symmetric")
    layout.symmetry = Symmetry::skew;
  else if (symmetry == "hermitian")
    layout.symmetry = Symmetry::hermitian;
  else
    unknown(symmetry, "general, symmetric, skew-symmetric and hermitian");
  if (layout.pattern && !layout.coordinate) throw FileError("is an array without values (pattern)");
}

[[noreturn]] void refuse_line(const InputFile& file, const Lines& lines, std::string_view line,
                              const std::string& why) {
  throw FileError("line " + std::to_string(number_of_line(file, lines.offset())) + ": " +
                  quoted(line) + " " + why);
}

// A number as the file's field has it, which is two for complex ones.
template <class T>
bool take_number(std::string_view& text, bool two, T& value) {
  text = trimmed(text);
  const char *at = text.data(), *end = text.data() + text.size();
  if constexpr (std::is_arithmetic_v<T>) {
    at = parse_number(at, end, value);
  } else {
    typename T::value_type real{}, imaginary{};
    at = parse_number(at, end, real);
    while (two && at != nullptr && at != end && is_blank(*at)) ++at;
    if (two && at != nullptr) at = parse_number(at, end, imaginary);
    value = T(real, imaginary);
  }
  if (at == nullptr) return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  return text.empty() || is_blank(text.front());
}

std::string_view next_line(Lines& lines) {
  std::string_view line;
  if (!lines.next(line)) throw FileError("was changed meanwhile: there are fewer lines");
  return line;
}

}  // namespace

void probe_mtx(const InputFile& file, Layout& layout) {
  Lines lines(file, 0, file.size());
  std::string_view line;
  if (!lines.next(line)) throw FileError("does not begin as .mtx files do");
  read_banner(line, layout);
  do {
    if (!lines.next(line)) throw FileError("truncated: it has no size line");
  } while (line.starts_with('%') || trimmed(line).empty());
  layout.begin = lines.offset() + line.size();
  layout.end = file.size();
  layout.text = true;
  layout.rows = take_size(line);
  layout.columns = take_size(line);
  std::uint64_t all;
  if (__builtin_mul_overflow(layout.rows, layout.columns, &all))
    throw FileError("claims " + std::to_string(layout.rows) + " x " +
                    std::to_string(layout.columns) + " values, which overflows");
  const std::uint64_t n = layout.rows;
  if (layout.symmetry != Symmetry::general && n != layout.columns)
    throw FileError("is symmetric and not square");
  if (layout.coordinate) {
    layout.entries = take_size(line);
    if (layout.entries > file.size())
      throw FileError("truncated: it claims " + std::to_string(layout.entries) + " entries");
  } else {
    layout.order = Order::column_major;
    layout.entries = layout.symmetry == Symmetry::general ? all
                     : layout.symmetry == Symmetry::skew  ? (all - n) / 2
                                                          : (all - n) / 2 + n;
  }
  if (!trimmed(line).empty()) throw FileError("its size line ends with " + quoted(line));
}

void read_mtx_values(const InputFile& file, const Layout& layout, LineIndex index, Range part,
                     std::byte* to) {
  if (part.size() == 0) return;
  Lines lines(file, find_line(file, layout, index, part.begin), layout.end);
  with_element(layout.type, [&]<class T>(std::type_identity<T>) {
    T* value = reinterpret_cast<T*>(to);
    for (std::size_t i = part.begin; i < part.end; ++i, ++value) {
      const std::string_view line = next_line(lines);
      std::string_view rest = line;
      if (!take_number(rest, is_complex(layout.stored_type), *value) || !trimmed(rest).empty())
        refuse_line(file, lines, line, "is no value");
    }
  });
}

void read_mtx_entries(const InputFile& file, const Layout& layout, LineIndex index, Range part,
                      std::uint64_t* rows, std::uint64_t* columns, std::byte* values) {
  if (part.size() == 0) return;
  Lines lines(file, find_line(file, layout, index, part.begin), layout.end);
  with_element(layout.type, [&]<class T>(std::type_identity<T>) {
    T* value = reinterpret_cast<T*>(values);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::string_view line = next_line(lines);
      std::string_view rest = line;
      value[i] = T(1);
      if (!take_number(rest, false, rows[i]) || !take_number(rest, false, columns[i]) ||
          (!layout.pattern && !take_number(rest, is_complex(layout.stored_type), value[i])) ||
          !trimmed(rest).empty())
        refuse_line(file, lines, line,
                    layout.pattern ? "is no row and column" : "is no row, column and value");
      if (rows[i] < 1 || rows[i] > layout.rows || columns[i] < 1 || columns[i] > layout.columns)
        refuse_line(file, lines, line,
                    "lies outside of " + std::to_string(layout.rows) + " x " +
                        std::to_string(layout.columns));
      --rows[i];
      --columns[i];
    }
  });
}

}  // namespace tine::matrix
