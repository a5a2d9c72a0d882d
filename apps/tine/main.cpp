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
  Run run_image = add_image_command(app), run_demo = add_demo_command(app),
      run_doctor = add_doctor_command(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_good : wrong_usage;
  }
  try {
    if (app.got_subcommand("image")) return run_image();
    if (app.got_subcommand("demo")) return run_demo();
    return run_doctor();
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
