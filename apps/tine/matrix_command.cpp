// tine matrix: linear algebra on files.
#include "matrix_command.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <tine/error.hpp>

#include "commands.hpp"
#include "csv_options.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "losses.hpp"
#include "nearest.hpp"

namespace tine::app {

namespace {

// Their order is that of the help.
constexpr void (*subcommands[])(MatrixCommand&) = {
    add_matrix_info,      add_matrix_convert,  add_matrix_stats, add_matrix_gemm, add_matrix_syrk,
    add_matrix_transpose, add_matrix_solve,    add_matrix_lstsq, add_matrix_cg,   add_matrix_inv,
    add_matrix_det,       add_matrix_cholesky, add_matrix_lu,    add_matrix_qr,   add_matrix_eig,
    add_matrix_svd,       add_matrix_pca,      add_matrix_cov,   add_matrix_corr, add_matrix_dist,
};

}  // namespace

MatrixSubcommand& MatrixSubcommand::input(const std::string& name, const std::string& about) {
  const std::size_t number = next_input_++;
  settings_.inputs.reserve(16);  // options keep addresses
  if (settings_.inputs.size() <= number) settings_.inputs.resize(number + 1);
  app_.add_option(name, settings_.inputs[number], about)->required();
  return *this;
}

MatrixSubcommand& MatrixSubcommand::optional_input(const std::string& flags,
                                                   const std::string& about) {
  const std::size_t number = next_input_++;
  settings_.inputs.reserve(16);
  if (settings_.inputs.size() <= number) settings_.inputs.resize(number + 1);
  app_.add_option(flags, settings_.inputs[number], about)->type_name("FILE");
  return *this;
}

MatrixSubcommand& MatrixSubcommand::inputs(const std::string& name, const std::string& about) {
  app_.add_option_function<std::vector<std::string>>(
          name, [this](const std::vector<std::string>& all) { settings_.inputs = all; }, about)
      ->required();
  return *this;
}

MatrixSubcommand& MatrixSubcommand::output() {
  writes_ = true;
  app_.add_option("-o,--output", settings_.output,
                  "The file to write; - is standard output, as CSV")
      ->type_name("FILE")
      ->capture_default_str();
  app_.add_option("--to", settings_.to,
                  "Format of the output: npy, csv, mtx or hdf5 [default: by its extension]")
      ->type_name("FORMAT");
  app_.add_flag("--force", settings_.force, "Replace an output that exists");
  return *this;
}

MatrixSubcommand& MatrixSubcommand::also(const std::string& flags, const std::string& about) {
  const std::size_t number = next_output_++;
  settings_.more_outputs.reserve(16);  // options keep addresses
  if (settings_.more_outputs.size() <= number) settings_.more_outputs.resize(number + 1);
  app_.add_option(flags, settings_.more_outputs[number], about)->type_name("FILE");
  return *this;
}

MatrixSubcommand& MatrixSubcommand::verify() {
  app_.add_flag(
      "--verify", settings_.verify,
      "Compare with what Eigen computes serially, or for large matrices with a product by a "
      "random vector, and tell the residual");
  return *this;
}

MatrixSubcommand& MatrixSubcommand::examples(const std::string& lines) {
  app_.footer("Examples:\n" + lines);
  return *this;
}

MatrixSubcommand& MatrixCommand::add(const std::string& name, const std::string& about) {
  CLI::App& app = *app_.add_subcommand(name, about);
  MatrixSettings& s = settings_;
  app.add_option("--from", s.from,
                 "Format of the inputs: npy, csv, mtx or hdf5 [default: by what they begin with]")
      ->type_name("FORMAT");
  app.add_option("--type", s.type,
                 "Of elements: f4, f8, c8, c16, i1 to i8, u1 to u8 [default: as in the file; to "
                 "compute, integers become f8]");
  app.add_option("--delimiter", s.delimiter,
                 "Of CSV inputs, or tab or space [default: what the first line has most of]");
  add_header_option(app, s.header);
  add_file_pool_options(app, s.pool);
  app.add_option("--memory", s.memory,
                 "What matrices may take, such as 512M; larger ones are read and written in blocks "
                 "of rows where that can be [default: half of what is free]")
      ->transform(CLI::AsSizeValue(false));
  app.add_flag("--json", s.json, "What there is to tell on stdout, as JSON");
  add_progress_option(app, s.progress);
  return *all_.emplace_back(std::make_unique<MatrixSubcommand>(app, settings_));
}

int MatrixCommand::run() {
  const auto chosen =
      std::ranges::find_if(all_, [](const auto& one) { return one->app().parsed(); });
  if (chosen == all_.end()) {
    std::vector<std::string_view> names;
    for (const auto& one : all_) names.push_back(one->app().get_name());
    const auto words = app_.remaining();
    if (words.empty())
      throw UsageError(fmt::format("tine matrix does what? There are: {}", fmt::join(names, ", ")));
    throw UsageError(
        fmt::format("tine matrix has no {}{}", words.front(), or_nearest(words.front(), names)));
  }
  remember_interrupts();
  try {
    MatrixRun run(settings_, (*chosen)->writes());
    (*chosen)->run()(run);
    return run.finish();
  } catch (const UsageError&) {
    throw;
  } catch (const SliceFailed& error) {
    fmt::print(stderr, "tine: {}\n", reason_of(error.report(), error.slice()));
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    fmt::print(stderr, "{}{}\n", what.starts_with("tine: ") ? "" : "tine: ", what);
  }
  return some_failed;
}

Run add_matrix_command(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("matrix", "Linear algebra on matrix files");
  // What is no subcommand is looked at by run(), which knows what may be meant.
  command.allow_extras();
  command.footer(
      "Matrices are .npy, CSV, MatrixMarket (.mtx) or HDF5 files (file.h5:/dataset).\n\n"
      "Examples:\n"
      "  tine matrix info a.npy b.mtx runs.h5:/first\n"
      "  tine matrix convert table.csv -o table.npy --type f4\n"
      "  tine matrix stats measurements.csv\n"
      "  tine matrix gemm a.npy b.npy -o c.npy --verify\n"
      "  tine matrix solve a.npy b.csv -o x.csv\n"
      "  tine matrix svd a.npy -o values.npy --left u.npy --right v.npy\n"
      "  tine matrix dist points.csv -o distances.npy --metric cosine\n\n"
      "Files are parsed by workers in a sandbox: they get an open input, and can open nothing "
      "else.\n"
      "Outputs appear whole or not at all, and existing ones stay unless --force is given.\n"
      "Exit status: 0 all good, 1 it could not be done, 2 wrong usage, 130 interrupted.\n");
  auto matrix = std::make_shared<MatrixCommand>(command);
  for (const auto add : subcommands) add(*matrix);
  return [matrix] { return matrix->run(); };
}

}  // namespace tine::app
