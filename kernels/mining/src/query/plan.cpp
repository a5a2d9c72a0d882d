#include "plan.hpp"

#include <algorithm>
#include <cctype>

namespace tine::mining {

namespace {

// Of the result, which is JSON objects at times.
void add_field(Plan& plan, const std::string& name, Type type, const std::string& clause,
               std::size_t position) {
  if (std::ranges::find(plan.fields, name, &Field::name) != plan.fields.end())
    throw QueryError(
        "two columns of the result are called " + name + "; `as` gives one another name", clause,
        position);
  plan.fields.push_back({name, type});
}

// As is said, or that of the column, without quotes, or the expression's text.
const std::string& name_of(const Item& item) {
  return !item.named && item.node->kind == Node::Kind::column ? item.node->name : item.name;
}

void select_rows(Plan& plan, Columns& columns, const Query& query) {
  if (query.select.empty() || query.select == "*") {
    for (const Field& field : columns.schema()) {
      Node node;
      node.kind = Node::Kind::column;
      node.name = field.name;
      plan.outputs.push_back(compile(node, field.name, columns));
      plan.fields.push_back(field);
    }
    return;
  }
  for (const Item& item : parse_list(query.select)) {
    plan.outputs.push_back(compile(*item.node, query.select, columns));
    add_field(plan, name_of(item), plan.outputs.back().type, query.select, item.node->position);
  }
}

void select_groups(Plan& plan, Columns& columns, const Query& query) {
  if (!query.select.empty())
    throw QueryError(
        "rows are selected or groups are made: the keys and the aggregates are what a "
        "query for groups gives",
        query.select, 0);
  if (!query.group_by.empty())
    for (const Item& item : parse_list(query.group_by)) {
      plan.outputs.push_back(compile(*item.node, query.group_by, columns));
      add_field(plan, name_of(item), plan.outputs.back().type, query.group_by, item.node->position);
    }
  if (query.aggregates.empty()) return;
  for (const Item& item : parse_list(query.aggregates)) {
    // A call of what is unknown has an error of its own below.
    const bool called = item.node->kind == Node::Kind::call &&
                        std::isalpha(static_cast<unsigned char>(item.node->name[0])) != 0;
    if (!is_aggregate(*item.node) && !called)
      throw QueryError(
          "this is no aggregate; there are count, sum, mean, min, max, var, stddev, "
          "median, p0 to p100, quantile, distinct, approx_distinct, first, last and corr",
          query.aggregates, item.node->position);
    std::vector<Type> types;
    for (const Node* argument : rowwise_arguments(*item.node)) {
      plan.arguments.push_back(compile(*argument, query.aggregates, columns));
      types.push_back(plan.arguments.back().type);
    }
    plan.aggregates.push_back(bind_aggregate(*item.node, types, query.aggregates));
    add_field(plan, item.name, result_type(plan.aggregates.back()), query.aggregates,
              item.node->position);
  }
}

// The least and the greatest value, or how many there are in each bin.
void select_histogram(Plan& plan, Columns& columns, const Query& query,
                      const std::optional<HistogramRange>& range) {
  plan.histogram = parse_histogram(query.histogram);
  if (!plan.histogram->range) plan.histogram->range = range;
  for (const auto& [clause, name] : {std::pair{&query.select, "rows are selected"},
                                     {&query.group_by, "groups are made"},
                                     {&query.aggregates, "aggregates are computed"},
                                     {&query.order_by, "an order is given"}})
    if (!clause->empty())
      throw QueryError(
          std::string("a histogram is an answer by itself, and ") + name + " beside it", *clause,
          0);
  const Histogram& histogram = *plan.histogram;
  const Type type = compile(*histogram.value, query.histogram, columns).type;
  if (type != Type::integer && type != Type::real)
    throw QueryError("a histogram is of numbers, and this is of type " +
                         std::string(to_string(type)) +
                         (type == Type::date || type == Type::datetime
                              ? "; groups by bin(x, 'month') count times"
                              : ""),
                     query.histogram, histogram.value->position);
  if (histogram.range) {
    plan.outputs.push_back(compile(*bin_of(histogram), query.histogram, columns));
    plan.aggregates.push_back({.kind = AggregateKind::count});
  } else {
    for (const AggregateKind kind : {AggregateKind::min, AggregateKind::max}) {
      plan.arguments.push_back(compile(*finite_value_of(histogram), query.histogram, columns));
      plan.aggregates.push_back({.kind = kind, .arguments = 1, .types = {Type::real}});
    }
  }
  plan.fields = histogram_fields();
}

bool is_minus(const Node& node) {
  return node.kind == Node::Kind::call && node.name == "-" && node.arguments.size() == 1;
}

// By names of the result's columns; rows also by expressions that are not in the result.
void order_by(Plan& plan, Columns& columns, const Query& query) {
  if (query.order_by.empty()) return;
  for (const Item& item : parse_list(query.order_by)) {
    const bool descending = is_minus(*item.node);
    const Node& node = descending ? *item.node->arguments[0] : *item.node;
    const std::string text = to_string(node);
    const auto found = std::ranges::find_if(plan.fields, [&](const Field& field) {
      if (field.name == node.name && node.kind == Node::Kind::column) return true;
      return field.name == text;
    });
    if (found != plan.fields.end()) {
      plan.order.push_back({static_cast<std::size_t>(found - plan.fields.begin()), descending});
      continue;
    }
    if (plan.grouped())
      throw QueryError(
          "groups are ordered by their keys and aggregates, of which " + text + " is none",
          query.order_by, node.position);
    plan.outputs.push_back(compile(node, query.order_by, columns));
    plan.order.push_back({plan.fields.size(), descending});
    plan.fields.push_back({text, plan.outputs.back().type});
    ++plan.hidden;
  }
}

Plan make_plan(const Schema& schema, const Query& query,
               const std::optional<HistogramRange>& range) {
  Plan plan;
  Columns columns(schema);
  if (!query.group_by.empty() || !query.aggregates.empty() || !query.histogram.empty())
    plan.kind = Plan::Kind::groups;
  if (!query.histogram.empty())
    select_histogram(plan, columns, query, range);
  else if (plan.grouped())
    select_groups(plan, columns, query);
  else
    select_rows(plan, columns, query);
  order_by(plan, columns, query);
  plan.limit = query.limit;
  if (!query.sample.empty()) plan.sample = parse_sample(query.sample, query.seed);
  plan.kept = columns.used().size();
  if (!query.where.empty()) {
    plan.where = compile(*parse_expression(query.where), query.where, columns);
    if (plan.where->type != Type::boolean)
      throw QueryError("a condition is true or false, and this is of type " +
                           std::string(to_string(plan.where->type)),
                       query.where, 0);
  }
  plan.columns.assign(columns.used().begin(), columns.used().end());
  return plan;
}

}  // namespace

Plan make_plan(const Schema& schema, const Query& query) {
  return make_plan(schema, query, std::nullopt);
}

Plan make_plan(const Schema& schema, const Query& query, const HistogramRange& range) {
  return make_plan(schema, query, std::optional(range));
}

Plan make_plan(const PoolWith& on, Source& source, const Query& query) {
  try {
    return make_plan(source.schema(), query);
  } catch (const QueryError&) {
    const Schema before = source.schema();
    try {
      source.infer(on);
    } catch (const FileError&) {  // that its rows are bad, too, is for the next time
    }
    if (source.schema() == before) throw;
  }
  return make_plan(source.schema(), query);
}

}  // namespace tine::mining
