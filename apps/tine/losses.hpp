// What went wrong on the way, for people.
#pragma once

#include <cstddef>
#include <exception>
#include <string>

#include <tine/report.hpp>

#include "file_server.hpp"

namespace tine::app {

/// What all jobs together did, and what it cost to come through.
struct Losses {
  Report total;

  void add(const Report& report) { total.append(report); }
  std::size_t faults() const { return total.faults.size() + total.more_faults; }
};

/// Tells on stderr what was thrown, after the name of the program.
void tell_error(const std::exception& error);

/// Why a slice failed for good: from the last of its faults.
std::string reason_of(const Report& report, std::size_t slice);

/// Within a catch block: notes in the task why it failed. What is no std::exception goes on.
void note_failure(Task& task, Losses& losses);

}  // namespace tine::app
