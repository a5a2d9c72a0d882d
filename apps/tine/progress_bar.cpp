#include "progress_bar.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "choice.hpp"

namespace tine::app {

void add_progress_option(CLI::App& command, ProgressMode& mode) {
  command
      .add_option("--progress", mode,
                  "auto: a bar on a terminal, else a line now and then; json: JSON lines on stderr")
      ->transform(choice<ProgressMode>({{"auto", ProgressMode::automatic},
                                        {"never", ProgressMode::never},
                                        {"json", ProgressMode::json}}))
      ->type_name("auto|never|json")
      ->default_str("auto");
}

ProgressBar::ProgressBar(ProgressMode mode, std::string what) : what_(std::move(what)) {
  const char* term = getenv("TERM");
  const bool terminal =
      isatty(STDERR_FILENO) && term != nullptr && std::string_view(term) != "dumb";
  if (mode == ProgressMode::never)
    style_ = Style::none;
  else if (mode == ProgressMode::json)
    style_ = Style::json;
  else
    style_ = terminal ? Style::bar : Style::lines;
}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::clear() {
  if (shown_) fmt::print(stderr, "\r\033[K");
  shown_ = false;
}

void ProgressBar::update(std::size_t done, std::size_t total, std::size_t failed) {
  const auto now = Clock::now();
  const auto gap = std::chrono::milliseconds(style_ == Style::lines ? 5000 : 100);
  if (style_ == Style::none || total == 0 || now - last_ < gap) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const std::string failures = failed == 0 ? "" : fmt::format(", {} failed", failed);
  switch (style_) {
    case Style::bar: {
      constexpr std::size_t width = 30;
      const std::size_t full = std::min(width, width * done / total);
      const double left =
          done == 0 ? 0 : seconds / double(done) * double(total - std::min(done, total));
      fmt::print(stderr, "\r[{:=<{}}{: <{}}] {}/{} {}{}, {:.0f} s, {:.0f} s left\033[K", "", full,
                 "", width - full, done, total, what_, failures, seconds, left);
      shown_ = true;
      break;
    }
    case Style::lines:
      fmt::print(stderr, "{}/{} {}{}, {:.0f} s\n", done, total, what_, failures, seconds);
      break;
    default:
      fmt::print(
          stderr, "{}\n",
          nlohmann::json{{"done", done}, {"total", total}, {"failed", failed}, {"seconds", seconds}}
              .dump());
  }
  fflush(stderr);
}

}  // namespace tine::app
