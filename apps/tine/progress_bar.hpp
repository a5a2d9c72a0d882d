// How far a command has come, on stderr.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <CLI/CLI.hpp>

namespace tine::app {

enum class ProgressMode { automatic, never, json };

/// Adds --progress.
void add_progress_option(CLI::App& command, ProgressMode& mode);

/// A bar on a terminal; elsewhere a line now and then; or JSON lines.
class ProgressBar {
 public:
  /// `what` is counted, e.g. "files".
  ProgressBar(ProgressMode mode, std::string what);
  /// Clears the bar.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(std::size_t done, std::size_t total, std::size_t failed = 0);
  /// Makes room for a message on stderr.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Style { bar, lines, json, none } style_;
  std::string what_;
  Clock::time_point start_ = Clock::now(), last_ = start_;
  bool shown_ = false;
};

}  // namespace tine::app
