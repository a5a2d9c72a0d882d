// tine image: filters for image files.
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tine/image/chain.hpp>

#include "batch.hpp"
#include "commands.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "large_image.hpp"
#include "worker_setup.hpp"

namespace tine::app {

namespace {

struct Settings {
  std::string chain, out;
  std::vector<std::string> inputs;
  unsigned workers = 0;
  double deadline = 60;
  ImageOptions options;
  bool json = false, report = false, force = false, recursive = false, no_sandbox = false;
  ProgressMode progress = ProgressMode::automatic;
};

// What a parameter can be, the default first.
std::string words_of(const image::Parameter& parameter) {
  std::string words;
  for (const image::Choice& choice : parameter.choices)
    words = choice.value == parameter.fallback
                ? std::string(choice.name) + (words.empty() ? "" : " | ") + words
                : words + (words.empty() ? "" : " | ") + std::string(choice.name);
  return words;
}

// All operations and their parameters, from the registry.
std::string operations_text() {
  std::string text = "Operations (parameter=default, range):\n";
  for (const image::Operation* operation : image::operations()) {
    text += fmt::format("  {:<16}{}\n", operation->name, operation->help);
    for (const image::Parameter& p : operation->parameters) {
      if (p.kind == image::Parameter::Kind::choice) {
        text += fmt::format("      {}={}: {}\n", p.name, words_of(p), p.help);
        continue;
      }
      text += fmt::format("      {}={}  {} to {}{}{}: {}\n", p.name, p.fallback, p.low, p.high,
                          p.unit.empty() ? "" : " ", p.unit, p.help);
    }
  }
  return text;
}

nlohmann::json to_json(const Task& task) {
  nlohmann::json json{{"input", task.input}, {"ok", task.written}};
  if (task.written) {
    json["output"] = task.output;
    json["width"] = task.columns;
    json["height"] = task.rows;
  } else {
    json["error"] = task.failure;
  }
  if (!task.warning.empty()) json["warning"] = task.warning;
  return json;
}

int report(const Settings& settings, const std::vector<Task>& tasks, const Losses& losses,
           unsigned workers, bool sandboxed, double seconds, bool interrupted) {
  std::size_t written = 0;
  auto files = nlohmann::json::array();
  for (const Task& task : tasks) {
    written += task.written;
    if (settings.json) files.push_back(to_json(task));
    if (task.written && !settings.json) fmt::print("{}\n", task.output);
    if (!task.warning.empty())
      fmt::print(stderr, "tine: {}: warning: {}\n", task.input, task.warning);
    if (!task.failure.empty()) fmt::print(stderr, "tine: {}: {}\n", task.input, task.failure);
  }
  if (settings.json)
    fmt::print("{}\n", nlohmann::json{{"chain", settings.chain},
                                      {"workers", workers},
                                      {"sandboxed", sandboxed},
                                      {"seconds", seconds},
                                      {"written", written},
                                      {"failed", tasks.size() - written},
                                      {"faults", losses.faults()},
                                      {"workers_replaced", losses.total.restarts},
                                      {"interrupted", interrupted},
                                      {"files", files}}
                           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  if (tasks.size() > 1 || written != tasks.size() || interrupted)
    fmt::print(stderr, "tine: {} of {} written{}\n", written, tasks.size(),
               interrupted ? ", then interrupted" : "");
  if (settings.report)
    fmt::print(stderr, "{}", losses.total.to_string());
  else if (losses.total.restarts > 0)
    fmt::print(stderr, "tine: {} worker(s) died and were replaced\n", losses.total.restarts);
  if (interrupted) return was_interrupted;
  return written == tasks.size() ? all_good : written > 0 ? some_failed : nothing_done;
}

int run(const Settings& settings) {
  image::Chain chain;
  try {
    chain = image::Chain::parse(settings.chain);
  } catch (const InvalidArgument& error) {
    throw UsageError(error.what());
  }
  auto tasks = plan_tasks(settings.inputs, settings.out, settings.recursive);
  ImageOptions options = settings.options;
  options.deadline = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(settings.deadline));

  remember_interrupts();
  const auto start = std::chrono::steady_clock::now();
  Losses losses;
  bool interrupted = false;
  WorkerSetup setup = prepare_workers(!settings.no_sandbox);
  Pool pool({.workers = settings.workers, .worker_start = start_worker});
  if (pool.worker_pids().empty()) {
    setup.sandboxed = false;
    fmt::print(stderr,
               "tine: warning: TINE_SERIAL is set: files are decoded in this process itself, which "
               "is in no sandbox\n");
  }
  FileServer files(std::move(setup.door), tasks, settings.force);
  try {
    const bool single = tasks.size() == 1 && tasks[0].failure.empty() && pool.workers() > 1;
    if (!single || !run_large(pool, chain, tasks, files, options, settings.progress, losses)) {
      ProgressBar bar(settings.progress, "files");
      losses = run_batch(pool, chain, tasks, files, options, bar);
    }
  } catch (const Interrupted&) {
    interrupted = true;
    files.settle();
    files.tell(tasks);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return report(settings, tasks, losses, pool.workers(), setup.sandboxed, seconds.count(),
                interrupted);
}

}  // namespace

Run add_image_command(CLI::App& app) {
  auto settings = std::make_shared<Settings>();
  CLI::App& command = *app.add_subcommand("image", "Filters image files");
  command.add_option("CHAIN", settings->chain, "Operations separated by |; they are listed below")
      ->required();
  command.add_option("INPUT", settings->inputs, "Image files, folders, and globs in quotes")
      ->required();
  command
      .add_option("-o,--output", settings->out,
                  "A file for one input, otherwise a folder, which is made")
      ->required();
  command
      .add_option("-j,--workers", settings->workers,
                  "Worker processes [default: the CPUs we may use]")
      ->check(CLI::Range(1u, 1023u));
  command.add_flag("--force", settings->force, "Replace outputs that exist");
  command.add_flag("-r,--recursive", settings->recursive, "Images in subfolders too");
  command.add_flag("--verify", settings->options.verify,
                   "Compare each result with the serial OpenCV calls");
  command
      .add_option("--deadline", settings->deadline,
                  "Seconds for one file, or one band of a large image; 0: no limit")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6));
  command
      .add_option("--max-pixels", settings->options.limits.pixels,
                  "Refuse images that claim to be larger")
      ->capture_default_str();
  command.add_flag("--json", settings->json, "Results on stdout as JSON");
  command.add_flag("--report", settings->report,
                   "What the workers did, on stderr: slices, times, faults, replacements");
  command.add_flag("--no-sandbox", settings->no_sandbox,
                   "Let workers open files and more, for debuggers; they are shut in otherwise");
  add_progress_option(command, settings->progress);
  command.footer([] {
    return operations_text() +
           "\nExamples:\n"
           "  tine image \"gaussian sigma=2 | sobel | threshold 40\" photo.jpg -o edges.png\n"
           "  tine image \"resize width=1600 | sharpen\" holiday/ -o small/ --recursive\n"
           "  tine image \"gray | equalize\" 'scans/*.tif' -o better/ --json\n"
           "  tine image \"bilateral\" a.png b.png -o smooth/ --verify -j 4\n\n"
           "A file that cannot be read, or that kills its worker, costs that file only. Workers\n"
           "decode and encode in a sandbox: they get an open input and an open output, and can "
           "open\n"
           "nothing else.\n"
           "Outputs appear whole or not at all, and existing ones stay unless --force is given.\n";
  });
  return [settings] { return run(*settings); };
}

}  // namespace tine::app
