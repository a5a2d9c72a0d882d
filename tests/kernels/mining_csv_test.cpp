// CSV files as scans read them: slices, quotes, types, and what is wrong with files.
#include "csv/csv_file.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <random>

#include <gmock/gmock.h>
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
  Pool pool({.workers = 1});
  std::mt19937 random(7);
  constexpr std::string_view pieces[] = {"a",  "b", ",",  ",",    "\n",   "\n",    "\"",
                                         "\"", " ", "\"", "\"\"", "\r\n", "\",\"", "\"\n\""};
  for (int round = 0; round < 60; ++round) {
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

}  // namespace

}  // namespace tine::mining
