// A question to a table, as somebody else's project would build it.

#include <cstdio>

#include <tine/mining/query.hpp>
#include <tine/tine.hpp>

int main() {
  tine::Pool pool({.workers = 2});
  auto key = pool.array<std::int64_t>(1000);
  auto value = pool.array<double>(1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    key[i] = static_cast<std::int64_t>(i % 3);
    value[i] = static_cast<double>(i);
  }
  tine::mining::Table table;
  table.add("key", std::move(key));
  table.add("value", std::move(value));
  const auto result = tine::mining::scan(
      pool, table, {.where = "value >= 10", .group_by = "key", .aggregates = "count, sum(value)"});
  if (result.rows != 3 || result.columns[1].integers[0] != 330 ||
      result.columns[2].reals[1] != 166155) {
    std::puts("the sums of the groups are wrong");
    return 1;
  }
}
