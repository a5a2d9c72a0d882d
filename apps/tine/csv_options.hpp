// Options of CSV inputs.
#pragma once

#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "choice.hpp"
#include "exit.hpp"

namespace tine::app {

/// Adds --header. H is a kernel library's type for it.
template <class H>
void add_header_option(CLI::App& command, H& header) {
  command.add_option("--header", header, "Whether CSV inputs begin with a line of names")
      ->transform(choice<H>({{"auto", H::automatic}, {"yes", H::present}, {"no", H::absent}}))
      ->type_name("auto|yes|no")
      ->default_str("auto");
}

/// Of the value of --delimiter; 0 when it is empty. Throws UsageError.
inline char delimiter_named(const std::string& name) {
  if (name.empty()) return 0;
  if (name == "space") return ' ';
  if (name == "tab" || name == "\\t") return '\t';
  if (name.size() > 1)
    throw UsageError(
        fmt::format("--delimiter {} is neither a single character nor tab nor space", name));
  if (name[0] == '"' || name[0] == '\n' || name[0] == '\r')
    throw UsageError("--delimiter is neither a quote nor what ends a line");
  return name[0];
}

}  // namespace tine::app
