// Matrices to files and back, files as others write them, and files that are no such files.
#include <tine/matrix/file.hpp>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <tine/matrix/coordinates.hpp>
#include <tine/tine.hpp>

#include <gmock/gmock.h>

#include "matrix_test.hpp"
#include "support/fixture.hpp"

namespace tine::matrix {

namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr ElementType all_types[] = {ElementType::u1, ElementType::u2, ElementType::u4,
                                     ElementType::u8, ElementType::i1, ElementType::i2,
                                     ElementType::i4, ElementType::i8, ElementType::f4,
                                     ElementType::f8, ElementType::c8, ElementType::c16};

class MatrixFile : public tine_test::NothingLeftBehind {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tine-matrix-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string text_of(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  // What a file is refused for.
  static std::string refusal(const PoolWith& on, const std::string& file,
                             const ReadOptions& options = {}) {
    try {
      read_file(on, file, options);
    } catch (const FileError& error) {
      return error.what();
    }
    return "not refused";
  }

  fs::path folder_;
};

// Numbers that use all the digits of their type.
template <class T>
T number(std::size_t i) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(i * 0x9E3779B97F4A7C15 >> 3);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (i % 11 == 3) return -std::numeric_limits<T>::infinity();
    return std::sin(static_cast<T>(i)) * std::pow(T(10), static_cast<T>(i % 30) - 15);
  } else {
    using R = typename T::value_type;
    return T(number<R>(2 * i), number<R>(2 * i + 1));
  }
}

AnyMatrix make(Pool& pool, ElementType type, std::size_t rows, std::size_t columns, Order order) {
  AnyMatrix m(pool, type, rows, columns, order);
  with_element(type, [&]<class T>(std::type_identity<T>) {
    m.data();  // settles it
    const Operand<T> o = m.as<T>();
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c)
        o.data[r * o.row_stride + c * o.column_stride] = number<T>(r * columns + c);
  });
  return m;
}

// The elements in row-major order, as bytes.
std::string bytes_of(const PoolWith& on, AnyMatrix m) {
  const ElementType type = m.type();
  const AnyMatrix rows = changed(on, std::move(m), type, Order::row_major);
  return {reinterpret_cast<const char*>(rows.data()), rows.bytes().size()};
}

std::vector<double> values(const PoolWith& on, AnyMatrix m) {
  const AnyMatrix d = changed(on, std::move(m), ElementType::f8, Order::row_major);
  const double* data = d.as<double>().data;
  return {data, data + d.rows() * d.columns()};
}

TEST_F(MatrixFile, written_and_read_has_the_same_bits_in_every_format_type_and_order) {
  for (const unsigned workers : {3u}) {
    Pool pool({.workers = workers});
    for (const char* name : {"a.npy", "a.csv", "a.tsv", "a.mtx", "a.h5:/group/a"}) {
      if (format_of(name) == FileFormat::hdf5 && !has_hdf5()) continue;
      for (const ElementType type : all_types)
        for (const Order order : {Order::row_major, Order::column_major})
          for (const auto& [rows, columns] :
               {std::pair{1, 1}, {1, 65}, {64, 1}, {63, 7}, {1000, 3}}) {
            SCOPED_TRACE(testing::Message() << name << " " << to_string(type) << " " << rows
                                            << " x " << columns << ", " << workers);
            const std::size_t r = static_cast<std::size_t>(rows),
                              c = static_cast<std::size_t>(columns);
            AnyMatrix m = make(pool, type, r, c, order);
            const std::string expected = bytes_of(pool, make(pool, type, r, c, order));
            write_file(pool, path(name), std::move(m));
            AnyMatrix back = read_file(pool, path(name), {.type = type});
            ASSERT_EQ(back.rows(), r);
            ASSERT_EQ(back.columns(), c);
            ASSERT_EQ(back.type(), type);
            ASSERT_TRUE(bytes_of(pool, std::move(back)) == expected);
          }
    }
  }
}

TEST_F(MatrixFile, rows_read_in_blocks_are_those_read_at_once) {
  Pool pool({.workers = 2});
  const AnyMatrix m = make(pool, ElementType::f8, 517, 9, Order::row_major);
  for (const char* name : {"a.npy", "a.csv", "a.mtx", "a.h5"}) {
    if (format_of(name) == FileFormat::hdf5 && !has_hdf5()) continue;
    write_file(pool, path(name), make(pool, ElementType::f8, 517, 9, Order::row_major));
    const FileReader file(pool, {.name = path(name)});
    ASSERT_TRUE(file.info().by_rows);
    std::string blocks;
    for (std::size_t first = 0; first < 517; first += 100)
      blocks += bytes_of(pool, file.read(pool, {first, std::min<std::size_t>(first + 100, 517)}));
    EXPECT_TRUE(blocks == bytes_of(pool, file.read(pool))) << name;
    EXPECT_THROW(file.read(pool, {0, 518}), InvalidArgument);
  }
}

// Lines of many lengths, so that they end on either side of the borders of chunks.
TEST_F(MatrixFile, large_text_is_cut_into_the_same_lines_on_any_number_of_workers) {
  std::string text, expected;
  for (int i = 0; i < 150000; ++i) {
    text += std::string(static_cast<std::size_t>(i % 7), '0') + std::to_string(i) + "," +
            std::to_string(-i) + (i % 3 == 0 ? "\r\n" : "\n");
    if (i % 5 == 0) text += i % 2 == 0 ? "\n" : "\r\n";  // empty
  }
  text.pop_back();
  write("a.csv", text);
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    const auto v = values(pool, read_file(pool, path("a.csv")));
    ASSERT_EQ(v.size(), 300000u);
    for (std::size_t i = 0; i < v.size(); i += 2) {
      ASSERT_EQ(v[i], double(i / 2));
      ASSERT_EQ(v[i + 1], -double(i / 2));
    }
  }
}

TEST_F(MatrixFile, csv_is_read_as_people_write_it) {
  Pool pool({.workers = 2});
  const auto read = [&](const std::string& text, const ReadOptions& options = {}) {
    return values(pool, read_file(pool, write("a.csv", text), options));
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto is = [](std::vector<double> e) {
    return testing::Pointwise(testing::NanSensitiveDoubleEq(), e);
  };
  EXPECT_THAT(read("1,2\n3,4\n"), is({1, 2, 3, 4}));
  EXPECT_THAT(read("\xef\xbb\xbf"
                   "a,b\r\n1,2\r\n3,4"),
              is({1, 2, 3, 4}));
  EXPECT_THAT(read("1;2\n\n3;+4e0\n\r\n"), is({1, 2, 3, 4}));
  EXPECT_THAT(read("1\t2\n3\t4\n"), is({1, 2, 3, 4}));
  EXPECT_THAT(read("1|2\n3|4\n"), is({1, 2, 3, 4}));
  EXPECT_THAT(read("# x y\n 1 2 \n3\t  4\n"), is({1, 2, 3, 4}));
  EXPECT_THAT(read("\"a,b\",\"c\"\"d\"\n\"1\", 2 \n 3 ,\" 4\"\n"), is({1, 2, 3, 4}));
  EXPECT_THAT(read("1,,3\n,nan,inf\n"), is({1, nan, 3, nan, nan, HUGE_VAL}));
  EXPECT_THAT(read("1\n2\n3\n"), is({1, 2, 3}));
  EXPECT_THAT(read("1,2\n3,4\n", {.header = Header::present}), is({3, 4}));
  EXPECT_THAT(read("1.0,2e1\n", {.type = ElementType::i4}), is({1, 20}));
  EXPECT_THAT(read(""), is({}));
  EXPECT_THAT(read("a,b\n"), is({}));
  write("a.csv", "x,\"y \"\"1\"\"\",z\n1,2,3\n");
  EXPECT_THAT(FileReader(pool, {.name = path("a.csv")}).info().names,
              ElementsAre("x", "y \"1\"", "z"));
  const AnyMatrix c =
      read_file(pool, write("a.csv", "1+2j,(3-4j)\n5,6j\n"), {.type = ElementType::c16});
  const auto* z = c.as<std::complex<double>>().data;
  EXPECT_EQ(z[0], std::complex<double>(1, 2));
  EXPECT_EQ(z[1], std::complex<double>(3, -4));
  EXPECT_EQ(z[2], std::complex<double>(5, 0));
  EXPECT_EQ(z[3], std::complex<double>(0, 6));
}

TEST_F(MatrixFile, a_cell_that_is_no_number_is_named_with_line_and_column) {
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    const auto refuse = [&](const std::string& text, const ReadOptions& options = {}) {
      return refusal(pool, write("a.csv", text), options);
    };
    EXPECT_EQ(refuse("time,price\n1,2\n\n3,4 EUR\n5,x\n"),
              path("a.csv") + ": line 4, column 2 (\"price\"): \"4 EUR\" is no number");
    EXPECT_EQ(refuse("1,2\n3\n"), path("a.csv") + ": line 2 has 1 cell, those before it have 2");
    EXPECT_EQ(refuse("1,2\n3,4,5\n"),
              path("a.csv") + ": line 2 has 3 cells, those before it have 2");
    EXPECT_THAT(refuse("1\n1.5\n", {.type = ElementType::i4}),
                HasSubstr("line 2, column 1: \"1.5\" is no number of the type i4"));
    EXPECT_THAT(refuse("1\n300\n", {.type = ElementType::u1}), HasSubstr("line 2"));
    EXPECT_THAT(refuse("1\n\x1b[31mred\n"), HasSubstr("\"?[31mred\""));
    EXPECT_THAT(refuse("1\n"s + '\0' + "2\n"), HasSubstr("is no matrix"));
    // Of many, the first: whichever worker met another one first.
    std::string text;
    for (int i = 0; i < 400000; ++i) text += i % 90000 == 80000 ? "bad\n" : "1.25,2\n";
    EXPECT_THAT(refuse(text), HasSubstr("line 80001, column 1: \"bad\""));
  }
}

TEST_F(MatrixFile, matrix_market_of_every_kind) {
  Pool pool({.workers = 2});
  const auto read = [&](const std::string& kind, const std::string& rest) {
    return values(pool, read_file(pool, write("a.mtx", "%%MatrixMarket matrix " + kind +
                                                           "\n% about\n\n" + rest)));
  };
  EXPECT_THAT(read("array real general", "2 3\n1\n2\n3\n4\n5\n6\n"), ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_THAT(read("array integer symmetric", "3 3\n1\n2\n3\n4\n5\n6\n"),
              ElementsAre(1, 2, 3, 2, 4, 5, 3, 5, 6));
  EXPECT_THAT(read("array real skew-symmetric", "3 3\n1\n2\n3\n"),
              ElementsAre(0, -1, -2, 1, 0, -3, 2, 3, 0));
  EXPECT_THAT(read("coordinate real general", "2 3 3\n1 1 5\n2 3 -1e1\n1 1 0.5\n"),
              ElementsAre(5.5, 0, 0, 0, 0, -10));
  EXPECT_THAT(read("coordinate pattern general", "2 2 1\n2 1\n"), ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(read("coordinate integer symmetric", "2 2 2\n2 1 3\n2 2 4\n"),
              ElementsAre(0, 3, 3, 4));
  EXPECT_THAT(read("Coordinate Real Skew-Symmetric", "2 2 1\n2 1 3\n"), ElementsAre(0, -3, 3, 0));
  EXPECT_THAT(read("coordinate real general", "2 2 0\n"), ElementsAre(0, 0, 0, 0));
  const AnyMatrix h = read_file(
      pool, write("h.mtx", "%%MatrixMarket matrix array complex hermitian\n2 2\n1 0\n2 3\n4 0\n"));
  const auto z = h.as<std::complex<double>>();
  EXPECT_EQ(z.data[1 * z.row_stride], std::complex<double>(2, 3));
  EXPECT_EQ(z.data[1 * z.column_stride], std::complex<double>(2, -3));
  const FileReader file(
      pool,
      {.name = write("a.mtx",
                     "%%MatrixMarket matrix coordinate real symmetric\n9 9 2\n9 1 2.5\n3 3 1\n")});
  EXPECT_TRUE(file.info().coordinate);
  EXPECT_EQ(file.info().symmetry, "symmetric");
  const Coordinates entries = read_coordinates(pool, file);
  EXPECT_THAT(std::vector(entries.row.begin(), entries.row.end()), ElementsAre(8, 2));
  EXPECT_THAT(std::vector(entries.column.begin(), entries.column.end()), ElementsAre(0, 2));
  EXPECT_EQ(entries.symmetry, Coordinates::Symmetry::symmetric);
}

TEST_F(MatrixFile, what_lies_or_is_no_such_file_is_refused) {
  Pool pool({.workers = 2});
  const auto npy = [&](const std::string& dict, const std::string& data = "values") {
    return refusal(pool, write("a.npy", "\x93NUMPY\1\0"s + char(dict.size()) + '\0' + dict + data));
  };
  EXPECT_THAT(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"),
              HasSubstr("truncated: its header claims 3 x 4"));
  EXPECT_THAT(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"),
              HasSubstr("overflows"));
  EXPECT_THAT(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (18446744073709551616, 1), }"),
              HasSubstr("overflows"));
  EXPECT_THAT(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 3), }"),
              HasSubstr("3 dimensions"));
  EXPECT_THAT(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }"),
              HasSubstr("no shape"));
  EXPECT_THAT(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
              HasSubstr("of the type"));
  EXPECT_THAT(npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }"),
              HasSubstr("of the type"));
  EXPECT_THAT(npy("{'descr': '<f8', 'shape': (3, 4), }"), HasSubstr("has no 'fortran_order'"));
  EXPECT_THAT(npy("{}"), HasSubstr("has no 'descr'"));
  EXPECT_THAT(refusal(pool, write("b.npy", "1,2\n3,4\n")),
              HasSubstr("does not begin as .npy files do"));
  EXPECT_THAT(refusal(pool, write("b.mtx", "1,2\n3,4\n")),
              HasSubstr("does not begin as .mtx files do"));
  EXPECT_THAT(refusal(pool, write("c.npy", "\x93NUMPY\2\0\xff\xff\xff\xff{}"s)),
              HasSubstr("longer than 1 MiB"));
  const auto mtx = [&](const std::string& text) {
    return refusal(pool, write("a.mtx", "%%MatrixMarket matrix " + text));
  };
  EXPECT_THAT(mtx("array real general\n2 2\n1\n2\n3\n"),
              HasSubstr("truncated: its size line says 4 values, and it has 3"));
  EXPECT_THAT(mtx("array real general\n1 1\n1\n2\n"), HasSubstr("says 1 values, and it has 2"));
  EXPECT_THAT(mtx("array real general\n9999999999 9999999999\n1\n"), HasSubstr("overflows"));
  EXPECT_THAT(mtx("array real general\n99999999999999999999 1\n1\n"), HasSubstr("size line"));
  EXPECT_THAT(mtx("array real symmetric\n2 3\n1\n"), HasSubstr("symmetric and not square"));
  EXPECT_THAT(mtx("array real general\n"), HasSubstr("no size line"));
  EXPECT_THAT(mtx("array real general\n2 1\n1\nx\n"), HasSubstr("line 4: \"x\" is no value"));
  EXPECT_THAT(mtx("coordinate real general\n2 2 1\n3 1 1\n"),
              HasSubstr("line 3: \"3 1 1\" lies outside of 2 x 2"));
  EXPECT_THAT(mtx("coordinate real general\n2 2 1\n0 1 1\n"), HasSubstr("outside"));
  EXPECT_THAT(mtx("coordinate real general\n2 2 1\n1 1\n"),
              HasSubstr("is no row, column and value"));
  EXPECT_THAT(mtx("coordinate quaternion general\n2 2 1\n1 1\n"), HasSubstr("\"quaternion\""));
  EXPECT_THAT(refusal(pool, path("none.npy")),
              HasSubstr("none.npy: cannot be opened: No such file"));
  EXPECT_THAT(refusal(pool, folder_.string()), HasSubstr("is not a regular file"));
  EXPECT_THAT(refusal(pool, write("c.csv", "1+2j\n"), {.type = ElementType::f8}), HasSubstr(""));
  write_file(pool, path("z.npy"), make(pool, ElementType::c16, 2, 2, Order::row_major));
  EXPECT_THAT(refusal(pool, path("z.npy"), {.type = ElementType::f8}),
              HasSubstr("do not become f8"));
}

TEST_F(MatrixFile, cut_off_anywhere_it_is_refused_or_shorter) {
  Pool pool({.workers = 2});
  for (const std::string name : {"a.npy", "a.csv", "a.mtx", "a.h5"}) {
    if (format_of(name) == FileFormat::hdf5 && !has_hdf5()) continue;
    write_file(pool, path(name), make(pool, ElementType::f8, 5, 3, Order::row_major));
    const std::string whole = text_of(name);
    const std::size_t step = name == "a.h5" ? 13 : 1;  // it has kilobytes of nothing
    for (std::size_t n = 0; n < whole.size(); n += step) {
      write("cut-" + name, whole.substr(0, n));
      try {
        const AnyMatrix m = read_file(pool, path("cut-" + name));
        EXPECT_LE(m.rows(), 5u) << name << " of " << n;
        EXPECT_TRUE(name != "a.npy") << "of " << n;
      } catch (const FileError& error) {
        EXPECT_THAT(error.what(), HasSubstr("cut-" + name + ": ")) << n;
      }
    }
  }
}

// Opens the file, and dies the first time.
int die_once(const char* name, std::size_t) {
  const std::string mark = std::string(name) + ".died";
  if (!fs::exists(mark)) {
    std::ofstream(mark) << "x";
    raise(SIGKILL);
  }
  return ::open(name, O_RDONLY | O_CLOEXEC);
}

TEST_F(MatrixFile, a_worker_that_is_killed_while_it_parses_costs_nothing) {
  for (const unsigned workers : tine_test::worker_counts) {
    Pool pool({.workers = workers});
    for (const char* name : {"a.npy", "a.csv", "a.mtx"}) {
      write_file(pool, path(name), make(pool, ElementType::f8, 3000, 40, Order::row_major));
      const FileReader file(pool, {.name = path(name), .open = die_once});
      fs::remove(path(name) + ".died");
      Report report;
      const AnyMatrix m = file.read(pool.with({.report = &report}));
      EXPECT_GE(report.faults.size(), 1u);  // two may open it at once
      fs::remove(path(name) + ".died");
      EXPECT_TRUE(bytes_of(pool, file.read(pool)) ==
                  bytes_of(pool, make(pool, ElementType::f8, 3000, 40, Order::row_major)))
          << name;
      fs::remove(path(name) + ".died");
    }
  }
}

TEST_F(MatrixFile, a_write_that_fails_leaves_what_was_there_and_nothing_else) {
  Pool pool({.workers = 1});
  write("a.npy", "precious");
  EXPECT_THROW(
      write_file(pool, path("none/a.npy"), make(pool, ElementType::f8, 2, 2, Order::row_major)),
      FileError);
  EXPECT_THROW(write_file(pool, path("a.png"), make(pool, ElementType::f8, 2, 2, Order::row_major)),
               FileError);
  fs::create_directory(path("b.npy"));
  EXPECT_THROW(write_file(pool, path("b.npy"), make(pool, ElementType::f8, 2, 2, Order::row_major)),
               FileError);
  EXPECT_THAT(files(), ElementsAre("a.npy", "b.npy"));
  EXPECT_EQ(text_of("a.npy"), "precious");
}

TEST_F(MatrixFile, empty_matrices_stay_so) {
  Pool pool({.workers = 2});
  for (const char* name : {"a.npy", "a.mtx", "a.h5"})
    for (const auto& [rows, columns] :
         {std::pair<std::size_t, std::size_t>{0, 0}, {0, 5}, {5, 0}}) {
      if (format_of(name) == FileFormat::hdf5 && !has_hdf5()) continue;
      write_file(pool, path(name), AnyMatrix(pool, ElementType::f4, rows, columns));
      const AnyMatrix m = read_file(pool, path(name));
      EXPECT_EQ(m.rows(), rows) << name;
      EXPECT_EQ(m.columns(), columns) << name;
    }
}

TEST(MatrixElementType, conversions_round_toward_zero_and_stay_in_range) {
  const double from[] = {1.9, -1.9, 300, -1, 1e300, -1e300, NAN, 255};
  std::uint8_t u[8];
  convert_elements(ElementType::f8, reinterpret_cast<const std::byte*>(from), ElementType::u1,
                   reinterpret_cast<std::byte*>(u), 8);
  EXPECT_THAT(u, ElementsAre(1, 0, 255, 0, 255, 0, 0, 255));
  std::int64_t l[8];
  convert_elements(ElementType::f8, reinterpret_cast<const std::byte*>(from), ElementType::i8,
                   reinterpret_cast<std::byte*>(l), 8);
  EXPECT_THAT(l, ElementsAre(1, -1, 300, -1, INT64_MAX, INT64_MIN, 0, 255));
  const std::int64_t wide[] = {-5, 1 << 20, INT64_MAX};
  std::int16_t narrow[3];
  convert_elements(ElementType::i8, reinterpret_cast<const std::byte*>(wide), ElementType::i2,
                   reinterpret_cast<std::byte*>(narrow), 3);
  EXPECT_THAT(narrow, ElementsAre(-5, 32767, 32767));
  EXPECT_EQ(parse_element_type("float32"), ElementType::f4);
  EXPECT_EQ(parse_element_type("f16"), std::nullopt);
  EXPECT_EQ(type_to_compute_in(ElementType::f4, ElementType::f4), ElementType::f4);
  EXPECT_EQ(type_to_compute_in(ElementType::f4, ElementType::i4), ElementType::f8);
  EXPECT_EQ(type_to_compute_in(ElementType::c8, ElementType::f8), ElementType::c16);
}

}  // namespace

}  // namespace tine::matrix
