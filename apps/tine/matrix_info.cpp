// tine matrix info: what is known of files without reading all of them.
#include <fmt/format.h>

#include "machine.hpp"
#include "matrix_command.hpp"

namespace tine::app {

namespace {

nlohmann::ordered_json to_json(const std::string& name, const matrix::FileInfo& info) {
  nlohmann::ordered_json json{{"file", name},
                              {"format", matrix::to_string(info.format)},
                              {"rows", info.rows},
                              {"columns", info.columns},
                              {"type", matrix::to_string(info.stored_type)},
                              {"order", info.order == matrix::Order::row_major ? "C" : "Fortran"},
                              {"bytes", info.bytes}};
  if (info.format == matrix::FileFormat::mtx) {
    json["layout"] = info.coordinate ? "coordinate" : "array";
    json["symmetry"] = info.symmetry;
    json["entries"] = info.entries;
  }
  if (!info.dataset.empty()) json["dataset"] = info.dataset;
  if (!info.names.empty()) json["names"] = info.names;
  return json;
}

std::string to_text(const std::string& name, const matrix::FileInfo& info) {
  std::string text = fmt::format("{}: {}, {} x {} {}", name, matrix::to_string(info.format),
                                 info.rows, info.columns, matrix::to_string(info.stored_type));
  if (info.format == matrix::FileFormat::mtx)
    text += fmt::format(", {}, {}, {} entries", info.coordinate ? "coordinate" : "array",
                        info.symmetry, info.entries);
  else if (info.order == matrix::Order::column_major)
    text += ", Fortran order";
  if (!info.dataset.empty()) text += ", dataset " + info.dataset;
  if (!info.names.empty()) text += fmt::format(", columns {}", fmt::join(info.names, ", "));
  return text + fmt::format(", {}", bytes_text(static_cast<double>(info.bytes)));
}

}  // namespace

void add_matrix_info(MatrixCommand& matrix) {
  matrix.add("info", "What files hold: format, shape, type, order")
      .inputs("FILE", "Matrix files; file.h5:/dataset for one of several datasets")
      .examples(
          "  tine matrix info a.npy b.mtx runs.h5:/first\n"
          "  tine matrix info table.csv --json\n")
      .runs([](MatrixRun& run) {
        auto files = nlohmann::ordered_json::array();
        for (std::size_t i = 0; i < run.settings().inputs.size(); ++i) {
          try {
            const matrix::FileInfo& info = run.input(i).info();
            files.push_back(to_json(run.name_of(i), info));
            if (!run.settings().json) fmt::print("{}\n", to_text(run.name_of(i), info));
          } catch (const matrix::FileError& error) {
            run.fail(error.what());
            files.push_back({{"file", run.name_of(i)}, {"error", error.what()}});
          }
        }
        run.facts()["files"] = std::move(files);
      });
}

}  // namespace tine::app
