// tine image: filters for image files.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tine/image/chain.hpp>

#include "batch.hpp"
#include "chain_argument.hpp"
#include "commands.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "large_image.hpp"
#include "list_file.hpp"
#include "machine.hpp"
#include "operands.hpp"
#include "provenance.hpp"
#include "streamed_image.hpp"
#include "worker_setup.hpp"

namespace tine::app {

namespace {

struct Settings {
  std::string chain, out;
  std::vector<std::string> inputs;
  unsigned workers = 0;
  double deadline = 60;
  ImageOptions options;
  Naming naming;
  std::string shard;
  std::uint64_t memory = 0;
  bool json = false, report = false, force = false, recursive = false, no_sandbox = false;
  bool resume = false, dry_run = false;
  ProgressMode progress = ProgressMode::automatic;
};

nlohmann::json to_json(const Task& task) {
  nlohmann::json json{{"input", task.input}, {"ok", task.written || task.kept}};
  if (task.kept) {
    json["output"] = task.output;
    json["kept"] = true;
  } else if (task.written) {
    json["output"] = task.output;
    if (!is_list_file(task.output)) json["width"] = task.columns;
    json[is_list_file(task.output) ? "rows" : "height"] = task.rows;
  } else {
    json["error"] = task.failure;
  }
  if (!task.warning.empty()) json["warning"] = task.warning;
  return json;
}

int report(const Settings& settings, const std::vector<Task>& tasks, const Losses& losses,
           unsigned workers, bool sandboxed, double seconds, bool interrupted) {
  std::size_t written = 0, kept = 0;
  auto files = nlohmann::json::array();
  for (const Task& task : tasks) {
    written += task.written;
    kept += task.kept;
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
                                      {"kept", kept},
                                      {"failed", tasks.size() - written - kept},
                                      {"faults", losses.faults()},
                                      {"workers_replaced", losses.total.restarts},
                                      {"interrupted", interrupted},
                                      {"files", files}}
                           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  if (tasks.size() > 1 || written != tasks.size() || interrupted)
    fmt::print(stderr, "tine: {} of {} written{}{}\n", written, tasks.size(),
               kept > 0 ? fmt::format(", {} done already", kept) : "",
               interrupted ? ", then interrupted" : "");
  if (settings.report)
    fmt::print(stderr, "{}", losses.total.to_string());
  else if (losses.total.restarts > 0)
    fmt::print(stderr, "tine: {} worker(s) died and were replaced\n", losses.total.restarts);
  if (interrupted) return was_interrupted;
  return written + kept == tasks.size() ? all_good : written + kept > 0 ? some_failed : nothing_done;
}

Shard shard_of(const std::string& text) {
  Shard shard;
  int used = 0;
  if (!text.empty() &&
      (sscanf(text.c_str(), "%zu/%zu%n", &shard.index, &shard.count, &used) != 2 ||
       static_cast<std::size_t>(used) != text.size() || shard.index < 1 ||
       shard.index > shard.count))
    throw UsageError(fmt::format("--shard {} is no part of a whole: 1/4 to 4/4, say", text));
  return shard;
}

// Everything that decides what is made of an input.
std::string recipe_of(const image::Chain& chain, const std::vector<Task>& operands,
                      const ImageOptions& options) {
  const Encoding& encoding = options.encoding;
  return fmt::format("{}; quality {}, effort {}{}{}{}", chain.to_string(), encoding.quality,
                     encoding.effort, encoding.metadata ? "" : ", no metadata",
                     options.shrink_on_load ? "" : ", decoded in full", state_of(operands));
}

// Outputs that the chain has something for, and that are none of its own files.
void check_outputs(const image::Chain& chain, const std::vector<Task>& operands,
                   const std::vector<Task>& tasks) {
  for (const Task& task : tasks) {
    if (is_list_file(task.output) && !chain.lists())
      throw UsageError(fmt::format(
          "{} would be a list, and {} makes an image; tine image --list tells what finds one",
          task.output, chain.steps().back().operation->name));
    std::error_code none;
    for (const Task& operand : operands)
      if (std::filesystem::equivalent(task.output, operand.input, none))
        throw UsageError(
            fmt::format("{} is a file of the chain and would be replaced; choose another output",
                        operand.input));
  }
}

// What an earlier run has done stays, and what has changed since then is done again.
void resume(std::vector<Task>& tasks, const std::string& recipe) {
  for (Task& task : tasks) {
    if (task.is_over()) continue;
    switch (state_of_output(task.output, task.input, recipe)) {
      case OutputState::current:
        task.kept = true;
        break;
      case OutputState::stale:
        task.replaces = true;
        break;
      case OutputState::absent:
      case OutputState::foreign:
        break;
    }
  }
}

int tell_plan(const std::vector<Task>& tasks) {
  std::size_t bad = 0;
  for (const Task& task : tasks) {
    bad += !task.failure.empty();
    if (!task.failure.empty())
      fmt::print(stderr, "tine: {}: {}\n", task.input, task.failure);
    else
      fmt::print("{} -> {}{}\n", task.input, task.output,
                 task.kept       ? " (done already)"
                 : task.replaces ? " (again: something has changed)"
                                 : "");
  }
  return bad == 0 ? all_good : some_failed;
}

int run(const Settings& settings) {
  const image::Chain given = chain_argument(settings.chain);
  auto tasks = plan_tasks(settings.inputs, settings.out, settings.recursive, settings.naming,
                          shard_of(settings.shard));
  ImageOptions options = settings.options;
  options.shrink_on_load = options.shrink_on_load && !options.verify;
  const std::vector<Task> operands = operand_tasks(given);
  check_outputs(given, operands, tasks);
  const std::string recipe = recipe_of(given, operands, options);
  if (settings.resume) resume(tasks, recipe);
  if (settings.dry_run) return tell_plan(tasks);
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
  std::vector<Task> served = tasks;
  served.insert(served.end(), operands.begin(), operands.end());
  FileServer files(std::move(setup.door), std::move(served), settings.force, recipe);
  try {
    const LoadedChain loaded = load_operands(pool, given, tasks.size(), options, losses);
    const image::Chain& chain = loaded.chain;
    const bool single = tasks.size() == 1 && !tasks[0].is_over();
    const std::uint64_t memory = settings.memory > 0 ? settings.memory : memory_for_a_file();
    const bool alone =
        single &&
        (run_streamed(pool, chain, tasks, files, options, memory, settings.progress, losses) ||
         (pool.workers() > 1 &&
          run_large(pool, chain, tasks, files, options, settings.progress, losses)));
    if (!alone) {
      ProgressBar bar(settings.progress, "files");
      losses.add(run_batch(pool, chain, tasks, files, options, bar).total);
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
  command.add_option("CHAIN", settings->chain, "Operations separated by |, or @ and a JSON file of them (see below)")
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
  command.add_flag_callback(
      "--list",
      [] {
        fmt::print("{}", list_of_operations());
        throw CLI::Success();
      },
      "List the operations; tine image NAME --help tells all about one");
  command.add_flag("--dry-run", settings->dry_run, "Tell what would be written, and do nothing");
  command.add_flag("--resume", settings->resume,
                   "Go on with an earlier run: skip what it has done, redo what has changed");
  command.add_option("--shard", settings->shard,
                     "Only part I of N of the files, for job arrays: --shard 3/16");
  command
      .add_option("--name", settings->naming.pattern,
                  "Name of each output, with {stem}, {ext} and {n} of the input")
      ->capture_default_str();
  command.add_option("--format", settings->naming.format,
                     "Extension of the outputs, such as png [default: as the input]");
  command
      .add_option("--quality", settings->options.encoding.quality, "Of JPEG and WebP outputs")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  command
      .add_option("--png-effort", settings->options.encoding.effort,
                  "Compression of PNG outputs; 9 is smallest and slowest")
      ->capture_default_str()
      ->check(CLI::Range(0, 9));
  command.add_flag("!--no-metadata", settings->options.encoding.metadata,
                   "Leave out Exif, IPTC, XMP, the colour profile and the resolution");
  command
      .add_option("--shrink-on-load", settings->options.shrink_on_load,
                  "Whether a JPEG is decoded smaller, and faster, when the chain begins by shrinking "
                  "it; pixels then differ slightly from full decoding (which --verify takes)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, bool>{{"auto", true}, {"never", false}}))
      ->default_str("auto");
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
  command
      .add_option("--memory", settings->memory,
                  "What a single image may take, such as 512M; the rows of a larger one are streamed, "
                  "from and to TIFF, PPM, PGM and .npy [default: half of what is free]")
      ->transform(CLI::AsSizeValue(false));
  command.add_flag("--json", settings->json, "Results on stdout as JSON");
  command.add_flag("--report", settings->report,
                   "What the workers did, on stderr: slices, times, faults, replacements");
  command.add_flag("--no-sandbox", settings->no_sandbox,
                   "Let workers open files and more, for debuggers; they are shut in otherwise");
  add_progress_option(command, settings->progress);
  command.formatter_fn([settings](const CLI::App* self, std::string name, CLI::AppFormatMode mode) {
    const std::string about = help_on_operation(settings->chain);
    return about.empty() ? CLI::Formatter().make_help(self, std::move(name), mode) : about;
  });
  command.footer([] {
    return "Operations:\n" + list_of_operations() +
           "\nA chain in a file is a JSON list: [{\"gaussian\": {\"sigma\": 2}}, \"sobel\"]\n"
           "\nExamples:\n"
           "  tine image \"gaussian sigma=2 | sobel | threshold 40\" photo.jpg -o edges.png\n"
           "  tine image \"resize width=1600 | sharpen\" holiday/ -o small/ --recursive\n"
           "  tine image \"gray | equalize\" 'scans/*.tif' -o better/ --json\n"
           "  tine image \"bilateral\" a.png b.png -o smooth/ --verify -j 4\n"
           "  tine image @edges.json photos/ -o edges/ --format png --resume\n"
           "  tine image \"match template=logo.png\" pages/ -o places/ --format json\n"
           "  tine image gaussian --help\n\n"
           "Where a chain ends with what finds points or counts (match, orb, histogram), an output "
           "that is\n"
           "named .json or .csv gets them as a list; any other gets a picture.\n\n"
           "A file that cannot be read, or that kills its worker, costs that file only. Workers\n"
           "decode and encode in a sandbox: they get an open input and an open output, and can "
           "open\n"
           "nothing else.\n"
           "Outputs appear whole or not at all, and existing ones stay unless --force is given. What\n"
           "each was made from is noted with it (attribute user.tine.made-from), for --resume.\n";
  });
  return [settings] { return run(*settings); };
}

}  // namespace tine::app
