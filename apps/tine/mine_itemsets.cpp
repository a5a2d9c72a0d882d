// tine mine itemsets: items that are often together.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include <tine/mining/item_sets.hpp>

#include "built_rows.hpp"
#include "exit.hpp"
#include "interrupt.hpp"
#include "mine_command.hpp"
#include "row_output.hpp"
#include "table_file.hpp"
#include "text_output.hpp"

namespace tine::app {

namespace {

using mining::Baskets;
using mining::BasketSelection;
using mining::ItemSets;
using mining::Rule;
using mining::Type;

struct ItemSetSettings {
  TableFileSettings table;
  BasketSelection baskets;
  bool lines = false, rules = false, force = false;
  mining::ItemSetOptions sets;
  mining::RuleOptions rule;
  RowOutputSettings output;
};

// No delimiter, nor what begins a cell that goes on in the next line, is in a line.
constexpr char in_no_text = '\x1f';

void check(const ItemSetSettings& settings) {
  const BasketSelection& b = settings.baskets;
  const int ways = (!b.transaction.empty() || !b.item.empty()) + !b.items.empty() + settings.lines;
  if (ways != 1 || b.transaction.empty() != b.item.empty())
    throw UsageError(
        "where are the items? Say either --transaction and --item, which are columns of a table "
        "with an item in each row; or --items, a column with lists of items; or --lines, where "
        "each line is a list");
}

class ItemSetRun {
 public:
  explicit ItemSetRun(const ItemSetSettings& settings)
      : settings_(settings),
        outputs_(settings.force),
        output_(open_output()),
        file_(settings.table, csv()) {}

  void run() {
    try {
      const Baskets baskets = read();
      mining::ItemSetOptions options = settings_.sets;
      options.memory = file_.scan_options().memory;
      ProgressBar bar(settings_.table.progress, "items");
      options.progress = [&](std::uint64_t done, std::uint64_t all) {
        bar.update(done, all);
        check_interrupt();
      };
      const ItemSets sets = mining::frequent_item_sets(file_.on(), baskets, options);
      bar.clear();
      std::size_t rules = 0;
      if (settings_.rules)
        rules = write_rules(baskets, sets, options.memory);
      else
        write_sets(baskets, sets);
      output_.finish();
      tell(baskets, sets, rules);
    } catch (...) {
      file_.bar().clear();
      output_.tell_incomplete();
      throw;
    }
    check_interrupt();
    output_.publish();
  }

 private:
  RowOutput open_output() {
    const RowFormat format = row_format(settings_.output);
    if (settings_.output.file != "-") outputs_.prepare(settings_.output.file);
    return {outputs_, settings_.output.file, format, OnTerminal::some_rows};
  }

  mining::CsvOptions csv() const {
    mining::CsvOptions csv = csv_options(settings_.table);
    if (settings_.lines) {
      csv.delimiter = in_no_text;
      csv.header = mining::Header::absent;
    }
    return csv;
  }

  Baskets read() {
    BasketSelection what = settings_.baskets;
    if (settings_.lines) what.items = "column1";
    Baskets baskets = file_.ask([&](const auto&... table) {
      return mining::read_baskets(file_.on(), table..., what, file_.scan_options());
    });
    file_.bar().clear();
    tell_bad_rows(baskets.bad_rows, baskets.bad_lines);
    return baskets;
  }

  std::string text_of(const Baskets& baskets, std::span<const std::uint32_t> set) const {
    const std::string& separator = settings_.baskets.separator;
    std::string text;
    for (const std::uint32_t item : set) {
      if (!text.empty()) text += separator.ends_with(' ') ? separator : separator + ' ';
      text += baskets.items[item];
    }
    return text;
  }

  void write_sets(const Baskets& baskets, const ItemSets& sets) {
    BuiltRows rows(output_.rows(), {{"items", Type::text},
                                    {"length", Type::integer},
                                    {"count", Type::integer},
                                    {"support", Type::real}});
    for (std::size_t i = 0; i < sets.size(); ++i) {
      rows.text(text_of(baskets, sets[i]));
      rows.integer(sets[i].size());
      rows.integer(sets.counts[i]);
      rows.real(sets.support(i));
      rows.end_row();
    }
    rows.finish();
  }

  std::size_t write_rules(const Baskets& baskets, const ItemSets& sets, std::uint64_t memory) {
    mining::RuleOptions options = settings_.rule;
    options.memory = memory;
    BuiltRows rows(output_.rows(), {{"antecedent", Type::text},
                                    {"consequent", Type::text},
                                    {"count", Type::integer},
                                    {"support", Type::real},
                                    {"confidence", Type::real},
                                    {"lift", Type::real}});
    const std::vector<Rule> rules = mining::association_rules(sets, options);
    for (const Rule& rule : rules) {
      rows.text(text_of(baskets, sets[rule.antecedent]));
      rows.text(text_of(baskets, sets[rule.consequent]));
      rows.integer(sets.counts[rule.both]);
      rows.real(sets.support(rule.both));
      rows.real(rule.confidence);
      rows.real(rule.lift);
      rows.end_row();
    }
    rows.finish();
    return rules.size();
  }

  void tell(const Baskets& baskets, const ItemSets& sets, std::size_t rules) const {
    if (baskets.rows_skipped > 0)
      fmt::print(stderr, "tine: {} row{} with a missing value {} left out\n", baskets.rows_skipped,
                 baskets.rows_skipped == 1 ? "" : "s", baskets.rows_skipped == 1 ? "was" : "were");
    if (isatty(STDERR_FILENO) == 0) return;
    const std::chrono::duration<double> seconds = Clock::now() - start_;
    fmt::print(stderr, "tine: {} transactions of {} items: {} sets{}, {:.1f} s\n", baskets.size(),
               baskets.items.size(), sets.size(),
               settings_.rules ? fmt::format(", {} rules", rules) : "", seconds.count());
  }

  using Clock = std::chrono::steady_clock;

  const ItemSetSettings& settings_;
  const Clock::time_point start_ = Clock::now();
  OutputFiles outputs_;
  RowOutput output_;
  TableFile file_;
};

// The columns are asked for together: their text is none of the options'.
std::string clause_with(const BasketSelection& baskets, const std::string& text) {
  if (text == baskets.where) return "--where";
  if (text == baskets.transaction) return "--transaction";
  if (text == baskets.item) return "--item";
  return baskets.items.empty() ? "--transaction or --item" : "--items";
}

void item_sets(const ItemSetSettings& settings) {
  check(settings);
  try {
    ItemSetRun(settings).run();
  } catch (const mining::QueryError& error) {
    throw UsageError(fmt::format("{}: {}", clause_with(settings.baskets, error.text()),
                                 printable(error.what())));
  }
}

}  // namespace

void add_mine_itemsets(MineCommand& mine) {
  auto settings = std::make_shared<ItemSetSettings>();
  ItemSetSettings& s = *settings;
  CLI::App& app = mine.add_other("itemsets", "Items that are often together, and rules",
                                 [settings] { item_sets(*settings); });
  app.add_option("--transaction", s.baskets.transaction,
                 "What rows with items of the same transaction have in common: a column, such as "
                 "the number of an order, or an expression")
      ->type_name("EXPRESSION");
  app.add_option("--item", s.baskets.item, "The item in each row: a column, or an expression")
      ->type_name("EXPRESSION");
  app.add_option("--items", s.baskets.items,
                 "A column with a list of items, where each row is a transaction")
      ->type_name("EXPRESSION");
  CLI::Option* lines = app.add_flag("--lines", s.lines, "Each line is a list of items");
  app.add_option("--separator", s.baskets.separator, "Between the items of a list")
      ->type_name("TEXT")
      ->capture_default_str();
  app.add_option("--where", s.baskets.where, "Which rows count")->type_name("CONDITION");
  app.add_flag_callback(
      "--skip-missing",
      [settings] { settings->baskets.missing = mining::Selection::Missing::skip; },
      "Leave out rows in which a value is missing; else the first one ends it");
  CLI::Option* support =
      app.add_option("--min-support", s.sets.min_support,
                     "The part of the transactions that have all items of a set, at least")
          ->type_name("PART")
          ->capture_default_str();
  app.add_option("--min-count", s.sets.min_count, "The same as a number of transactions")
      ->type_name("N")
      ->check(positive_count)
      ->excludes(support);
  app.add_option("--max-length", s.sets.max_length, "The most items of a set; 0: any number")
      ->type_name("N")
      ->capture_default_str();
  CLI::Option* rules = app.add_flag(
      "--rules", s.rules, "Rules in place of sets: who has the antecedent has the consequent, too");
  app.add_option(
         "--min-confidence", s.rule.min_confidence,
         "The part of the transactions with the antecedent for which that is true, at least")
      ->type_name("PART")
      ->capture_default_str()
      ->needs(rules);
  app.option_defaults()->group("Input and output");
  add_table_file_options(app, s.table);
  add_row_output_options(app, s.output);
  app.add_flag("--force", s.force, "Replace an output that exists");
  lines->excludes("--delimiter");
  app.footer(
      "Sets come in the order of their counts, rules in that of their confidence. Lift is how many "
      "times more\n"
      "often the consequent is in transactions with the antecedent than in all.\n\n"
      "Examples, for a file that this makes:\n"
      "  printf 'order,item\\n1,bread\\n1,milk\\n2,bread\\n2,milk\\n3,eggs\\n' > orders.csv\n"
      "then\n"
      "  tine mine itemsets orders.csv --transaction order --item item --min-support 0.01\n"
      "  tine mine itemsets orders.csv --transaction order --item item --rules -o rules.csv\n"
      "  printf 'bread;milk\\nbread;milk;eggs\\n' | tine mine itemsets - --lines --separator "
      "';'\n");
}

}  // namespace tine::app
