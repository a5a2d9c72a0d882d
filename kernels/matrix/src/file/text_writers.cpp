// CSV and .mtx: numbers become text in the workers.
#include <charconv>
#include <cmath>
#include <cstring>

#include <tine/for_each_slice.hpp>

#include "writers.hpp"

namespace tine::matrix {

namespace {

// What is between numbers.
struct Separators {
  char cell = ',', line = '\n';
  bool pairs = false;  // complex numbers as two words; else as 1+2j
};

// No number is longer, with what follows it.
constexpr std::size_t longest(ElementType type) {
  return is_complex(type) ? 56 : 28;
}

template <class T>
char* put_number(char* to, T value, const Separators& separators) {
  if constexpr (std::is_integral_v<T>) {
    return std::to_chars(to, to + 28, value).ptr;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return std::strcpy(to, "nan") + 3;  // its sign says nothing
    return std::to_chars(to, to + 28, value).ptr;
  } else {
    to = put_number(to, value.real(), separators);
    if (separators.pairs)
      *to++ = ' ';
    else if (!std::signbit(value.imag()) || std::isnan(value.imag()))
      *to++ = '+';
    to = put_number(to, value.imag(), separators);
    if (!separators.pairs) *to++ = 'j';
    return to;
  }
}

// Writes lines of a matrix, which are rows or columns as it has them.
void write_text(const PoolWith& on, int file, const AnyMatrix& matrix, const Separators& how) {
  const View<std::byte, 2> bytes = matrix.bytes();
  if (bytes.extent(0) == 0) return;
  const std::size_t cells = bytes.extent(1) / size_of(matrix.type());
  if (cells == 0) {
    for (std::size_t i = 0; i < bytes.extent(0); ++i) write_bytes(file, &how.line, 1);
    return;
  }
  const std::size_t line_bytes = cells * longest(matrix.type());
  constexpr std::size_t slice_bytes = 1 << 20, slices = 32;
  const std::size_t grain = std::max<std::size_t>(1, slice_bytes / line_bytes);
  const std::size_t some = std::min(grain * slices, bytes.extent(0));
  struct Task {
    ElementType type;
    Separators how;
  };
  const Task one{matrix.type(), how};
  const auto task = on.pool.array_from(std::span<const Task>(&one, 1));
  auto text = on.pool.array<char>(some, line_bytes);
  auto lengths = on.pool.array<std::uint64_t>(some);  // of a slice's text, at its first line
  for (std::size_t first = 0; first < bytes.extent(0); first += some) {
    const std::size_t n = std::min(some, bytes.extent(0) - first);
    for_each_slice(
        on, {.n = n, .grain = grain},
        [](const Slice&, const View<char, 2>& to, std::span<std::uint64_t> length,
           const View<const std::byte, 2>& lines, std::span<const Task> tasks) {
          const Separators separators = tasks[0].how;
          with_element(tasks[0].type, [&]<class T>(std::type_identity<T>) {
            const T* value = reinterpret_cast<const T*>(lines.data());
            const std::size_t width = lines.extent(1) / sizeof(T);
            char* at = to.data();
            for (std::size_t l = 0; l < lines.extent(0); ++l)
              for (std::size_t c = 0; c < width; ++c) {
                at = put_number(at, *value++, separators);
                *at++ = c + 1 < width ? separators.cell : separators.line;
              }
            length[0] = static_cast<std::uint64_t>(at - to.data());
          });
        },
        out(text.peek().part(0, 0, n)), out(lengths.peek().part(0, 0, n)),
        in(bytes.part(0, first, n)), whole(task));
    for (std::size_t l = 0; l < n; l += grain)
      write_bytes(file, &text(l, 0), std::min<std::size_t>(lengths[l], grain * line_bytes));
  }
}

// A name as a cell of CSV.
std::string quoted_name(const std::string& name, char delimiter) {
  if (name.find_first_of(std::string("\"\r\n") + delimiter) == name.npos) return name;
  std::string result = "\"";
  for (const char c : name) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

class CsvWriter : public RowsWriter {
 public:
  CsvWriter(int file, const WriteOptions& options) : file_(file), delimiter_(options.delimiter) {
    std::string header;
    for (const std::string& name : options.names)
      header += (header.empty() ? "" : std::string(1, delimiter_)) + quoted_name(name, delimiter_);
    if (!header.empty()) header += '\n';
    write_bytes(file_, header.data(), header.size());
  }
  void append(const PoolWith& on, const AnyMatrix& rows, std::size_t) override {
    write_text(on, file_, rows, {.cell = delimiter_});
  }

 private:
  int file_;
  char delimiter_;
};

class MtxWriter : public RowsWriter {
 public:
  MtxWriter(int file, const MatrixShape& shape) : file_(file) {
    const std::string header = std::string("%%MatrixMarket matrix array ") +
                               (is_complex(shape.type)   ? "complex"
                                : is_integer(shape.type) ? "integer"
                                                         : "real") +
                               " general\n" + std::to_string(shape.rows) + " " +
                               std::to_string(shape.columns) + "\n";
    write_bytes(file_, header.data(), header.size());
  }
  Order order() const override { return Order::column_major; }
  void append(const PoolWith& on, const AnyMatrix& rows, std::size_t) override {
    if (rows.rows() > 0) write_text(on, file_, rows, {.cell = '\n', .pairs = true});
  }

 private:
  int file_;
};

}  // namespace

std::unique_ptr<RowsWriter> csv_writer(int file, const MatrixShape&, const WriteOptions& options) {
  return std::make_unique<CsvWriter>(file, options);
}

std::unique_ptr<RowsWriter> mtx_writer(int file, const MatrixShape& shape) {
  return std::make_unique<MtxWriter>(file, shape);
}

}  // namespace tine::matrix
