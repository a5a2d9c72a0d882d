#include "matrix_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "csv_options.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "nearest.hpp"
#include "standard_input.hpp"
#include "temporary_file.hpp"

namespace tine::app {

namespace {

using matrix::ElementType;
using matrix::FileFormat;

constexpr std::string_view formats[] = {"npy", "csv", "mtx", "hdf5"};  // as in FileFormat

FileFormat format_named(const std::string& name, const char* option) {
  const auto found = std::ranges::find(formats, name);
  if (found == std::end(formats))
    throw UsageError(fmt::format("{} {} is no format{}", option, name, or_nearest(name, formats)));
  return static_cast<FileFormat>(found - formats);
}

ElementType type_named(const std::string& name) {
  const auto type = matrix::parse_element_type(name);
  if (!type)
    throw UsageError(fmt::format(
        "--type {} is none; there are u1, u2, u4, u8, i1, i2, i4, i8, f4, f8, c8, c16, and NumPy's "
        "names for them",
        name));
  return *type;
}

matrix::ReadOptions read_options(const MatrixSettings& settings) {
  matrix::ReadOptions options{.header = settings.header};
  if (!settings.from.empty()) options.format = format_named(settings.from, "--from");
  if (!settings.type.empty()) options.type = type_named(settings.type);
  options.delimiter = delimiter_named(settings.delimiter);
  return options;
}

}  // namespace

MatrixRun::MatrixRun(const MatrixSettings& settings, bool writes)
    : settings_(settings),
      memory_(settings.memory > 0 ? settings.memory : memory_for_a_file()),
      bar_(settings.progress, "rows"),
      pool_(settings.pool,
            [this] {
              if (total_ > 0) bar_.update(done_, total_);
            }),
      outputs_(settings.force),
      output_(outputs_.none()) {
  read_options(settings);  // what is wrong with them is said first
  if (writes) {
    target_ = matrix::split_dataset(settings.output).file;
    output_format();
    if (settings.output == "-" && settings.json)
      throw UsageError("--json and the result both go to standard output; -o names a file");
    if (settings.output == "-" && output_format() == FileFormat::hdf5)
      throw UsageError("an HDF5 file cannot go to standard output; -o names a file");
    if (settings.output != "-") outputs_.prepare(target_);
    for (std::size_t i = 0; i < settings.more_outputs.size(); ++i) {
      if (!wants(i)) continue;
      const std::string& name = settings.more_outputs[i];
      const std::string file = matrix::split_dataset(name).file;
      if (name == "-") throw UsageError("only the output of -o can go to standard output");
      if (file == target_ || std::ranges::count(settings.more_outputs, name) > 1)
        throw UsageError(
            fmt::format("{} is to be written twice; outputs need files of their own", file));
      format_of_output(name);
      outputs_.prepare(file);
    }
  }
  std::vector<Task> tasks(settings.inputs.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].input = matrix::split_dataset(settings.inputs[i]).file;
    if (settings.inputs[i] != "-") continue;
    if (spooled_) throw UsageError("standard input (-) can be only one of the inputs");
    spooled_ = spool_standard_input();
    tasks[i].input = path_of(spooled_);
  }
  pool_.serve(std::move(tasks));
  inputs_.resize(settings.inputs.size());
}

MatrixRun::~MatrixRun() = default;

bool MatrixRun::given(std::size_t input) const {
  return input < settings_.inputs.size() && !settings_.inputs[input].empty();
}

std::string MatrixRun::name_of(std::size_t input) const {
  return settings_.inputs[input] == "-" ? "standard input" : settings_.inputs[input];
}

void MatrixRun::check_square(std::size_t number) {
  const matrix::FileInfo& a = input(number).info();
  if (a.rows != a.columns)
    throw Failure(
        fmt::format("{} is {} x {}, but should be square", name_of(number), a.rows, a.columns));
}

matrix::FileReader& MatrixRun::input(std::size_t number) {
  auto& reader = inputs_[number];
  if (reader == nullptr)
    reader = std::make_unique<matrix::FileReader>(
        on(), matrix::FileSource{.name = name_of(number), .open = open_served, .number = number},
        read_options(settings_));
  return *reader;
}

ElementType MatrixRun::read_to_compute() {
  ElementType type = ElementType::f4;
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    if (given(i)) type = matrix::type_to_compute_in(type, input(i).info().stored_type);
  if (!settings_.type.empty()) {
    type = type_named(settings_.type);
    if (matrix::is_integer(type))
      throw UsageError(
          fmt::format("--type {}: it is computed in f4, f8, c8 or c16", settings_.type));
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    if (given(i)) input(i).read_as(type);
  return type;
}

void MatrixRun::refuse_complex(ElementType type) const {
  if (matrix::is_complex(type))
    throw Failure("this is for real numbers, and there are complex ones");
}

void MatrixRun::check_memory(double bytes, const std::string& why_at_once) const {
  if (bytes > static_cast<double>(memory_))
    throw Failure(fmt::format("would take {} of memory, and may take {} (--memory); {}",
                              bytes_text(bytes), bytes_text(static_cast<double>(memory_)),
                              why_at_once));
}

matrix::AnyMatrix MatrixRun::read(std::size_t number, std::uint64_t beside) {
  const matrix::FileInfo& info = input(number).info();
  const double bytes = static_cast<double>(info.rows) * static_cast<double>(info.columns) *
                       static_cast<double>(matrix::size_of(info.type));
  check_memory(bytes + static_cast<double>(beside),
               fmt::format("all of {} is needed at once", name_of(number)));
  return input(number).read(on());
}

std::size_t MatrixRun::rows_at_a_time(std::size_t rows, double row_bytes, double beside,
                                      std::size_t step) const {
  const double memory = static_cast<double>(memory_);
  if (beside + static_cast<double>(rows) * row_bytes <= memory) return rows;
  // Blocks that are large enough for all workers.
  const double some = std::min((memory - beside) / row_bytes, std::max(1.0, 256e6 / row_bytes));
  const double steps = std::floor(some / static_cast<double>(step));
  if (!(steps >= 1))
    throw Failure(fmt::format(
        "would take {} of memory even for {} row(s), and may take {} (--memory)",
        bytes_text(beside + row_bytes * static_cast<double>(step)), step, bytes_text(memory)));
  return static_cast<std::size_t>(steps) * step;
}

void MatrixRun::by_rows(std::size_t rows, std::size_t at_a_time,
                        const std::function<void(Range)>& f) {
  total_ = rows;
  for (done_ = 0; done_ < rows; done_ = std::min(done_ + at_a_time, rows)) {
    check_interrupt();
    f({done_, std::min(done_ + at_a_time, rows)});
  }
  total_ = 0;
}

FileFormat MatrixRun::output_format() const {
  if (!settings_.to.empty()) return format_named(settings_.to, "--to");
  if (settings_.output == "-") return FileFormat::csv;
  return format_of_output(settings_.output);
}

FileFormat MatrixRun::format_of_output(const std::string& name) const {
  const auto format = matrix::format_of(name);
  if (!format && settings_.to.empty())
    throw UsageError(fmt::format(
        "{}: its extension says no format; .npy, .csv, .tsv, .mtx and .h5 do, and so does --to",
        name));
  return format ? *format : format_named(settings_.to, "--to");
}

bool MatrixRun::wants(std::size_t output) const {
  return output < settings_.more_outputs.size() && !settings_.more_outputs[output].empty();
}

void MatrixRun::write_also(std::size_t output, matrix::AnyMatrix result) {
  const std::string& name = settings_.more_outputs[output];
  const auto [target, dataset] = matrix::split_dataset(name);
  matrix::WriteOptions options;
  if (!dataset.empty()) options.dataset = dataset;
  if (target.ends_with(".tsv")) options.delimiter = '\t';
  OutputFile& file = more_outputs_.emplace_back(outputs_.open(target));
  matrix::FileWriter writer(file.descriptor(), name, format_of_output(name), result.type(),
                            result.rows(), result.columns(), std::move(options));
  writer.append(on(), std::move(result));
  writer.finish();
}

bool MatrixRun::result_by_rows() const {
  return output_format() != FileFormat::mtx;
}

matrix::FileWriter& MatrixRun::begin_result(ElementType type, std::size_t rows, std::size_t columns,
                                            matrix::WriteOptions options) {
  const std::string dataset = matrix::split_dataset(settings_.output).dataset;
  if (!dataset.empty()) options.dataset = dataset;
  if (target_.ends_with(".tsv")) options.delimiter = '\t';
  int file = STDOUT_FILENO;
  if (settings_.output != "-") {
    output_ = outputs_.open(target_);
    file = output_.descriptor();
  }
  result_ = fmt::format("{} x {} {}", rows, columns, matrix::to_string(type));
  facts_["output"] = settings_.output;
  facts_["rows"] = rows;
  facts_["columns"] = columns;
  facts_["type"] = matrix::to_string(type);
  writer_ = std::make_unique<matrix::FileWriter>(
      file, settings_.output == "-" ? "standard output" : settings_.output, output_format(), type,
      rows, columns, std::move(options));
  return *writer_;
}

void MatrixRun::finish_result() {
  writer_->finish();
  writer_.reset();
  if (!good_) return;
  for (OutputFile& file : more_outputs_) file.publish();
  if (settings_.output != "-") output_.publish();
}

void MatrixRun::write(matrix::AnyMatrix result) {
  begin_result(result.type(), result.rows(), result.columns()).append(on(), std::move(result));
  finish_result();
}

void MatrixRun::tell_residual(double residual, double most) {
  facts_["residual"] = residual;
  bar_.clear();
  fmt::print(stderr, "tine: residual {:.3g}, as a multiple of what rounding may do\n", residual);
  if (residual <= most) return;
  fmt::print(stderr, "tine: that is more than {:.3g}: the result is wrong\n", most);
  good_ = false;
}

void MatrixRun::fail(const std::string& why) {
  bar_.clear();
  fmt::print(stderr, "tine: {}\n", why);
  good_ = false;
}

int MatrixRun::finish() {
  const std::chrono::duration<double> all = Clock::now() - start_, computing = computing_;
  facts_["workers"] = on().pool.workers();
  facts_["seconds"] = all.count();
  if (computing.count() > 0) facts_["seconds_computing"] = computing.count();
  bar_.clear();
  if (!result_.empty())
    fmt::print(
        stderr, "tine: {}: {}, {:.3f} s{}\n",
        settings_.output == "-" ? "standard output" : settings_.output, result_, all.count(),
        computing.count() > 0 ? fmt::format(" ({:.3f} s computing)", computing.count()) : "");
  if (settings_.json)
    fmt::print("{}\n", facts_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return good_ ? all_good : some_failed;
}

}  // namespace tine::app
