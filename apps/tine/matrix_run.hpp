// One run of a subcommand of tine matrix: its files, its workers, and what is told about it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <tine/matrix/file.hpp>
#include "file_pool.hpp"
#include "output_files.hpp"
#include "progress_bar.hpp"

namespace tine::app {

/// What all subcommands have options for.
struct MatrixSettings {
  std::vector<std::string> inputs;  ///< "-" is standard input; empty ones are not given
  std::string output = "-";
  std::vector<std::string> more_outputs;  ///< empty ones are not wanted
  std::string from, to;                   ///< formats
  std::string type;
  std::string delimiter;
  matrix::Header header = matrix::Header::automatic;
  FilePoolSettings pool;
  std::uint64_t memory = 0;
  bool json = false, verify = false, force = false;
  ProgressMode progress = ProgressMode::automatic;
};

/// Of a matrix.
template <class T>
std::uint64_t bytes_of(std::size_t rows, std::size_t columns) {
  return static_cast<std::uint64_t>(rows) * columns * sizeof(T);
}

class MatrixRun {
 public:
  /// Starts the workers, and opens the inputs. Throws UsageError and Failure.
  explicit MatrixRun(const MatrixSettings& settings, bool writes);
  ~MatrixRun();
  MatrixRun(const MatrixRun&) = delete;
  MatrixRun& operator=(const MatrixRun&) = delete;

  /// For all jobs.
  const PoolWith& on() const { return pool_.on(); }
  const MatrixSettings& settings() const { return settings_; }

  bool given(std::size_t input) const;
  matrix::FileReader& input(std::size_t number);
  std::string name_of(std::size_t input) const;
  /// Throws Failure unless it is.
  void check_square(std::size_t input);

  /// Has all inputs read in the type to compute in, and calls f with a value of it: float where all are
  /// float32, complex where any is, else double; or what --type says.
  template <class F>
  void compute_in_their_type(F f) {
    const matrix::ElementType type = read_to_compute();
    matrix::with_element(type, [&]<class T>(std::type_identity<T>) {
      if constexpr (!std::is_integral_v<T>) f(T());
    });
  }
  /// The same without complex numbers, which are refused.
  template <class F>
  void compute_in_their_real_type(F f) {
    refuse_complex(read_to_compute());
    compute_in_their_type([&]<class T>(T zero) {
      if constexpr (std::is_floating_point_v<T>) f(zero);
    });
  }
  /// A whole input. Throws Failure when it does not fit into the memory that it may take, beside what
  /// else is needed.
  matrix::AnyMatrix read(std::size_t input, std::uint64_t beside = 0);

  /// Throws Failure, which says why all is needed at once, when so many bytes are more than may be taken.
  void check_memory(double bytes, const std::string& why_at_once) const;
  /// How many of `rows` may be in memory at a time if each takes so many bytes, beside what else is there:
  /// all, or a multiple of `step` that bounds a block. Throws Failure when there is no room for that.
  std::size_t rows_at_a_time(std::size_t rows, double row_bytes, double beside = 0,
                             std::size_t step = 1) const;
  /// Calls f with one block of rows after the other.
  void by_rows(std::size_t rows, std::size_t at_a_time, const std::function<void(Range)>& f);

  /// Writes the result, block by block where it is by rows.
  void write(matrix::AnyMatrix result);
  /// Whether one more output is wanted, and what goes there. It appears with the result.
  bool wants(std::size_t output) const;
  void write_also(std::size_t output, matrix::AnyMatrix matrix);
  /// Begins a result; append() and finish() follow.
  matrix::FileWriter& begin_result(matrix::ElementType type, std::size_t rows, std::size_t columns,
                                   matrix::WriteOptions options = {});
  void finish_result();
  /// Whether the result can be written block by block.
  bool result_by_rows() const;

  /// Measures what is computed beside reading and writing.
  template <class F>
  void compute(F f) {
    const auto start = Clock::now();
    f();
    computing_ += Clock::now() - start;
  }
  /// A result of --verify: an error as a multiple of what rounding may do. Beyond `most` the command
  /// fails.
  void tell_residual(double residual, double most = 30);

  /// Says what could not be done; the rest goes on.
  void fail(const std::string& why);

  /// For the JSON object on stdout, if --json is given.
  nlohmann::ordered_json& facts() { return facts_; }
  /// Writes all that is left to tell; returns the exit status.
  int finish();

 private:
  using Clock = std::chrono::steady_clock;

  matrix::ElementType read_to_compute();
  void refuse_complex(matrix::ElementType type) const;
  matrix::FileFormat output_format() const;
  matrix::FileFormat format_of_output(const std::string& name) const;

  const MatrixSettings& settings_;
  const Clock::time_point start_ = Clock::now();
  Clock::duration computing_{};
  std::uint64_t memory_;
  ProgressBar bar_;
  FilePool pool_;
  Descriptor spooled_;  // standard input
  std::vector<std::unique_ptr<matrix::FileReader>> inputs_;
  OutputFiles outputs_;
  std::string target_;  // without a dataset
  OutputFile output_;
  std::vector<OutputFile> more_outputs_;
  std::unique_ptr<matrix::FileWriter> writer_;
  std::size_t done_ = 0, total_ = 0;  // rows, while there are blocks of them
  std::string result_;                // about it
  nlohmann::ordered_json facts_;
  bool good_ = true;
};

}  // namespace tine::app
