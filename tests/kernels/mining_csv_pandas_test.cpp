// What pandas, numpy and Python's csv module make of the same files: a script (mining_csv_pandas.py) writes
// them, and compares.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <tine/tine.hpp>

#include "mining_csv.hpp"
#include "support/fixture.hpp"

namespace tine::mining {

namespace {

namespace fs = std::filesystem;

class CsvBesidePandas : public tine_test::NothingLeftBehind {};

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

// Names, types, then cells.
void write(const fs::path& path, const WholeFile& file) {
  std::ofstream to(path, std::ios::binary);
  const auto line = [&](std::size_t cells, auto cell) {
    for (std::size_t i = 0; i < cells; ++i) to << (i > 0 ? "," : "") << cell(i);
    to << "\n";
  };
  line(file.schema.size(), [&](std::size_t i) { return quoted(file.schema[i].name); });
  line(file.schema.size(), [&](std::size_t i) { return to_string(file.schema[i].type); });
  for (const TextRow& row : file.rows)
    line(row.size(), [&](std::size_t i) -> std::string {
      if (row[i] == "null") return "";
      return row[i].starts_with('\'')
                 ? quoted(std::string_view(row[i]).substr(1, row[i].size() - 2))
                 : row[i];
    });
}

TEST_F(CsvBesidePandas, values_and_types_are_theirs) {
  char name[] = "/tmp/tine-csv-pandas-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const std::string script = std::string(TINE_PYTHON) + " " + TINE_SCRIPT;
  ASSERT_EQ(std::system((script + " make " + name).c_str()), 0);
  {
    Pool pool({.workers = 2});
    for (const auto& entry : fs::directory_iterator(name)) {
      // Slices so small that many boundaries are within quotes.
      CsvFile file(pool, {entry.path().string()}, {}, 100'003);
      write(fs::path(entry.path()).replace_extension(".read"), read_whole(pool, file));
    }
  }
  EXPECT_EQ(std::system((script + " check " + name).c_str()), 0);
  fs::remove_all(name);
}

}  // namespace

}  // namespace tine::mining
