#include "text_files.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "exit.hpp"
#include "interrupt.hpp"
#include "standard_input.hpp"
#include "temporary_file.hpp"
#include "text_output.hpp"

namespace tine::app {

namespace fs = std::filesystem;

namespace {

// Of a folder, in the order of names.
std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored)) files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

void add_text_file_options(CLI::App& command, TextFileSettings& s) {
  command.add_option("FILE", s.files, "Text files; - is standard input")->required();
  command.add_flag("-r,--recursive", s.recursive, "Folders stand for all files below them");
  add_file_pool_options(command, s.pool);
  add_progress_option(command, s.progress);
}

TextFiles::TextFiles(const TextFileSettings& settings)
    : bar_(settings.progress, "bytes"), pool_(settings.pool, [] {}) {
  for (const std::string& file : settings.files) {
    std::error_code error;
    if (file == "-") {
      if (spooled_) throw UsageError("standard input (-) is named twice");
      spooled_ = spool_standard_input();
      add(path_of(spooled_), "standard input");
    } else if (!fs::is_directory(file, error)) {
      add(file, file);
    } else if (!settings.recursive) {
      throw UsageError(fmt::format("{} is a folder; --recursive reads all files below it", file));
    } else {
      for (const std::string& path : files_below(file)) add(path, path);
    }
  }
  pool_.serve(tasks_);
}

void TextFiles::add(const std::string& path, const std::string& name) {
  // Not to wait for the writer of a pipe.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about;
  const char* why = nullptr;
  if (!file || fstat(file.get(), &about) != 0)
    why = strerror(errno);
  else if (!S_ISREG(about.st_mode))
    why = "it is not a regular file; - reads what comes from a pipe";
  if (why != nullptr) {
    fmt::print(stderr, "tine: {} cannot be read: {}\n", printable(name), why);
    failed_ = true;
    return;
  }
  sources_.push_back({.name = name, .open = open_served, .number = tasks_.size()});
  tasks_.emplace_back().input = path;
}

mining::TextOptions TextFiles::options() {
  mining::TextOptions options;
  options.progress = [this](std::uint64_t done, std::uint64_t all) {
    bar_.update(done, all);
    check_interrupt();
  };
  return options;
}

int TextFiles::status() const {
  if (!failed_) return all_good;
  return sources_.empty() ? nothing_done : some_failed;
}

}  // namespace tine::app
