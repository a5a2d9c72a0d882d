#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "commands.hpp"
#include "exit.hpp"
#include "interrupt.hpp"

int main(int argc, char** argv) {
  using namespace tine::app;
  CLI::App app(
      "Runs compute kernels in forked workers that share memory: a crash costs one slice.");
  app.set_version_flag("--version", "tine " TINE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Results go to stdout, messages to stderr.\n"
      "Exit status: 0 all good, 1 some inputs failed, 2 wrong usage, 3 nothing succeeded,\n"
      "130 interrupted.");
  std::vector<std::pair<const char*, Run>> commands;
#if TINE_HAS_IMAGE
  commands.emplace_back("image", add_image_command(app));
#endif
#if TINE_HAS_MATRIX
  commands.emplace_back("matrix", add_matrix_command(app));
#endif
#if TINE_HAS_MINING
  commands.emplace_back("scan", add_scan_command(app));
  commands.emplace_back("mine", add_mine_command(app));
  commands.emplace_back("text", add_text_command(app));
#endif
#if TINE_HAS_IMAGE
  commands.emplace_back("demo", add_demo_command(app));
#endif
  commands.emplace_back("doctor", add_doctor_command(app));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_good : wrong_usage;
  }
  try {
    for (const auto& [name, run] : commands)
      if (app.got_subcommand(name)) return run();
    return wrong_usage;
  } catch (const UsageError& error) {
    fmt::print(stderr, "tine: {}\n", error.what());
    return wrong_usage;
  } catch (const Interrupted&) {
    fmt::print(stderr, "tine: interrupted\n");
    return was_interrupted;
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    fmt::print(stderr, "{}{}\n", what.starts_with("tine: ") ? "" : "tine: ", what);
    return nothing_done;
  }
}
