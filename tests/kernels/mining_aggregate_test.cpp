// Names of aggregates, their arguments and types.
#include <aggregate/aggregate.hpp>

#include <gmock/gmock.h>
#include <tine/mining/error.hpp>

namespace tine::mining {

namespace {

using testing::HasSubstr;

Aggregate bound(const std::string& text, const std::vector<Type>& types = {Type::real}) {
  return bind_aggregate(*parse_expression(text), types, text);
}

// What is wrong, and where.
std::string refusal(const std::string& text, const std::vector<Type>& types = {Type::real}) {
  try {
    bound(text, types);
  } catch (const QueryError& error) {
    return std::to_string(error.position()) + ": " + error.what();
  }
  return "not refused";
}

TEST(MiningAggregate, names_of_all_kinds_whatever_their_case) {
  using enum AggregateKind;
  EXPECT_EQ(bound("count", {}).kind, count);
  EXPECT_EQ(bound("COUNT(*)", {}).arguments, 0);
  EXPECT_EQ(bound("count(x)").arguments, 1);
  for (const auto& [name, kind] :
       std::vector<std::pair<std::string, AggregateKind>>{{"Sum", sum},
                                                          {"mean", mean},
                                                          {"avg", mean},
                                                          {"min", min},
                                                          {"MAX", max},
                                                          {"var", variance},
                                                          {"variance", variance},
                                                          {"std", stddev},
                                                          {"stddev", stddev},
                                                          {"distinct", distinct},
                                                          {"count_distinct", distinct},
                                                          {"first", first},
                                                          {"last", last}})
    EXPECT_EQ(bound(name + "(x)").kind, kind) << name;
  EXPECT_EQ(bound("corr(x, y)", {Type::real, Type::integer}).kind, correlation);
}

TEST(MiningAggregate, quantiles_by_name_and_by_fraction) {
  EXPECT_EQ(bound("median(x)").fraction, 0.5);
  EXPECT_EQ(bound("p0(x)").fraction, 0);
  EXPECT_EQ(bound("P95(x)").fraction, 0.95);
  EXPECT_EQ(bound("p100(x)").fraction, 1);
  EXPECT_EQ(bound("quantile(x, 0.125)").fraction, 0.125);
  EXPECT_EQ(bound("quantile(x, 1)").fraction, 1);
  EXPECT_EQ(rowwise_arguments(*parse_expression("quantile(x, 0.5)")).size(), 1u);
  EXPECT_THAT(refusal("p101(x)"), HasSubstr("0: there is no aggregate 'p101'; percentiles"));
  EXPECT_THAT(refusal("quantile(x, 95)"), HasSubstr("12: the fraction of a quantile lies between"));
  EXPECT_THAT(refusal("quantile(x, y)"), HasSubstr("12: the fraction of a quantile is a number"));
  EXPECT_THAT(refusal("quantile(x)"), HasSubstr("two arguments"));
}

TEST(MiningAggregate, an_unknown_name_gets_the_nearest) {
  EXPECT_THAT(refusal("meen(x)"), HasSubstr("0: there is no aggregate 'meen'"));
  EXPECT_THAT(refusal("meen(x)"), HasSubstr("mean"));
  EXPECT_FALSE(is_aggregate(*parse_expression("meen(x)")));
  EXPECT_FALSE(is_aggregate(*parse_expression("x")));
  EXPECT_TRUE(is_aggregate(*parse_expression("Count")));
  EXPECT_TRUE(is_aggregate(*parse_expression("p5(x)")));
  EXPECT_THAT(refusal("x + 1"), HasSubstr("no aggregate"));
}

TEST(MiningAggregate, types_that_do_not_go_with_it) {
  for (const char* name : {"sum", "mean", "var", "stddev", "median", "p9"})
    for (const Type type : {Type::text, Type::date, Type::datetime}) {
      const std::string call = std::string(name) + "(x)";
      const std::string place = std::to_string(call.size() - 2);
      EXPECT_THAT(refusal(call, {type}), HasSubstr(place + ": " + name + " is for numbers"))
          << call;
    }
  EXPECT_THAT(refusal("corr(x, y)", {Type::real, Type::text}), HasSubstr("8: corr is for numbers"));
  EXPECT_THAT(refusal("sum(x, y)", {Type::real, Type::real}), HasSubstr("one argument, but 2 are"));
  EXPECT_THAT(refusal("sum()", {}), HasSubstr("one argument, but 0 are"));
}

TEST(MiningAggregate, types_of_results) {
  EXPECT_EQ(result_type(bound("sum(x)", {Type::boolean})), Type::integer);
  EXPECT_EQ(result_type(bound("sum(x)", {Type::integer})), Type::integer);
  EXPECT_EQ(result_type(bound("sum(x)", {Type::real})), Type::real);
  EXPECT_EQ(result_type(bound("mean(x)", {Type::integer})), Type::real);
  EXPECT_EQ(result_type(bound("median(x)", {Type::boolean})), Type::real);
  EXPECT_EQ(result_type(bound("distinct(x)", {Type::text})), Type::integer);
  EXPECT_EQ(result_type(bound("count", {})), Type::integer);
  for (std::size_t type = 0; type < type_count; ++type)
    for (const char* call : {"min(x)", "max(x)", "first(x)", "last(x)"})
      EXPECT_EQ(result_type(bound(call, {static_cast<Type>(type)})), static_cast<Type>(type));
}

}  // namespace

}  // namespace tine::mining
