#include "inputs.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "encode.hpp"
#include "exit.hpp"
#include "list_file.hpp"

namespace tine::app {

namespace fs = std::filesystem;

namespace {

struct Found {
  fs::path file;
  fs::path place;  // below the output folder
  std::string failure;
};

void list_folder(const fs::path& folder, const fs::path& out, bool recursive,
                 std::vector<Found>& found) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator
           at(folder, fs::directory_options::skip_permission_denied, error),
       end;
       !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      // What an earlier run wrote below the input is not input.
      if (!recursive || fs::equivalent(at->path(), out, ignored)) at.disable_recursion_pending();
      continue;
    }
    if (at->path().filename().string().starts_with('.')) continue;
    if (can_encode(at->path().string())) files.push_back(at->path());
  }
  if (error) found.push_back({folder, {}, fmt::format("cannot be listed: {}", error.message())});
  if (files.empty() && !error) found.push_back({folder, {}, "has no images in it"});
  std::ranges::sort(files);
  for (const fs::path& file : files) found.push_back({file, file.lexically_relative(folder), {}});
}

std::vector<std::string> expand_glob(const std::string& pattern) {
  std::vector<std::string> names;
  glob_t matches{};
  if (glob(pattern.c_str(), GLOB_TILDE, nullptr, &matches) == 0)
    names.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  globfree(&matches);
  return names;
}

// The output's place, below the output folder, for the n-th input.
fs::path named(const fs::path& place, const Naming& naming, std::size_t n) {
  std::string extension = place.extension().string();
  if (!extension.empty()) extension.erase(0, 1);
  if (!naming.format.empty()) extension = naming.format;
  try {
    const std::string name =
        fmt::format(fmt::runtime(naming.pattern), fmt::arg("stem", place.stem().string()),
                    fmt::arg("ext", extension), fmt::arg("n", n));
    if (name.find('/') != name.npos || name.empty())
      throw UsageError(
          fmt::format("--name {} makes \"{}\", which is no file name", naming.pattern, name));
    return place.parent_path() / name;
  } catch (const fmt::format_error&) {
    throw UsageError(fmt::format(
        "--name {} is no pattern: it may have {{stem}}, {{ext}} and {{n}} in it, such as "
        "{{stem}}-small.{{ext}} or {{n:04}}.{{ext}}",
        naming.pattern));
  }
}

bool can_write(const std::string& path) {
  return can_encode(path) || is_list_file(path);
}

// The same file always has the same key.
std::string key(const fs::path& path) {
  std::error_code ignored;
  return fs::weakly_canonical(path, ignored).string();
}

}  // namespace

std::vector<Task> plan_tasks(const std::vector<std::string>& arguments, const std::string& out,
                             bool recursive, const Naming& naming, const Shard& shard) {
  std::vector<Found> found;
  bool many = arguments.size() > 1;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    std::vector<std::string> names{argument};
    if (!fs::exists(argument, ignored) && argument.find_first_of("*?[") != argument.npos) {
      names = expand_glob(argument);
      many = true;
      if (names.empty()) found.push_back({argument, {}, "matches no file"});
    }
    for (const std::string& name : names) {
      if (fs::is_directory(name, ignored)) {
        many = true;
        list_folder(name, out, recursive, found);
      } else if (!fs::exists(name, ignored)) {
        found.push_back({name, {}, "there is no such file"});
      } else {
        found.push_back({name, fs::path(name).filename(), {}});
      }
    }
  }

  std::error_code ignored;
  const bool is_folder = fs::is_directory(out, ignored);
  const bool to_folder = many || is_folder || out.ends_with('/') || !can_write(out);
  if (to_folder && fs::exists(out, ignored) && !is_folder)
    throw UsageError(fmt::format("{} is a file; {}", out,
                                 many ? "several inputs need a folder to be written to"
                                      : "its name has no extension of a file that can be written"));

  std::vector<Task> tasks;
  std::map<std::string, std::string> writers;  // key of the output -> input
  std::size_t n = 0;
  for (const Found& f : found) {
    ++n;
    Task task{.input = f.file.string(), .output = {}, .failure = f.failure, .warning = {}};
    if (f.failure.empty()) {
      const fs::path output = to_folder ? fs::path(out) / named(f.place, naming, n) : fs::path(out);
      task.output = output.lexically_normal().string();
      if (!can_write(task.output)) {
        task.failure = "its name has no extension of a file that can be written";
      } else if (fs::equivalent(f.file, output, ignored)) {
        throw UsageError(fmt::format(
            "{} would be replaced by its own result; choose another output", task.input));
      } else if (const auto [at, fresh] = writers.emplace(key(output), task.input);
                 !fresh && at->second == task.input) {
        continue;  // named twice
      } else if (!fresh) {
        throw UsageError(fmt::format("{} and {} would both become {}; use separate output folders",
                                     at->second, task.input, task.output));
      }
    }
    tasks.push_back(std::move(task));
  }
  for (const Found& f : found)
    if (f.failure.empty() && writers.contains(key(f.file)))
      throw UsageError(fmt::format("{} is an input and would be replaced; choose another output",
                                   f.file.string()));
  std::vector<Task> mine;
  for (std::size_t i = shard.index - 1; i < tasks.size(); i += shard.count)
    mine.push_back(std::move(tasks[i]));
  return mine;
}

}  // namespace tine::app
