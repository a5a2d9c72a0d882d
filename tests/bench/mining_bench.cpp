// Sums of groups, medians, distinct values and histograms of tables in memory, and sums of groups straight from
// a CSV file, beside a plain loop with OpenMP, numpy, DuckDB, pandas, mawk, Miller and datamash.
//
//   mining_bench [--quick] [--benchmark_filter=WORD...]
//
// --quick takes a twentieth of the rows and three rounds: for a look, not for figures.
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tine/mining/query.hpp>
#include <tine/tine.hpp>

#include "compare.hpp"
#include "python_peer.hpp"

namespace {

using bench::Goal;
using bench::Side;
using tine::mining::Query;
using tine::mining::Result;
using tine::mining::Table;

/// Made before any library has threads.
struct Pools {
  tine::Pool all, one{{.workers = 1}};
};
Pools* pools;
bench::PythonPeer* peers;

const int cpus = static_cast<int>(tine::cpu_count());

/// 32 bits that look random, which every side can compute.
constexpr std::uint64_t mixed(std::uint64_t i, std::uint64_t factor) {
  const std::uint64_t a = i * factor & 0xffffffff;
  return a * ((a >> 16) + 1) & 0xffffffff;
}
constexpr std::uint64_t groups = 1000;
std::int64_t key(std::uint64_t i) {
  return static_cast<std::int64_t>(mixed(i, 2654435761) % groups);
}
std::int64_t integer(std::uint64_t i) {
  return static_cast<std::int64_t>(mixed(i, 2246822519) % 1000000);
}
double summand(std::uint64_t i) {
  return static_cast<double>(mixed(i, 1597334677)) / 4294967296.0;
}
double threshold(std::uint64_t i) {
  return static_cast<double>(mixed(i, 3812015801)) / 4294967296.0;
}

/// The columns k, j, x and y in the arena of a pool.
struct Rows {
  Rows(tine::Pool& pool, std::size_t n) {
    auto k = pool.array<std::int64_t>(n), j = pool.array<std::int64_t>(n);
    auto x = pool.array<double>(n), y = pool.array<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
      k[i] = key(i);
      j[i] = integer(i);
      x[i] = summand(i);
      y[i] = threshold(i);
    }
    keys = k.data();
    xs = x.data();
    ys = y.data();
    table.add("k", std::move(k));
    table.add("j", std::move(j));
    table.add("x", std::move(x));
    table.add("y", std::move(y));
  }
  Table table;
  const std::int64_t* keys;
  const double *xs, *ys;
};

/// What one would write by hand.
std::vector<double> sums_by_loop(const Rows& rows, [[maybe_unused]] int threads) {
  std::vector<double> sums(groups);
  const auto n = static_cast<std::int64_t>(rows.table.rows());
#pragma omp parallel num_threads(threads)
  {
    std::vector<double> own(groups);
#pragma omp for nowait
    for (std::int64_t i = 0; i < n; ++i)
      if (rows.ys[i] > 0.5) own[static_cast<std::size_t>(rows.keys[i])] += rows.xs[i];
#pragma omp critical
    for (std::size_t k = 0; k < groups; ++k) sums[k] += own[k];
  }
  return sums;
}

/// A number that tells results apart: all of the values of the last column, by their keys where there are some.
double number_of(const Result& result) {
  const auto value = [](const tine::mining::ResultColumn& column, std::size_t row) {
    return column.reals.empty() ? static_cast<double>(column.integers[row]) : column.reals[row];
  };
  double sum = 0;
  for (std::size_t row = 0; row < result.rows; ++row) {
    const double weight = result.columns.size() > 1 ? value(result.columns.front(), row) + 1 : 1;
    sum += weight * value(result.columns.back(), row);
  }
  return sum;
}
bool near(double a, double b) {
  return std::abs(a - b) <= 1e-9 * std::abs(b);
}

struct Peer {
  std::string name;   ///< as people write it
  std::string asked;  ///< as the script knows it
};
const Peer numpy{"numpy", "numpy"}, duckdb{"DuckDB", "duckdb"}, pandas{"pandas", "pandas"},
    mawk{"mawk", "mawk"}, miller{"Miller", "miller"}, datamash{"datamash", "datamash"};

/// The script's peers that are there, with the same result. The others are named in `missing`.
std::vector<Side> sides_of(const std::string& work, const std::vector<Peer>& wanted,
                           std::optional<double> expected) {
  std::vector<Side> sides;
  for (const Peer& peer : wanted) {
    if (peers->ask(peer.asked + " there") < 0) continue;
    if (expected)
      bench::require(near(peers->ask("check " + peer.asked + " " + work), *expected),
                     peer.name.c_str());
    sides.push_back({peer.name, {}, [=](std::size_t calls) {
                       double sum = 0;
                       for (std::size_t i = 0; i < calls; ++i)
                         sum += peers->ask(peer.asked + " " + work);
                       return sum;
                     }});
  }
  return sides;
}
/// " (missing: DuckDB)"
std::string missing(const std::vector<Peer>& wanted) {
  std::string names;
  for (const Peer& peer : wanted)
    if (peers->ask(peer.asked + " there") < 0) names += (names.empty() ? "" : ", ") + peer.name;
  return names.empty() ? "" : " (missing: " + names + ")";
}
std::vector<Goal> faster_than_duckdb(double times) {
  if (peers->ask(duckdb.asked + " there") < 0) return {};
  return {{Goal::What::speed, times, duckdb.name}};
}

std::string millions(std::size_t rows) {
  const std::string tenths = std::to_string(rows / 100000);  // of which there are some
  return tenths.substr(0, tenths.size() - 1) + "." + tenths.back() + " M rows";
}

void compare_in_memory(const std::string& what, const std::string& work, const Query& query,
                       double target, std::size_t rows, const bench::How& how) {
  const std::vector<Peer> wanted{numpy, duckdb};
  bench::compare(what + ", " + millions(rows) + missing(wanted), how, faster_than_duckdb(target),
                 [=] {
                   auto all = std::make_shared<Rows>(pools->all, rows);
                   auto one = std::make_shared<Rows>(pools->one, rows);
                   std::vector<Side> sides{
                       {"tine", [=] { scan(pools->all, all->table, query); }},
                       {"1 worker", [=] { scan(pools->one, one->table, query); }},
                   };
                   const double result = number_of(scan(pools->all, all->table, query));
                   if (work == "group") {
                     double sum = 0;
                     const std::vector<double> sums = sums_by_loop(*all, cpus);
                     for (std::size_t k = 0; k < groups; ++k)
                       sum += static_cast<double>(k + 1) * sums[k];
                     bench::require(near(sum, result), "the loop");
                     sides.push_back({"loop, OpenMP", [=] { sums_by_loop(*all, cpus); }});
                     sides.push_back({"loop, 1 thread", [=] { sums_by_loop(*all, 1); }});
                   }
                   for (Side& side : sides_of(work, wanted, result))
                     sides.push_back(std::move(side));
                   return sides;
                 });
}

void write_csv(const std::string& name, std::size_t rows) {
  std::FILE* const file = std::fopen(name.c_str(), "w");
  bench::require(file != nullptr, "a CSV file can be written here");
  std::string text = "k,x,y\n";
  const auto number = [&](auto value, char after) {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    text += after;
  };
  for (std::size_t i = 0; i < rows; ++i) {
    number(key(i), ',');
    number(summand(i), ',');
    number(threshold(i), '\n');
    if (text.size() < 1 << 20 && i + 1 < rows) continue;
    bench::require(std::fwrite(text.data(), 1, text.size(), file) == text.size(), "there is room");
    text.clear();
  }
  bench::require(std::fclose(file) == 0, "there is room");
}

/// Files that are gone with this object.
struct Files {
  explicit Files(std::size_t rows) {
    write_csv(whole, rows);
    write_csv(tenth, rows / 10);
  }
  ~Files() {
    std::remove(whole);
    std::remove(tenth);
  }
  static constexpr const char *whole = "mining_bench.csv", *tenth = "mining_bench_tenth.csv";
};

void compare_csv(const Query& query, std::size_t rows, const bench::How& how) {
  const std::vector<Peer> wanted{duckdb, pandas, mawk}, of_a_tenth{miller, datamash};
  std::vector<Peer> both = wanted;
  both.insert(both.end(), of_a_tenth.begin(), of_a_tenth.end());
  bench::compare("the same from CSV, " + millions(rows) + missing(both), how, faster_than_duckdb(2),
                 [=] {
                   auto files = std::make_shared<Files>(rows);
                   const tine::mining::FileSource file{.name = Files::whole};
                   std::vector<Side> sides{
                       {"tine", [=, kept = files] { scan(pools->all, file, {}, query); }},
                       {"1 worker", [=] { scan(pools->one, file, {}, query); }},
                   };
                   const double result = number_of(scan(pools->all, file, {}, query));
                   for (Side& side : sides_of("csv", wanted, result))
                     sides.push_back(std::move(side));
                   for (Side& side : sides_of("csv", of_a_tenth, std::nullopt)) {
                     side.name += ", a tenth x 10";
                     sides.push_back(std::move(side));
                   }
                   return sides;
                 });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  const bool quick =
      std::erase_if(arguments, [](const char* a) { return std::strcmp(a, "--quick") == 0; }) > 0;
  argc = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);

  const std::size_t rows = quick ? 2'500'000 : 50'000'000,
                    csv_rows = quick ? 1'700'000 : 34'000'000;
  Pools both;
  pools = &both;
  bench::PythonPeer python(BENCH_PEERS, {std::to_string(rows), Files::whole, Files::tenth,
                                         std::to_string(cpus), BENCH_DUCKDB});
  peers = &python;
  const bench::How how{.rounds = quick ? 3u : 11u, .slow_rounds = 3, .repeats = quick ? 0 : 1};
  const Query sums{.where = "y > 0.5", .group_by = "k", .aggregates = "sum(x)"};
  compare_in_memory("sum(x) where y > 0.5 group by k", "group", sums, 2, rows, how);
  compare_in_memory("median(x)", "median", {.aggregates = "median(x)"}, 5, rows, how);
  compare_in_memory("distinct(j)", "distinct", {.aggregates = "distinct(j)"}, 5, rows, how);
  compare_in_memory("100-bin histogram of x", "histogram",
                    {.group_by = "int(x * 100)", .aggregates = "count"}, 2, rows, how);
  compare_csv(sums, csv_rows, how);
  return bench::run("mining", argc, arguments.data());
}
