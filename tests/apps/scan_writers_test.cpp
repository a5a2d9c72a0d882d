// Results as text: CSV, JSON and tables.
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "scan_writers.hpp"
#include "utf8.hpp"

namespace tine::app {
namespace {

using mining::Result;
using mining::ResultColumn;
using mining::Type;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

ResultColumn texts(const std::string& name, std::vector<std::string> values) {
  ResultColumn column{.name = name, .type = Type::text, .texts = std::move(values)};
  column.nulls.resize(column.texts.size());
  return column;
}

ResultColumn integers(const std::string& name, std::vector<std::int64_t> values,
                      Type type = Type::integer) {
  ResultColumn column{.name = name, .type = type, .integers = std::move(values)};
  column.nulls.resize(column.integers.size());
  return column;
}

ResultColumn reals(const std::string& name, std::vector<double> values) {
  ResultColumn column{.name = name, .type = Type::real, .reals = std::move(values)};
  column.nulls.resize(column.reals.size());
  return column;
}

Result result_of(std::vector<ResultColumn> columns) {
  Result result;
  result.columns = std::move(columns);
  result.rows = result.columns.front().nulls.size();
  return result;
}

ResultColumn with_null(ResultColumn column, std::size_t row) {
  column.nulls[row] = 1;
  return column;
}

class ScanWriters : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tine-writers-XXXXXX";
    file_ = mkstemp(name);
    ASSERT_GE(file_, 0);
    name_ = name;
    to_ = std::make_unique<TextOutput>(file_);
  }
  void TearDown() override {
    close(file_);
    unlink(name_.c_str());
  }

  std::string finish(RowWriter& writer) {
    writer.finish();
    to_->flush();
    std::ostringstream text;
    text << std::ifstream(name_).rdbuf();
    return text.str();
  }
  std::string csv(const Result& result) {
    auto writer = csv_writer(*to_);
    writer->add(result);
    return finish(*writer);
  }
  std::string json(const Result& result, bool lines = false) {
    auto writer = json_writer(*to_, lines);
    writer->add(result);
    return finish(*writer);
  }
  std::string table(const Result& result, const TableLimits& limits = {}) {
    auto writer = table_writer(*to_, limits);
    writer->add(result);
    return finish(*writer);
  }

  int file_ = -1;
  std::string name_;
  std::unique_ptr<TextOutput> to_;
};

TEST_F(ScanWriters, CsvQuotesWhatNeedsQuotes) {
  EXPECT_EQ(csv(result_of({texts("a,b", {"plain", "x,y", "say \"hi\"", "two\nlines", "\r", ""}),
                           integers("n", {1, 2, 3, 4, 5, 6})})),
            "\"a,b\",n\nplain,1\n\"x,y\",2\n\"say \"\"hi\"\"\",3\n\"two\nlines\",4\n\"\r\",5\n\"\","
            "6\n");
}

TEST_F(ScanWriters, CsvTellsMissingFromEmpty) {
  EXPECT_EQ(csv(result_of({with_null(texts("a", {"", ""}), 0), with_null(reals("x", {0, 1}), 1)})),
            "a,x\n,0\n\"\",\n");
}

TEST_F(ScanWriters, ARowWithNothingIsNoEmptyLine) {
  EXPECT_EQ(csv(result_of({with_null(reals("x", {1, 2}), 0)})), "x\n\"\"\n2\n");
}

TEST_F(ScanWriters, NumbersComeBackAsTheyWere) {
  const std::vector<double> values = {
      0.1, -0.0, 1e300, 5e-324, 1.0 / 3, std::numeric_limits<double>::max(), 123456789012345680.0,
      2.5};
  std::istringstream lines(csv(result_of({reals("x", values)})));
  std::string line;
  std::getline(lines, line);
  for (const double value : values) {
    std::getline(lines, line);
    const double read = strtod(line.c_str(), nullptr);
    EXPECT_EQ(std::memcmp(&read, &value, sizeof read), 0) << line;
  }
}

TEST_F(ScanWriters, DatesAreThoseOfIso8601) {
  EXPECT_EQ(csv(result_of({integers("d", {0, -1, 19723, 11017, 99999999}, Type::date)})),
            "d\n1970-01-01\n1969-12-31\n2024-01-01\n2000-03-01\n99999999 days\n");
}

TEST_F(ScanWriters, DatetimesAreThoseOfIso8601) {
  EXPECT_EQ(
      csv(result_of({integers("t", {0, -1, 1704164645000000, 1704164645000001}, Type::datetime)})),
      "t\n1970-01-01T00:00:00\n1969-12-31T23:59:59.999999\n2024-01-02T03:04:05\n2024-01-02T03:"
      "04:05.000001\n");
}

TEST_F(ScanWriters, JsonIsReadBackTheSame) {
  const std::string odd = "\"\\\n\t\x01\x7f äöü \xf0\x9f\x98\x80";
  const auto parsed = nlohmann::json::parse(
      json(result_of({texts("k\"", {odd, "b"}), with_null(integers("n", {INT64_MIN, 0}), 1),
                      reals("x", {-0.0, 1e100}), integers("b", {1, 0}, Type::boolean),
                      integers("d", {0, 1}, Type::date)})));
  ASSERT_EQ(parsed.size(), 2u);
  EXPECT_EQ(parsed[0]["k\""], odd);
  EXPECT_EQ(parsed[0]["n"], INT64_MIN);
  EXPECT_TRUE(parsed[1]["n"].is_null());
  EXPECT_TRUE(parsed[0]["x"].is_number_float());
  EXPECT_TRUE(std::signbit(parsed[0]["x"].get<double>()));
  EXPECT_EQ(parsed[1]["x"], 1e100);
  EXPECT_EQ(parsed[0]["b"], true);
  EXPECT_EQ(parsed[1]["d"], "1970-01-02");
}

TEST_F(ScanWriters, JsonHasNoNanAndNoBrokenUtf8) {
  const auto parsed = nlohmann::json::parse(
      json(result_of({reals("x", {NAN, -INFINITY}), texts("t", {"\xff", "\xc3"})})));
  EXPECT_TRUE(parsed[0]["x"].is_null());
  EXPECT_TRUE(parsed[1]["x"].is_null());
  EXPECT_EQ(parsed[0]["t"], "\xef\xbf\xbd");
}

TEST_F(ScanWriters, JsonLinesAreObjects) {
  EXPECT_EQ(json(result_of({integers("n", {1, 2})}), true), "{\"n\":1}\n{\"n\":2}\n");
}

TEST_F(ScanWriters, NoRowsAreAHeaderAndAnEmptyArray) {
  EXPECT_EQ(csv(result_of({integers("n", {})})), "n\n");
  EXPECT_THAT(json(result_of({integers("n", {})})), EndsWith("[]\n"));
}

TEST_F(ScanWriters, ColumnsOfATableAreAligned) {
  EXPECT_EQ(table(result_of({texts("wort", {"ä", "längeres"}), reals("x", {0.1 + 0.2, -12}),
                             with_null(integers("n", {1, 2}), 1), texts("t", {"a", "bc"})})),
            "wort        x     n  t\n"
            "ä         0.3     1  a\n"
            "längeres  -12  null  bc\n");
}

TEST_F(ScanWriters, ATableShowsTheFirstAndTheLastRows) {
  auto writer = table_writer(*to_, {.rows = 4});
  std::int64_t n = 0;
  // Blocks of any size, also of fewer rows than are shown at the end.
  for (const std::size_t rows : {0, 3, 1, 5, 1, 0}) {
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < rows; ++i) values.push_back(n++);
    writer->add(result_of({integers("n", values)}));
  }
  EXPECT_EQ(finish(*writer),
            "n\n0\n1\n…\n8\n9\n10 rows; --limit 10 or -o FILE gives all of them\n");
}

TEST_F(ScanWriters, WhatGivesAllRowsIsSaidAsItIs) {
  EXPECT_EQ(table(result_of({integers("n", {1, 2, 3})}), {.rows = 2, .has_limit_option = false}),
            "n\n1\n…\n3\n3 rows; -o FILE gives all of them\n");
}

TEST_F(ScanWriters, ATableOfAsManyRowsAsAreShownIsWhole) {
  EXPECT_EQ(table(result_of({integers("n", {1, 2, 3, 4})}), {.rows = 4}), "n\n1\n2\n3\n4\n");
}

TEST_F(ScanWriters, ALongTableIsWhole) {
  std::vector<std::int64_t> values(2500);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  const std::string text = table(result_of({integers("n", values)}));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2501);
  EXPECT_THAT(text, EndsWith("\n2498\n2499\n"));
}

TEST_F(ScanWriters, ATableIsNoWiderThanTheTerminal) {
  const std::string text = table(
      result_of({texts("a", {std::string(100, 'x')}), integers("b", {1}), integers("c", {2})}),
      {.columns = 65});
  EXPECT_THAT(text, HasSubstr("\n" + std::string(59, 'x') + "…  1\n"));
  EXPECT_THAT(text, EndsWith("1 more column: c\n"));
}

TEST_F(ScanWriters, ATerminalGetsNoControlCharacters) {
  EXPECT_EQ(printable("a\x1b[2J\x7f\xc2\x9b\xff ä😀"), "a?[2J??\xef\xbf\xbd ä😀");
  EXPECT_THAT(table(result_of({texts("\x1b]0;x", {"a\nb\x1b[2J"})})), HasSubstr("a?b?[2J"));
}

TEST(Utf8, OnlyCodePointsOfTheStandardAreTaken) {
  EXPECT_EQ(first_code_point("A").code_point, 'A');
  EXPECT_EQ(first_code_point("\xf4\x8f\xbf\xbf").code_point, 0x10ffffu);
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xff"})
    EXPECT_EQ(first_code_point(bad).bytes, 0u);
  EXPECT_EQ(code_points("a\xff\xe2\x82\xac"), 3u);
}

}  // namespace
}  // namespace tine::app
