// tine matrix stats.
#include <cmath>

#include <fmt/format.h>

#include "exit.hpp"
#include "matrix_command.hpp"
#include "matrix_statistics.hpp"

namespace tine::app {

namespace {

nlohmann::ordered_json to_json(const Moments& m) {
  return {{"count", m.count},
          {"nan", m.nan},
          {"min", m.count > 0 ? m.min : NAN},
          {"max", m.count > 0 ? m.max : NAN},
          {"mean", m.count > 0 ? m.mean : NAN},
          {"stddev", std::sqrt(m.variance())}};
}

void print(const std::string& name, std::size_t width, const Moments& m) {
  const double none = NAN;
  fmt::print("{:<{}} {:>12} {:>8} {:>14.8g} {:>14.8g} {:>14.8g} {:>14.8g}\n", name, width, m.count,
             m.nan, m.count > 0 ? m.min : none, m.count > 0 ? m.max : none,
             m.count > 0 ? m.mean : none, std::sqrt(m.variance()));
}

}  // namespace

void add_matrix_stats(MatrixCommand& matrix) {
  matrix
      .add("stats", "Count, NaNs, min, max, mean and standard deviation of each column and of all")
      .input("A", "A matrix of real numbers")
      .examples(
          "  tine matrix stats measurements.csv\n"
          "  tine matrix stats huge.npy --memory 1G --json\n"
          "\nThe standard deviation is that of a sample (with count - 1). NaNs are left out of "
          "all but their count.\n")
      .runs([](MatrixRun& run) {
        matrix::FileReader& file = run.input(0);
        if (matrix::is_complex(file.info().stored_type))
          throw Failure(
              fmt::format("{} holds complex numbers, which have no order", run.name_of(0)));
        file.read_as(matrix::ElementType::f8);
        const matrix::FileInfo& info = file.info();
        const double row = static_cast<double>(info.columns) * sizeof(double);
        std::size_t some = info.rows;
        if (info.by_rows)
          some = run.rows_at_a_time(info.rows, row * 1.5, 0, moment_rows(info.columns));
        else
          run.check_memory(row * static_cast<double>(info.rows),
                           "it cannot be read in blocks of rows");
        std::vector<Moments> columns(info.columns);
        run.by_rows(info.rows, std::max<std::size_t>(some, 1), [&](Range rows) {
          const matrix::AnyMatrix block = file.read(run.on(), rows);
          run.compute([&] { add_rows(run.on(), block, columns); });
        });
        Moments all;
        for (const Moments& m : columns) all.add(m);

        std::vector<std::string> names = info.names;
        for (std::size_t c = names.size(); c < columns.size(); ++c)
          names.push_back(std::to_string(c));
        auto& facts = run.facts();
        facts["rows"] = info.rows;
        facts["columns"] = info.columns;
        facts["type"] = matrix::to_string(info.stored_type);
        facts["all"] = to_json(all);
        facts["by_column"] = nlohmann::ordered_json::array();
        for (std::size_t c = 0; c < columns.size(); ++c) {
          facts["by_column"].push_back(to_json(columns[c]));
          facts["by_column"].back()["name"] = names[c];
        }
        if (run.settings().json) return;
        std::size_t width = 6;
        for (std::size_t c = 0; c < columns.size(); ++c) width = std::max(width, names[c].size());
        fmt::print("{:<{}} {:>12} {:>8} {:>14} {:>14} {:>14} {:>14}\n", "column", width, "count",
                   "nan", "min", "max", "mean", "stddev");
        for (std::size_t c = 0; c < columns.size(); ++c) print(names[c], width, columns[c]);
        print("all", width, all);
      });
}

}  // namespace tine::app
