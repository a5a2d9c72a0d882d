// How subcommands of tine matrix are described. Each is a file of its own, matrix_<name>.cpp, with a
// function that adds it; matrix_command.cpp lists them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "matrix_run.hpp"

namespace tine::app {

/// One of them: what it is given, and what it does.
class MatrixSubcommand {
 public:
  MatrixSubcommand(CLI::App& app, MatrixSettings& settings) : app_(app), settings_(settings) {}

  /// A matrix it reads; they are numbered in this order.
  MatrixSubcommand& input(const std::string& name, const std::string& about);
  /// One that need not be given: "-c,--add".
  MatrixSubcommand& optional_input(const std::string& flags, const std::string& about);
  /// Any number of matrices, and nothing else.
  MatrixSubcommand& inputs(const std::string& name, const std::string& about);
  /// A matrix it writes.
  MatrixSubcommand& output();
  /// One more that it writes if it is asked to: MatrixRun::write_also() with their number.
  MatrixSubcommand& also(const std::string& flags, const std::string& about);
  /// That it compares with what Eigen computes.
  MatrixSubcommand& verify();
  MatrixSubcommand& examples(const std::string& lines);
  /// For options of its own.
  CLI::App& options() { return app_; }

  MatrixSubcommand& runs(std::function<void(MatrixRun&)> run) {
    run_ = std::move(run);
    return *this;
  }

  bool writes() const { return writes_; }
  const std::function<void(MatrixRun&)>& run() const { return run_; }
  const CLI::App& app() const { return app_; }

 private:
  CLI::App& app_;
  MatrixSettings& settings_;
  std::size_t next_input_ = 0, next_output_ = 0;
  bool writes_ = false;
  std::function<void(MatrixRun&)> run_;
};

class MatrixCommand {
 public:
  explicit MatrixCommand(CLI::App& app) : app_(app) {}
  MatrixSubcommand& add(const std::string& name, const std::string& about);
  int run();

 private:
  CLI::App& app_;
  MatrixSettings settings_;
  std::vector<std::unique_ptr<MatrixSubcommand>> all_;
};

void add_matrix_cg(MatrixCommand& matrix);
void add_matrix_cholesky(MatrixCommand& matrix);
void add_matrix_convert(MatrixCommand& matrix);
void add_matrix_corr(MatrixCommand& matrix);
void add_matrix_cov(MatrixCommand& matrix);
void add_matrix_det(MatrixCommand& matrix);
void add_matrix_dist(MatrixCommand& matrix);
void add_matrix_eig(MatrixCommand& matrix);
void add_matrix_gemm(MatrixCommand& matrix);
void add_matrix_info(MatrixCommand& matrix);
void add_matrix_inv(MatrixCommand& matrix);
void add_matrix_lstsq(MatrixCommand& matrix);
void add_matrix_lu(MatrixCommand& matrix);
void add_matrix_pca(MatrixCommand& matrix);
void add_matrix_qr(MatrixCommand& matrix);
void add_matrix_solve(MatrixCommand& matrix);
void add_matrix_stats(MatrixCommand& matrix);
void add_matrix_svd(MatrixCommand& matrix);
void add_matrix_syrk(MatrixCommand& matrix);
void add_matrix_transpose(MatrixCommand& matrix);

}  // namespace tine::app
