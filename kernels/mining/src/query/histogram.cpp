#include "histogram.hpp"

#include <utility>

#include "../expression/bins.hpp"

namespace tine::mining {

namespace {

constexpr std::int64_t most_bins = 1'000'000;

std::unique_ptr<Node> leaf(Node::Kind kind, double real = 0) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  node->real = real;
  return node;
}

std::unique_ptr<Node> call(const char* name, std::size_t position) {
  auto node = leaf(Node::Kind::call);
  node->name = name;
  node->position = position;
  return node;
}

std::unique_ptr<Node> copy(const Node& node) {
  auto result = std::make_unique<Node>();
  result->kind = node.kind;
  result->name = node.name;
  result->integer = node.integer;
  result->real = node.real;
  result->position = node.position;
  for (const auto& argument : node.arguments) result->arguments.push_back(copy(*argument));
  return result;
}

// A number as it is written, with a sign perhaps.
std::optional<double> number(const Node& node) {
  if (node.kind == Node::Kind::integer) return static_cast<double>(node.integer);
  if (node.kind == Node::Kind::real) return node.real;
  if (node.kind == Node::Kind::call && node.name == "-" && node.arguments.size() == 1)
    if (const auto positive = number(*node.arguments[0])) return -*positive;
  return std::nullopt;
}

}  // namespace

Histogram parse_histogram(const std::string& clause) {
  std::vector<Item> items = parse_list(clause);
  if (items.size() != 2 && items.size() != 4)
    throw QueryError(
        "a histogram is of a value and a number of bins, perhaps with the first and the last edge: "
        "x, 20 or x, 20, 0, 100",
        clause, 0);
  Histogram histogram{.value = std::move(items[0].node)};
  const Node& bins = *items[1].node;
  histogram.bins = bins.kind == Node::Kind::integer ? bins.integer : 0;
  if (histogram.bins < 1 || histogram.bins > most_bins)
    throw QueryError("the number of bins is an integer from 1 to " + std::to_string(most_bins),
                     clause, bins.position);
  if (items.size() == 2) return histogram;
  const auto first = number(*items[2].node), last = number(*items[3].node);
  if (!first || !last || !(*first < *last))
    throw QueryError("the edges of a histogram are two numbers, the smaller one first", clause,
                     items[!first ? 2 : 3].node->position);
  histogram.range = {*first, *last};
  return histogram;
}

std::unique_ptr<Node> bin_of(const Histogram& histogram) {
  auto node = call("bin of range", histogram.value->position);
  node->arguments.push_back(copy(*histogram.value));
  node->arguments.push_back(leaf(Node::Kind::real, histogram.range->first));
  node->arguments.push_back(leaf(Node::Kind::real, histogram.range->last));
  node->arguments.push_back(leaf(Node::Kind::real, static_cast<double>(histogram.bins)));
  return node;
}

std::unique_ptr<Node> finite_value_of(const Histogram& histogram) {
  const std::size_t position = histogram.value->position;
  auto value = call("float", position);
  value->arguments.push_back(copy(*histogram.value));
  auto finite = call("is_finite", position);
  finite->arguments.push_back(copy(*histogram.value));
  auto node = call("if", position);
  node->arguments.push_back(std::move(finite));
  node->arguments.push_back(std::move(value));
  node->arguments.push_back(leaf(Node::Kind::null));
  return node;
}

HistogramRange range_of(const Result& least_and_greatest) {
  const auto& columns = least_and_greatest.columns;
  if (columns[0].is_null(0)) return {0, 1};
  const double least = columns[0].reals[0], greatest = columns[1].reals[0];
  if (least == greatest) return {least - 0.5, greatest + 0.5};
  return {least, greatest};
}

Schema histogram_fields() {
  return {{"from", Type::real}, {"to", Type::real}, {"count", Type::integer}};
}

Result histogram_of(const Histogram& histogram, const Result& counted) {
  const auto bins = static_cast<std::size_t>(histogram.bins);
  Result result;
  result.rows = bins;
  for (const Field& field : histogram_fields()) {
    result.columns.push_back({.name = field.name, .type = field.type});
    result.columns.back().nulls.resize(bins);
  }
  const RangeBins range(histogram.range->first, histogram.range->last, histogram.bins);
  for (std::int64_t i = 0; i < histogram.bins; ++i) {
    result.columns[0].reals.push_back(range.edge(i));
    result.columns[1].reals.push_back(range.edge(i + 1));
  }
  std::vector<std::int64_t>& counts = result.columns[2].integers;
  counts.resize(bins);
  const ResultColumn &numbers = counted.columns[0], &sizes = counted.columns[1];
  for (std::size_t row = 0; row < counted.rows; ++row)
    if (!numbers.is_null(row))
      counts.at(static_cast<std::size_t>(numbers.integers[row])) = sizes.integers[row];
  return result;
}

}  // namespace tine::mining
