// What tests of queries share.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <tine/mining/query.hpp>
#include <tine/tine.hpp>

#include "support/temporary_file.hpp"

namespace tine::mining {

class TemporaryFile : public tine_test::TemporaryFile {
 public:
  using tine_test::TemporaryFile::TemporaryFile;
  FileSource source() const { return {.name = name()}; }
};

/// Every value of a result, so that results can be compared bit by bit.
inline std::string bytes_of(const Result& result) {
  std::string bytes;
  const auto add = [&](const auto& values) {
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]);
  };
  for (const ResultColumn& column : result.columns) {
    bytes += column.name + '\n';
    add(column.nulls);
    add(column.integers);
    add(column.reals);
    for (const std::string& text : column.texts) bytes += text + '\n';
  }
  return bytes;
}

inline const ResultColumn& column(const Result& result, const std::string& name) {
  for (const ResultColumn& c : result.columns)
    if (c.name == name) return c;
  ADD_FAILURE() << "the result has no column " << name;
  static const ResultColumn none;
  return none;
}

/// k, x, y: keys 0 ... keys - 1, and numbers of both signs.
struct Rows {
  std::vector<std::int64_t> k;
  std::vector<double> x, y;
  Rows(std::size_t n, std::int64_t keys) {
    std::mt19937_64 random(n);
    std::uniform_real_distribution<double> number(-1, 1);
    for (std::size_t i = 0; i < n; ++i) {
      k.push_back(static_cast<std::int64_t>(random()) % keys);
      x.push_back(number(random) * std::pow(10, number(random) * 10));
      y.push_back(number(random));
    }
  }
  Table table(Pool& pool) const {
    Table table;
    table.add("k", pool.array_from(k));
    table.add("x", pool.array_from(x));
    table.add("y", pool.array_from(y));
    return table;
  }
  std::string csv() const {
    std::string text = "k,x,y\n";
    char line[100];
    for (std::size_t i = 0; i < k.size(); ++i) {
      const int length = snprintf(line, sizeof line, "%lld,%.17g,%.17g\n",
                                  static_cast<long long>(k[i]), x[i], y[i]);
      text.append(line, static_cast<std::size_t>(length));
    }
    return text;
  }
};

}  // namespace tine::mining
