// The files that tine text reads, and the workers that read them.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tine/mining/text.hpp>

#include "file_pool.hpp"
#include "progress_bar.hpp"

namespace tine::app {

struct TextFileSettings {
  std::vector<std::string> files;  ///< "-" is standard input
  bool recursive = false;
  FilePoolSettings pool;
  ProgressMode progress = ProgressMode::automatic;
};

/// Adds the argument FILE..., and options for what it may take.
void add_text_file_options(CLI::App& command, TextFileSettings& settings);

class TextFiles {
 public:
  /// Starts the workers, and looks for the files. Those that cannot be read are told on stderr. Throws
  /// UsageError for a folder without --recursive.
  explicit TextFiles(const TextFileSettings& settings);
  TextFiles(const TextFiles&) = delete;
  TextFiles& operator=(const TextFiles&) = delete;

  const PoolWith& on() const { return pool_.on(); }
  const std::vector<mining::FileSource>& sources() const { return sources_; }
  /// With a bar.
  mining::TextOptions options();
  ProgressBar& bar() { return bar_; }
  /// The exit status when all else went well.
  int status() const;

 private:
  void add(const std::string& path, const std::string& name);

  Descriptor spooled_;  // standard input
  std::vector<Task> tasks_;
  std::vector<mining::FileSource> sources_;
  bool failed_ = false;
  ProgressBar bar_;
  FilePool pool_;
};

}  // namespace tine::app
