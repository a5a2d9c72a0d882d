// What went wrong on the way, for people.
#pragma once

#include <cstddef>
#include <string>

#include <tine/report.hpp>

namespace tine::app {

/// What it cost to come through.
struct Losses {
  std::size_t faults = 0;
  std::size_t restarts = 0;

  void add(const Report& report) {
    faults += report.faults.size() + report.more_faults;
    restarts += report.restarts;
  }
};

/// Why a slice failed for good: from the last of its faults.
std::string reason_of(const Report& report, std::size_t slice);

}  // namespace tine::app
