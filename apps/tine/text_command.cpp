// tine text: lines and words of many files.
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tine/mining/text.hpp>

#include "built_rows.hpp"
#include "commands.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "losses.hpp"
#include "machine.hpp"
#include "row_output.hpp"
#include "text_files.hpp"

namespace tine::app {

namespace {

using mining::FoundLine;
using mining::Type;

struct TextSettings {
  TextFileSettings files;
  mining::TextPattern pattern;
  bool count = false, files_with_matches = false, numbers = false, jsonl = false;
  mining::WordOptions words;
  std::uint64_t memory = 0;
  RowOutputSettings output;
  bool force = false;
};

// Lines as grep prints them.
class LinePrinter {
 public:
  LinePrinter(const TextSettings& settings, const std::vector<mining::FileSource>& files)
      : settings_(settings), files_(files), to_(STDOUT_FILENO) {}

  void line(const FoundLine& found) {
    const std::string& name = files_[found.file].name;
    if (settings_.jsonl) {
      nlohmann::ordered_json line = {
          {"file", name}, {"line", found.line}, {"text", std::string(found.text)}};
      end(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
      begin(name);
      if (settings_.numbers) to_.text() += fmt::format("{}:", found.line);
      end(found.text);
    }
  }
  void count(std::size_t file, std::uint64_t lines) {
    begin(files_[file].name);
    end(fmt::format("{}", lines));
  }
  void file(std::size_t file) { end(files_[file].name); }
  void finish() { to_.flush(); }

 private:
  void begin(const std::string& name) {
    if (settings_.files.files.size() > 1 || settings_.files.recursive)
      to_.text() += shown(name) + ':';
  }
  void end(std::string_view text) {
    to_.text() += shown(text);
    to_.text() += '\n';
    to_.flush_if_large();
  }
  // A terminal may obey what is in a file.
  std::string shown(std::string_view text) const {
    return to_.is_terminal() ? printable(text) : std::string(text);
  }

  const TextSettings& settings_;
  const std::vector<mining::FileSource>& files_;
  TextOutput to_;
};

int find(const TextSettings& settings) {
  TextFiles files(settings.files);
  LinePrinter printer(settings, files.sources());
  if (settings.count || settings.files_with_matches) {
    const auto counts =
        mining::count_lines(files.on(), files.sources(), settings.pattern, files.options());
    files.bar().clear();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (settings.count)
        printer.count(i, counts[i]);
      else if (counts[i] > 0)
        printer.file(i);
    }
  } else {
    mining::find_lines(
        files.on(), files.sources(), settings.pattern,
        [&](const FoundLine& found) {
          files.bar().clear();
          printer.line(found);
        },
        files.options());
  }
  files.bar().clear();
  printer.finish();
  return files.status();
}

// What has rows, in a file or on standard output.
int write_rows(const TextSettings& settings, std::vector<std::pair<std::string, Type>> columns,
               const std::function<void(TextFiles&, BuiltRows&)>& fill) {
  const RowFormat format = row_format(settings.output);
  OutputFiles outputs(settings.force);
  if (settings.output.file != "-") outputs.prepare(settings.output.file);
  RowOutput output(outputs, settings.output.file, format, OnTerminal::some_rows);
  TextFiles files(settings.files);
  BuiltRows rows(output.rows(), std::move(columns));
  fill(files, rows);
  files.bar().clear();
  rows.finish();
  output.finish();
  check_interrupt();
  output.publish();
  return files.status();
}

int words(const TextSettings& settings) {
  return write_rows(
      settings,
      {{settings.words.length == 1 ? "word" : "words", Type::text}, {"count", Type::integer}},
      [&](TextFiles& files, BuiltRows& rows) {
        mining::TextOptions options = files.options();
        options.memory = settings.memory > 0 ? settings.memory : memory_for_a_file();
        for (auto& [text, count] :
             mining::count_words(files.on(), files.sources(), settings.words, options)) {
          rows.text(std::move(text));
          rows.integer(count);
          rows.end_row();
        }
      });
}

int sizes(const TextSettings& settings) {
  return write_rows(settings,
                    {{"file", Type::text},
                     {"lines", Type::integer},
                     {"words", Type::integer},
                     {"bytes", Type::integer}},
                    [](TextFiles& files, BuiltRows& rows) {
                      const auto all =
                          mining::text_sizes(files.on(), files.sources(), files.options());
                      for (std::size_t i = 0; i < all.size(); ++i) {
                        rows.text(files.sources()[i].name);
                        rows.integer(all[i].lines);
                        rows.integer(all[i].words);
                        rows.integer(all[i].bytes);
                        rows.end_row();
                      }
                    });
}

void add_find(CLI::App& command, TextSettings& s) {
  command.add_option("PATTERN", s.pattern.text, "A regular expression, as RE2 has them")
      ->required();
  command.add_flag("-F,--fixed-string", s.pattern.literal, "The pattern stands for itself");
  command.add_flag("-i,--ignore-case", s.pattern.ignore_case, "Capitals match small letters");
  command.add_flag("-w,--whole-words", s.pattern.whole_words,
                   "Matches that are not within a word of letters, digits and underscores");
  command.add_flag("-v,--invert", s.pattern.invert, "The lines that do not match");
  CLI::Option* count = command.add_flag("-c,--count", s.count, "Only how many lines match");
  CLI::Option* names = command.add_flag("-l,--files-with-matches", s.files_with_matches,
                                        "Only the names of files with lines that match");
  command.add_flag("-n,--line-number", s.numbers, "Number lines");
  command.add_flag("--jsonl", s.jsonl, "An object for each line: file, line, text")
      ->excludes(count)
      ->excludes(names);
  count->excludes(names);
  add_text_file_options(command, s.files);
}

void add_rows(CLI::App& command, TextSettings& s) {
  add_text_file_options(command, s.files);
  add_row_output_options(command, s.output);
  command.add_flag("--force", s.force, "Replace an output that exists");
}

void add_words(CLI::App& command, TextSettings& s) {
  command.add_option("-n,--length", s.words.length, "So many words in a row, in one line")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_option("--top", s.words.top, "Only so many, the most frequent ones")->type_name("N");
  command.add_flag("-i,--ignore-case", s.words.ignore_case, "Capitals of ASCII are made small");
  command
      .add_option("--memory", s.memory,
                  "What the words may take, such as 512M [default: half of what is free]")
      ->transform(CLI::AsSizeValue(false));
  add_rows(command, s);
}

int guarded(const std::function<int()>& run) {
  remember_interrupts();
  try {
    return run();
  } catch (const UsageError&) {
    throw;
  } catch (const InvalidArgument& error) {
    tell_error(error);
    return wrong_usage;
  } catch (const SliceFailed& error) {
    fmt::print(stderr, "tine: {}\n", printable(reason_of(error.report(), error.slice())));
  } catch (const std::exception& error) {
    tell_error(error);
  }
  return some_failed;
}

}  // namespace

Run add_text_command(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("text", "Lines that match, and counts of words");
  command.require_subcommand(1);
  command.footer(
      "Examples, for files that these make:\n"
      "  printf 'one two\\ntwo three\\n' > a.txt; printf 'two two\\n' > b.txt\n"
      "then\n"
      "  tine text find 't[wh]' a.txt b.txt\n"
      "  tine text find -F two --count a.txt b.txt\n"
      "  tine text words a.txt b.txt --top 10\n"
      "  tine text words -n 2 a.txt b.txt -o pairs.csv\n"
      "  tine text sizes a.txt b.txt\n\n"
      "Files are read by workers in a sandbox, large ones by several at a time; results are the "
      "same on any\n"
      "number of workers.\n"
      "Exit status: 0 all good, also where nothing matches; 1 a file could not be read, 2 wrong "
      "usage,\n"
      "3 no file could be read, 130 interrupted.\n");
  auto settings = std::make_shared<TextSettings>();
  CLI::App& finder = *command.add_subcommand("find", "Lines that match a pattern, as grep does");
  CLI::App& counter = *command.add_subcommand("words", "How often words, or rows of words, occur");
  CLI::App& sizer = *command.add_subcommand("sizes", "Lines, words and bytes, as wc does");
  add_find(finder, *settings);
  add_words(counter, *settings);
  add_rows(sizer, *settings);
  return [settings, &finder, &counter] {
    return guarded([&] {
      if (finder.parsed()) return find(*settings);
      return counter.parsed() ? words(*settings) : sizes(*settings);
    });
  };
}

}  // namespace tine::app
