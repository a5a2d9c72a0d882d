// CSV files as scans read them: slices, quotes, types, and what is wrong with files.
#include "csv/csv_file.hpp"

#include <fcntl.h>
#include <stdlib.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <hwy/targets.h>
#include <tine/mining/error.hpp>
#include <tine/tine.hpp>

#include "mining_csv.hpp"
#include "support/fixture.hpp"

namespace tine::mining {

namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Csv : public tine_test::NothingLeftBehind {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tine-csv-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& text, const std::string& name = "a.csv") const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  WholeFile read(const std::string& text, const CsvOptions& options = {},
                 std::size_t slice_bytes = csv_slice_bytes) const {
    Pool pool({.workers = 1});
    CsvFile file(pool, {write(text)}, options, slice_bytes);
    return read_whole(pool, file);
  }
  std::string refusal(const std::string& text, const CsvOptions& options = {},
                      std::size_t slice_bytes = csv_slice_bytes) const {
    try {
      read(text, options, slice_bytes);
    } catch (const FileError& error) {
      const std::string what = error.what();
      const std::string name = (folder_ / "a.csv: ").string();
      EXPECT_TRUE(what.starts_with(name)) << what;
      return what.substr(name.size());
    }
    return "not refused";
  }

  fs::path folder_;
};

std::vector<std::string> types(const WholeFile& file) {
  std::vector<std::string> names;
  for (const Field& field : file.schema) names.emplace_back(to_string(field.type));
  return names;
}
std::vector<std::string> names(const WholeFile& file) {
  std::vector<std::string> names;
  for (const Field& field : file.schema) names.push_back(field.name);
  return names;
}

TEST_F(Csv, rows_and_types_are_read) {
  const WholeFile file = read(
      "k,x,day,at,ok,who\n1,2.5,2024-03-05,2024-03-05 12:34,true,Ada\n"
      "-3,,1969/12/31,1970-01-01T00:00:01.5Z,FALSE,\n");
  EXPECT_THAT(names(file), ElementsAre("k", "x", "day", "at", "ok", "who"));
  EXPECT_THAT(types(file), ElementsAre("int", "float", "date", "datetime", "bool", "string"));
  EXPECT_THAT(file.rows,
              ElementsAre(ElementsAre("1", "2.5", "19787", "1709642040000000", "true", "'Ada'"),
                          ElementsAre("-3", "null", "-1", "1500000", "false", "null")));
}

// What the state machine of a CSV reader does, one byte after another.
// A last row whose quotes do not end is left out.
std::vector<TextRow> reference(const std::string& text, char delimiter) {
  std::vector<TextRow> rows;
  TextRow row;
  std::string cell;
  enum { start, plain, within, closed } state = start;
  bool quoted = false;
  const auto end_cell = [&] {
    row.push_back(cell.empty() && !quoted ? "null" : "'" + cell + "'");
    cell.clear();
    quoted = false;
    state = start;
  };
  const auto end_row = [&] {
    if (state == plain && cell.ends_with('\r')) cell.pop_back();
    const bool blank = row.empty() && cell.empty() && !quoted;
    end_cell();
    if (!blank) rows.push_back(row);
    row.clear();
  };
  for (const char c : text) {
    if (state == within && c != '"') {
      cell += c;
    } else if (state == within) {
      state = closed;
    } else if (c == '"' && state == closed) {
      cell += c;
      state = within;
    } else if (c == '"' && state == start) {
      state = within;
      quoted = true;
    } else if (c == delimiter) {
      end_cell();
    } else if (c == '\n') {
      end_row();
    } else {
      cell += c;
      state = plain;
    }
  }
  if (state != within && (!row.empty() || !cell.empty() || quoted)) end_row();
  return rows;
}

TEST_F(Csv, any_text_gives_the_same_rows_however_it_is_cut) {
  Pool pool({.workers = 2});
  std::mt19937 random(7);
  constexpr std::string_view pieces[] = {"a",  "b", ",",  ",",    "\n",   "\n",    "\"",
                                         "\"", " ", "\"", "\"\"", "\r\n", "\",\"", "\"\n\""};
  for (int round = 0; round < 40; ++round) {
    std::string text = "x,y\n";
    const std::size_t size = random() % 400;
    while (text.size() < size) text += pieces[random() % std::size(pieces)];
    std::vector<TextRow> expected;
    for (TextRow& row : reference(text, ','))
      if (row.size() == 2) expected.push_back(std::move(row));
    expected.erase(expected.begin());
    for (const std::size_t slice : {1u, 2u, 3u, 7u, 64u, 65u, 100u, 1u << 20}) {
      CsvOptions options;
      options.header = Header::present;
      options.delimiter = ',';
      options.skip_bad = true;
      options.types = {{"x", Type::text}, {"y", Type::text}};
      CsvFile file(pool, {write(text)}, options, slice);
      const WholeFile whole = read_whole(pool, file);
      EXPECT_EQ(whole.rows, expected) << "slices of " << slice << ": " << text;
      if (HasFailure()) return;
    }
  }
}

TEST_F(Csv, quotes_are_as_in_rfc_4180_and_elsewhere_text) {
  const WholeFile file = read(
      "a,b\n"
      "\"x, \"\"y\"\"\",\"two\nlines\"\n"  // RFC 4180
      "in \"the\" middle,5\" pipe\n"       // text
      "\"closed\" early,\"\"\n"            // what is behind is a part of it
      " \"blank before\",\"\"\"\"\n");
  EXPECT_THAT(file.rows, ElementsAre(ElementsAre("'x, \"y\"'", "'two\nlines'"),
                                     ElementsAre("'in \"the\" middle'", "'5\" pipe'"),
                                     ElementsAre("'closed early'", "''"),
                                     ElementsAre("' \"blank before\"'", "'\"'")));
}

TEST_F(Csv, byte_order_mark_crlf_blank_lines_and_a_missing_last_end_are_no_data) {
  const std::vector<TextRow> rows = {{"1", "'a'"}, {"2", "'b'"}};
  for (const char* text : {"x,y\n1,a\n2,b\n", "x,y\r\n1,a\r\n2,b\r\n", "\xef\xbb\xbfx,y\n1,a\n2,b",
                           "\n\nx,y\n\n1,a\n\r\n2,b\n\n",
                           "\"x\",\"y\"\r\n\"1\",\"a\"\r\n\"2\",\"b\"", "x,y\r\n1,a\r\n2,b\r"}) {
    const WholeFile file = read(text);
    EXPECT_THAT(names(file), ElementsAre("x", "y")) << text;
    EXPECT_EQ(file.rows, rows) << text;
    EXPECT_EQ(file.rows_read, 2u);
  }
}

TEST_F(Csv, empty_cells_are_missing_and_words_in_columns_that_are_no_text) {
  const WholeFile file = read("n,country\n1,NA\nNA,\nnull,\"\"\n,DE\n\"\",\"NA\"\n");
  EXPECT_THAT(types(file), ElementsAre("int", "string"));
  EXPECT_THAT(file.rows, ElementsAre(ElementsAre("1", "'NA'"), ElementsAre("null", "null"),
                                     ElementsAre("null", "''"), ElementsAre("null", "'DE'"),
                                     ElementsAre("null", "'NA'")));
  // Also a number may be such a word; then it is no value.
  CsvOptions options;
  options.nulls = {"-999"};
  EXPECT_THAT(read("a\n-999\n1\n", options).rows,
              ElementsAre(ElementsAre("null"), ElementsAre("1")));
}

TEST_F(Csv, types_join_over_all_rows) {
  const auto joined = [&](std::initializer_list<std::string> cells) {
    std::string text = "a,b\n";
    for (const std::string& cell : cells) text += cell + ",\n";
    return std::string(to_string(read(text).schema[0].type));
  };
  EXPECT_EQ(joined({"1", "-2", "+3"}), "int");
  EXPECT_EQ(joined({"1", "2.5"}), "float");
  EXPECT_EQ(joined({"9223372036854775807", "-9223372036854775808"}), "int");
  EXPECT_EQ(joined({"9223372036854775808"}), "float");
  EXPECT_EQ(joined({"1e3"}), "float");
  EXPECT_EQ(joined({"nan", "1"}), "float");
  EXPECT_EQ(joined({"True", "false"}), "bool");
  EXPECT_EQ(joined({"true", "1"}), "string");
  EXPECT_EQ(joined({"yes"}), "string");
  EXPECT_EQ(joined({"2024-02-29"}), "date");
  EXPECT_EQ(joined({"2023-02-29"}), "string");
  EXPECT_EQ(joined({"2024-02-29", "2024-02-29 12:00"}), "datetime");
  EXPECT_EQ(joined({"2024-02-29", "1"}), "string");
  EXPECT_EQ(joined({"", "NA"}), "string");
  EXPECT_EQ(joined({"", "NA", "1"}), "int");
  EXPECT_EQ(joined({" 1 ", "2"}), "int");
  EXPECT_EQ(joined({"0x1"}), "string");
  EXPECT_EQ(joined({"1", "-"}), "string");
  EXPECT_EQ(joined({"1.5", "."}), "string");
}

TEST_F(Csv, a_late_cell_changes_the_type_of_all) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 3000; ++i) text += std::to_string(i) + ",,7\n";
  text += "0.5,2024-01-01,x\n";
  for (const std::size_t slice : {1000u, 1u << 20}) {
    const WholeFile file = read(text, {}, slice);
    EXPECT_THAT(types(file), ElementsAre("float", "date", "string"));
    EXPECT_THAT(file.rows[2999], ElementsAre("2999", "null", "'7'"));
    EXPECT_THAT(file.rows[3000], ElementsAre("0.5", "19723", "'x'"));
    EXPECT_EQ(file.rows.size(), 3001u);
    Pool pool({.workers = 2});
    CsvFile inferred(pool, {write(text)}, {}, slice);
    inferred.infer(pool);
    EXPECT_EQ(inferred.schema(), file.schema);
    EXPECT_EQ(read_whole(pool, inferred).retyped, 0u);
    EXPECT_EQ(inferred.rows(), 3001u);
  }
}

TEST_F(Csv, numbers_have_the_bits_that_strtod_gives) {
  std::mt19937_64 random(3);
  std::string text = "i,x,y\n";
  std::vector<TextRow> expected;
  const auto digits = [&](std::size_t count) {
    std::string s;
    while (s.size() < count) s += static_cast<char>('0' + random() % 10);
    return s;
  };
  for (int i = 0; i < 5000; ++i) {
    std::string x = (random() % 3 == 0 ? "-" : "") + digits(random() % 10);
    x += (random() % 4 == 0 ? "" : ".") + digits(random() % 12 + (x.size() < 2));
    if (random() % 10 == 0) x += "e" + std::to_string(static_cast<int>(random() % 600) - 300);
    char y[64];
    std::snprintf(y, sizeof y, "%.17g", std::bit_cast<double>(random() % 0x7ff0000000000000));
    const auto integer = static_cast<std::int64_t>(random()) >> random() % 64;
    text += std::to_string(integer) + "," + x + "," + y + "\n";
    TextRow& row = expected.emplace_back(TextRow{std::to_string(integer)});
    for (const std::string& number : {x, std::string(y)}) {
      char again[64];
      std::snprintf(again, sizeof again, "%.17g", std::strtod(number.c_str(), nullptr));
      row.emplace_back(again);
    }
  }
  const WholeFile file = read(text);
  EXPECT_THAT(types(file), ElementsAre("int", "float", "float"));
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(file.rows[i], expected[i]) << i;
}

TEST_F(Csv, odd_numbers_are_read_as_from_chars_does) {
  const WholeFile file = read(
      "x\n-0\n-0.0\n.5\n5.\n+7\n inf\n-Infinity\nNaN\n1e400\n1e-400\n"
      "0000000000000000000001\n12345678901234567890\n");
  std::vector<std::string> got;
  for (const TextRow& row : file.rows) got.push_back(row[0]);
  EXPECT_THAT(got, ElementsAre("-0", "-0", "0.5", "5", "7", "inf", "-inf", "nan", "inf", "0", "1",
                               "1.2345678901234567e+19"));
}

TEST_F(Csv, dates_and_times_are_those_of_the_calendar) {
  const WholeFile file = read(
      "d,t\n0001-01-01,1969-12-31 23:59:59.999999\n1600-02-29,2024-03-05T12:34:56Z\n"
      "9999-12-31,2024-03-05 12:34:56.123456789+05:30\n"
      "1970/01/01,2024-03-05 01:00-0130\n,2024-03-05\n");
  EXPECT_THAT(types(file), ElementsAre("date", "datetime"));
  EXPECT_THAT(
      file.rows,
      ElementsAre(ElementsAre("-719162", "-1"), ElementsAre("-135081", "1709642096000000"),
                  ElementsAre("2932896", "1709622296123456"), ElementsAre("0", "1709605800000000"),
                  ElementsAre("null", "1709596800000000")));
  for (const char* no :
       {"2024-13-01", "2024-00-01", "2024-1-1", "24-01-01", "2024-01-01 24:00", "2024-01-01 12:60",
        "2024-01-01 12:00:60", "2024-01-01 12", "2024-01-01T", "2024-01/01", "2024-01-01 12:00:00.",
        "2024-01-01 12:00+25:00", "1900-02-29"})
    EXPECT_THAT(types(read(std::string("a,b\n1,") + no + "\n")), ElementsAre("int", "string"))
        << no;
}

TEST_F(Csv, the_delimiter_is_what_the_first_lines_agree_on) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    std::string text = "a#b#c\n1#\"2,;\t|,;\t|\"#3\n4#x y#5\n";
    std::ranges::replace(text, '#', delimiter);
    const WholeFile file = read(text);
    EXPECT_THAT(names(file), ElementsAre("a", "b", "c")) << delimiter;
    EXPECT_THAT(file.rows[1], ElementsAre("4", "'x y'", "5"));
  }
  EXPECT_THAT(names(read("price;name\n1,5;x\n2,5;y\n")), ElementsAre("price", "name"));
  EXPECT_THAT(names(read("a b\n1\n")), ElementsAre("a b"));
}

TEST_F(Csv, the_first_line_has_names_when_it_has_no_values) {
  EXPECT_THAT(names(read("a,b\nc,d\n")), ElementsAre("a", "b"));
  EXPECT_THAT(names(read(",a\n0,1\n")), ElementsAre("column1", "a"));  // as pandas writes its index
  EXPECT_THAT(names(read("a,1\nb,2\n")), ElementsAre("column1", "column2"));
  EXPECT_THAT(names(read("2024-01-01,a\n")), ElementsAre("column1", "column2"));
  EXPECT_THAT(names(read(",\n1,2\n")), ElementsAre("column1", "column2"));
  EXPECT_THAT(names(read("1,2\n3,4\n", {.header = Header::present})), ElementsAre("1", "2"));
  const WholeFile absent = read("a,b\nc,d\n", {.header = Header::absent});
  EXPECT_THAT(names(absent), ElementsAre("column1", "column2"));
  EXPECT_EQ(absent.rows.size(), 2u);
}

TEST_F(Csv, names_are_different_from_each_other) {
  EXPECT_THAT(names(read("a,a,,a_2,a,column3,\n1,2,3,4,5,6,7\n")),
              ElementsAre("a", "a_3", "column3_2", "a_2", "a_4", "column3", "column7"));
}

TEST_F(Csv, files_of_no_rows_one_row_and_one_column_are_files) {
  EXPECT_THAT(refusal(""), "is empty");
  EXPECT_THAT(refusal("\n\r\n\n"), "is empty");
  const WholeFile none = read("a,b\n");
  EXPECT_THAT(types(none), ElementsAre("string", "string"));
  EXPECT_TRUE(none.rows.empty());
  EXPECT_THAT(read("a,b").rows, ElementsAre());
  EXPECT_THAT(read("a\n1\n\n\"\"\n3").rows,
              ElementsAre(ElementsAre("1"), ElementsAre("null"), ElementsAre("3")));
  EXPECT_THAT(read("7").rows, ElementsAre(ElementsAre("7")));
}

TEST_F(Csv, bad_rows_are_named_by_line_and_column) {
  EXPECT_EQ(refusal("a,b\n1,2\n3\n"), "line 3 has 1 cell, those before it have 2");
  EXPECT_EQ(refusal("a,b\n\"x\ny\",2\n3,4,5\n"), "line 4 has 3 cells, those before it have 2");
  EXPECT_EQ(refusal("a,b\n1,2\n3,\"4\n5,6\n"), "line 3: a quoted cell does not end");
  CsvOptions options;
  options.types = {{"delay", Type::integer}};
  EXPECT_EQ(refusal("x,y,delay\n1,2,3\n1,2,\n1,2,a\x1b[1mbc\n", options),
            "line 4, column 3 (delay): \"a?[1mbc\" is no int");
  EXPECT_EQ(refusal("x,y,delay\n1,2,3.5\n1\n", options),
            "line 2, column 3 (delay): \"3.5\" is no int");
  EXPECT_EQ(refusal("x,y,delay\n1\n1,2,3.5\n", options),
            "line 2 has 1 cell, those before it have 3");
  // However it is cut, it is the first.
  std::string text = "a,b\n";
  for (int i = 0; i < 500; ++i) text += i % 100 == 99 ? "1\n" : "1,2\n";
  for (const std::size_t slice : {1u, 10u, 399u, 4000u})
    EXPECT_EQ(refusal(text, {}, slice), "line 101 has 1 cell, those before it have 2");
}

TEST_F(Csv, bad_rows_can_be_skipped_and_counted) {
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i)
    text += i % 100 == 50 ? "1\n" : i % 100 == 70 ? "x,1\n" : std::to_string(i) + ",2\n";
  CsvOptions options;
  options.skip_bad = true;
  options.types = {{"a", Type::integer}};
  for (const std::size_t slice : {1000u, 1u << 20}) {
    const WholeFile file = read(text, options, slice);
    EXPECT_EQ(file.rows.size(), 4900u);
    EXPECT_EQ(file.rows_read, 5000u);
    EXPECT_EQ(file.bad_rows, 100u);
    ASSERT_EQ(file.bad_lines.size(), 10u);
    EXPECT_EQ(file.bad_lines[0], "line 52 has 1 cell, those before it have 2");
    EXPECT_EQ(file.bad_lines[1], "line 72, column 1 (a): \"x\" is no int");
    EXPECT_THAT(file.rows[50], ElementsAre("51", "2"));
    EXPECT_THAT(file.rows[69], ElementsAre("71", "2"));
  }
}

TEST_F(Csv, types_can_be_given) {
  CsvOptions options;
  options.types = {{"a", Type::text}, {"b", Type::real}, {"c", Type::datetime}};
  const WholeFile file = read("a,b,c\n007,1,2024-01-01\nNA,NA,NA\n", options);
  EXPECT_THAT(file.rows, ElementsAre(ElementsAre("'007'", "1", "1704067200000000"),
                                     ElementsAre("'NA'", "null", "null")));
  options.types = {{"aa", Type::text}};
  EXPECT_THAT(refusal("a,b,c\n1,2,3\n", options),
              HasSubstr("has no column \"aa\"; did you mean a?"));
}

TEST_F(Csv, only_the_columns_that_are_asked_for_are_looked_at) {
  Pool pool({.workers = 1});
  std::string text = "a,b,c\n";
  for (int i = 0; i < 10; ++i) text += "1,2,3\n";
  CsvFile file(pool, {write(text + "x,2,3\n")}, {}, 20);
  const WholeFile whole = read_whole(pool, file, {2, 1});
  EXPECT_EQ(whole.retyped, 0u);
  EXPECT_THAT(whole.rows[10], ElementsAre("3", "2"));
}

TEST_F(Csv, slices_within_quotes_are_read_again) {
  std::string text = "a,b\n";
  for (int i = 0; i < 200; ++i) text += "1,\"some,\ntext,\n\"\n";
  const WholeFile file = read(text, {}, 16);
  EXPECT_GT(file.again, 0u);
  EXPECT_EQ(file.rows.size(), 200u);
  for (const TextRow& row : file.rows) EXPECT_THAT(row, ElementsAre("1", "'some,\ntext,\n'"));
}

TEST_F(Csv, cells_longer_than_a_slice_are_read) {
  for (const std::size_t size :
       {std::size_t{1} << 20, (std::size_t{1} << 20) - 4, std::size_t{2'500'000}}) {
    const std::string long_text(size, 'x');
    const WholeFile file = read("a,b\n1,\"" + long_text + ",\n\"\"\"\n2," + long_text + "\n3,y\n");
    ASSERT_EQ(file.rows.size(), 3u);
    EXPECT_TRUE(file.rows[0][1] == "'" + long_text + ",\n\"'");
    EXPECT_TRUE(file.rows[1][1] == "'" + long_text + "'");
    EXPECT_THAT(file.rows[2], ElementsAre("3", "'y'"));
  }
}

TEST_F(Csv, batches_of_all_sizes_are_whole) {
  for (const std::size_t rows : {0u, 1u, 2u, 63u, 64u, 65u, 2047u, 2048u, 2049u, 4096u, 10000u}) {
    std::string text = "i,s\n";
    for (std::size_t i = 0; i < rows; ++i)
      text += std::to_string(i) + "," + std::string(i % 7, 'x') + "\n";
    const WholeFile file = read(text);
    ASSERT_EQ(file.rows.size(), rows);
    for (std::size_t i = 0; i < rows; ++i) ASSERT_EQ(file.rows[i][0], std::to_string(i));
  }
}

TEST_F(Csv, many_columns_are_read) {
  constexpr std::size_t columns = 5000;
  std::string text;
  for (int row = 0; row < 300; ++row)
    for (std::size_t i = 0; i < columns; ++i)
      text += std::to_string(i + static_cast<std::size_t>(row)) + (i + 1 < columns ? "," : "\n");
  Pool pool({.workers = 2});
  CsvFile file(pool, {write(text)}, {});
  const WholeFile whole = read_whole(pool, file, {0, columns - 1});
  ASSERT_EQ(whole.rows.size(), 300u);
  EXPECT_THAT(whole.rows[299], ElementsAre("299", "5298"));
}

TEST_F(Csv, what_is_no_such_file_is_refused) {
  EXPECT_THAT(refusal("a\0b\n"s), HasSubstr("is no text"));
  EXPECT_THAT(refusal("\xff\xfe"s + "a"), HasSubstr("UTF-16"));
  Pool pool({.workers = 1});
  const auto why = [&](const std::string& name) -> std::string {
    try {
      CsvFile file(pool, {name}, {});
    } catch (const FileError& error) {
      return error.what();
    }
    return "not refused";
  };
  EXPECT_THAT(why("/no/such/file"), HasSubstr("/no/such/file: cannot be opened: No such file"));
  EXPECT_THAT(why("/dev/zero"), HasSubstr("is not a regular file"));
  EXPECT_THAT(why(folder_.string()), HasSubstr("is not a regular file"));
}

TEST_F(Csv, a_file_that_shrinks_meanwhile_is_refused) {
  Pool pool({.workers = 1});
  const std::string path = write("a,b\n" + std::string(4000, '1') + ",2\n1,2\n");
  CsvFile file(pool, {path}, {}, 1000);
  fs::resize_file(path, 100);
  try {
    read_whole(pool, file);
    FAIL() << "not refused";
  } catch (const FileError& error) {
    EXPECT_THAT(error.what(), HasSubstr("was changed meanwhile"));
  }
}

TEST_F(Csv, files_are_opened_as_the_caller_says) {
  const auto open_it = [](const char* name, std::size_t number) {
    return open((std::string(name) + std::to_string(number) + ".csv").c_str(),
                O_RDONLY | O_CLOEXEC);
  };
  const std::string path = write("a\n1\n", "part7.csv");
  Pool pool({.workers = 1});
  CsvFile file(pool, {path.substr(0, path.size() - 5), open_it, 7}, {});
  EXPECT_EQ(read_whole(pool, file).rows.size(), 1u);
}

TEST_F(Csv, damaged_descriptions_and_reports_are_refused) {
  Pool pool({.workers = 1});
  CsvFile file(pool, {write("a,b\n1,2\n")}, {});
  const std::size_t columns[] = {0, 1};
  std::vector<std::byte> description = file.description(columns);
  for (std::size_t size = 0; size < description.size(); ++size)
    EXPECT_THROW(open_csv_stream(std::span(description).first(size), 0, false), Error) << size;
  std::byte report[5] = {};
  BlobReader reader(report);
  EXPECT_THROW(file.accept(0, reader), Error);
}

TEST_F(Csv, all_instruction_sets_read_the_same) {
  std::string text = "i,x,s\n";
  for (int i = 0; i < 3000; ++i)
    text += std::to_string(i * 7919 % 100003 - 50000) + "," + std::to_string(i / 7.0) + ",\"a" +
            std::string(static_cast<std::size_t>(i % 90), i % 3 == 0 ? '\n' : ',') + "\"\n";
  std::vector<TextRow> first;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    const WholeFile file = read(text);  // its workers are forked with this
    hwy::SetSupportedTargetsForTest(0);
    if (first.empty()) first = file.rows;
    EXPECT_EQ(file.rows.size(), 3000u) << hwy::TargetName(target);
    EXPECT_TRUE(file.rows == first) << hwy::TargetName(target);
  }
}

}  // namespace

}  // namespace tine::mining
