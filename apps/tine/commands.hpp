// The subcommands. Each adds its options to the command line and returns what runs it.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace tine::app {

using Run = std::function<int()>;

Run add_doctor_command(CLI::App& app);
// With tine::image.
Run add_demo_command(CLI::App& app);
Run add_image_command(CLI::App& app);
// With tine::matrix.
Run add_matrix_command(CLI::App& app);
// With tine::mining.
Run add_mine_command(CLI::App& app);
Run add_scan_command(CLI::App& app);
Run add_text_command(CLI::App& app);

}  // namespace tine::app
