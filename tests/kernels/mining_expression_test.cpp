// The language of queries: what expressions mean, and what is said about those that are wrong.
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tine/mining/error.hpp>

#include "expression/evaluator.hpp"
#include "expression/parser.hpp"
#include "expression/program.hpp"
#include "mining_columns.hpp"

namespace tine::mining {

namespace {

using testing::HasSubstr;
using tine_test::Columnar;

constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min(),
                       largest = std::numeric_limits<std::int64_t>::max();
const double nan_value = std::nan(""), infinite = std::numeric_limits<double>::infinity();

/// One row of a few columns, and nothing of each type.
Columnar one_row() {
  Columnar columns;
  columns.add("i", std::vector<std::int64_t>{7});
  columns.add("j", std::vector<std::int64_t>{-2});
  columns.add("f", std::vector<double>{2.5});
  columns.add("s", std::vector<std::string>{"Köln am Rhein"});
  columns.add("b", std::vector<std::uint8_t>{1});
  columns.add("d", Type::date, {19787});                  // 2024-03-05
  columns.add("t", Type::datetime, {1709640000'000000});  // 2024-03-05 12:00
  columns.add("max", std::vector<std::int64_t>{largest});
  columns.add("min", std::vector<std::int64_t>{smallest});
  columns.add("nan", std::vector<double>{nan_value});
  columns.add("ni", std::vector<std::int64_t>{5}, {1});
  columns.add("nf", std::vector<double>{5}, {1});
  columns.add("ns", std::vector<std::string>{"x"}, {1});
  columns.add("nb", std::vector<std::uint8_t>{1}, {1});
  columns.add("Weird name", std::vector<std::int64_t>{1});
  columns.add("größe", std::vector<std::int64_t>{3});
  columns.add("a.b", std::vector<std::int64_t>{4});
  return columns;
}

/// The value in the only row, as text.
std::string value_of(const std::string& expression) {
  const Columnar columns = one_row();
  return tine_test::evaluate(columns, expression).at(0);
}

/// "why @position", as a QueryError says it.
std::string error_of(const std::string& expression) {
  try {
    return "no error, but " + value_of(expression);
  } catch (const QueryError& error) {
    EXPECT_EQ(error.text(), expression);
    return std::string(error.what()) + " @" + std::to_string(error.position());
  }
}

TEST(Expression, literals_are_what_they_are_elsewhere) {
  EXPECT_EQ(value_of("12"), "12");
  EXPECT_EQ(value_of("9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(value_of("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(value_of("1e3"), "1000.0");
  EXPECT_EQ(value_of(".5"), "0.5");
  EXPECT_EQ(value_of("2."), "2.0");
  EXPECT_EQ(value_of("1e999"), "inf");
  EXPECT_EQ(value_of("'it''s'"), "it's");
  EXPECT_EQ(value_of("''"), "");
  EXPECT_EQ(value_of("TRUE"), "true");
  EXPECT_EQ(value_of("False"), "false");
  EXPECT_EQ(value_of("null"), "null");
  EXPECT_EQ(value_of("date '2024-03-05' = d"), "true");
  EXPECT_EQ(value_of("datetime '2024-03-05 12:00' = t"), "true");
  EXPECT_EQ(value_of("date '2024-03-05'"), "2024-03-05");
}

TEST(Expression, names_may_be_quoted_dotted_and_in_any_script) {
  EXPECT_EQ(value_of("\"Weird name\" + größe + a.b"), "8");
  EXPECT_THAT(error_of("\"weird name\""), HasSubstr("did you mean Weird name?"));
}

TEST(Expression, operators_bind_as_they_do_in_sql) {
  EXPECT_EQ(value_of("2 + 3 * 4"), "14");
  EXPECT_EQ(value_of("(2 + 3) * 4"), "20");
  EXPECT_EQ(value_of("2 - 3 - 4"), "-5");
  EXPECT_EQ(value_of("-i * j"), "14");
  EXPECT_EQ(value_of("- -i"), "7");
  EXPECT_EQ(value_of("not false and false"), "false");
  EXPECT_EQ(value_of("true or true and false"), "true");
  EXPECT_EQ(value_of("not i = 3"), "true");
  EXPECT_EQ(value_of("1 + 1 = 2 and 'a' || 'b' = 'ab'"), "true");
  EXPECT_EQ(value_of("i between 1 and 6 + 1 and true"), "true");
  EXPECT_EQ(value_of("i not between 1 and 6"), "true");
  EXPECT_EQ(value_of("i not in (1, 6)"), "true");
  EXPECT_EQ(value_of("i is not null"), "true");
  EXPECT_EQ(value_of("s not like 'K%'"), "false");
}

TEST(Expression, integers_divide_towards_the_floor) {
  EXPECT_EQ(value_of("7 // 2"), "3");
  EXPECT_EQ(value_of("i // j"), "-4");
  EXPECT_EQ(value_of("i % j"), "-1");
  EXPECT_EQ(value_of("-i % 4"), "1");
  EXPECT_EQ(value_of("i // 0"), "null");
  EXPECT_EQ(value_of("i % 0"), "null");
  EXPECT_EQ(value_of("min % -1"), "0");
  EXPECT_EQ(value_of("i / 2"), "3.5");
  EXPECT_EQ(value_of("i / 0"), "inf");
  EXPECT_EQ(value_of("0 / 0"), "nan");
  EXPECT_EQ(value_of("-f // 1"), "-3.0");
  EXPECT_EQ(value_of("-f % 2"), "1.5");
}

TEST(Expression, integers_that_overflow_say_so) {
  const auto overflow = [](const std::string& expression) -> std::string {
    try {
      return "no error, but " + value_of(expression);
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(overflow("max + i"), HasSubstr("9223372036854775807 + 7 overflows 64-bit integers"));
  EXPECT_THAT(overflow("min - 1"), HasSubstr("overflows"));
  EXPECT_THAT(overflow("max * 2"), HasSubstr("float(x)"));
  EXPECT_THAT(overflow("min // -1"), HasSubstr("overflows"));
  EXPECT_THAT(overflow("-min"), HasSubstr("overflows"));
  EXPECT_THAT(overflow("abs(min)"), HasSubstr("overflows"));
  EXPECT_THAT(overflow("d + max"), HasSubstr("overflows"));
  EXPECT_EQ(value_of("max * 1"), "9223372036854775807");
  EXPECT_EQ(value_of("min + max"), "-1");
  EXPECT_EQ(value_of("float(max) * 2"), "18446744073709551616.0");
  // In constants, too, and there it is known where.
  EXPECT_THAT(error_of("1 + 9223372036854775807 + 1"), HasSubstr("@2"));
}

TEST(Expression, dates_beyond_the_calendar_are_refused) {
  EXPECT_EQ(value_of("date '9999-12-30' + 1"), "9999-12-31");
  EXPECT_EQ(value_of("date '0000-01-02' - 1"), "0000-01-01");
  EXPECT_EQ(value_of("datetime '9999-12-31 23:59:58' + 1"), "9999-12-31 23:59:59");
  for (const char* text : {"d + 3000000", "3000000 + d", "d - 800000"})
    EXPECT_THROW(value_of(text), tine::Error) << text;
  EXPECT_THAT(error_of("date '9999-12-31' + 1"), HasSubstr("not in the years 0 to 9999"));
  EXPECT_THAT(error_of("date '0000-01-01' - 1"), HasSubstr("1 days earlier"));
  EXPECT_THAT(error_of("datetime '9999-12-31 23:59:59.5' + 0.5"), HasSubstr("0 to 9999"));
  EXPECT_THAT(error_of("datetime '9999-12-31 23:59:59' + 1"), HasSubstr("0 to 9999"));
}

TEST(Expression, an_overflow_in_a_row_that_is_null_is_none) {
  Columnar columns;
  columns.add("x", std::vector<std::int64_t>{1, largest, 3}, {0, 1, 0});
  EXPECT_THAT(tine_test::evaluate(columns, "x + 1"), testing::ElementsAre("2", "null", "4"));
  EXPECT_THAT(tine_test::evaluate(columns, "x * 4"), testing::ElementsAre("4", "null", "12"));
}

TEST(Expression, logic_has_three_values) {
  const char* const truth[3] = {"false", "true", "null"};
  Columnar columns;
  std::vector<std::uint8_t> a, b, a_null, b_null;
  std::vector<std::string> both, either, no;
  for (int x = 0; x < 3; ++x)
    for (int y = 0; y < 3; ++y) {
      a.push_back(x == 1);
      a_null.push_back(x == 2);
      b.push_back(y == 1);
      b_null.push_back(y == 2);
      both.push_back(x == 0 || y == 0 ? "false" : x == 2 || y == 2 ? "null" : "true");
      either.push_back(x == 1 || y == 1 ? "true" : x == 2 || y == 2 ? "null" : "false");
      no.push_back(truth[x == 2 ? 2 : 1 - x]);
      const std::string named = std::string(truth[x]) + " and " + truth[y];
      EXPECT_EQ(value_of(named), both.back()) << named;
      EXPECT_EQ(value_of(std::string(truth[x]) + " or " + truth[y]), either.back());
    }
  columns.add("a", a, a_null);
  columns.add("b", b, b_null);
  EXPECT_EQ(tine_test::evaluate(columns, "a and b"), both);
  EXPECT_EQ(tine_test::evaluate(columns, "a or b"), either);
  EXPECT_EQ(tine_test::evaluate(columns, "not a"), no);
  EXPECT_EQ(value_of("nb and false"), "false");
  EXPECT_EQ(value_of("b or null"), "true");
  EXPECT_EQ(value_of("b and null"), "null");
}

TEST(Expression, nulls_stay_nulls) {
  for (const char* expression : {"ni + 1",
                                 "1 + ni",
                                 "ni = ni",
                                 "ni / nf",
                                 "-ni",
                                 "ns || 'x'",
                                 "ns = 'x'",
                                 "ni between 1 and 9",
                                 "ni in (1, 5)",
                                 "ns like '%'",
                                 "length(ns)",
                                 "i + null",
                                 "null = null",
                                 "i in (1, null)",
                                 "i not in (1, null)",
                                 "least(1, ni)",
                                 "sqrt(nf)",
                                 "not nb",
                                 "substr(s, ni)",
                                 "if(b, ni, 3)",
                                 "string(ni)",
                                 "int(ns)",
                                 "ni * 9223372036854775807"})
    EXPECT_EQ(value_of(expression), "null") << expression;
  EXPECT_EQ(value_of("i in (7, null)"), "true");
  EXPECT_EQ(value_of("ni is null"), "true");
  EXPECT_EQ(value_of("i is null"), "false");
  EXPECT_EQ(value_of("null is null"), "true");
  EXPECT_EQ(value_of("coalesce(ni, null, 4)"), "4");
  EXPECT_EQ(value_of("coalesce(ni, 2.5)"), "2.5");
  EXPECT_EQ(value_of("if(nb, 1, 2)"), "2");
  EXPECT_EQ(value_of("if(b, 1, null)"), "1");
  EXPECT_EQ(value_of("nullif(i, 7)"), "null");
  EXPECT_EQ(value_of("nullif(i, 8)"), "7");
  EXPECT_EQ(value_of("nullif(i, ni)"), "7");
}

TEST(Expression, nan_is_equal_to_nothing) {
  EXPECT_EQ(value_of("nan = nan"), "false");
  EXPECT_EQ(value_of("nan != nan"), "true");
  EXPECT_EQ(value_of("nan < 1 or nan > 1"), "false");
  EXPECT_EQ(value_of("is_nan(nan)"), "true");
  EXPECT_EQ(value_of("is_nan(i)"), "false");
  EXPECT_EQ(value_of("nan in (1.0, 0 / 0)"), "false");
  EXPECT_EQ(value_of("-0.0 in (0.0, 1.5)"), "true");
  EXPECT_EQ(value_of("least(nan, 1)"), "nan");
  EXPECT_EQ(value_of("greatest(1, nan)"), "nan");
  EXPECT_EQ(value_of("int(nan)"), "null");
}

TEST(Expression, functions_of_numbers) {
  EXPECT_EQ(value_of("abs(j) + abs(-f)"), "4.5");
  EXPECT_EQ(value_of("floor(-f)"), "-3.0");
  EXPECT_EQ(value_of("ceil(f)"), "3.0");
  EXPECT_EQ(value_of("floor(i)"), "7");
  EXPECT_EQ(value_of("round(f)"), "2.0");
  EXPECT_EQ(value_of("round(3.5)"), "4.0");
  EXPECT_EQ(value_of("round(1234.567, 2)"), "1234.57");
  EXPECT_EQ(value_of("round(1234.567, -2)"), "1200.0");
  EXPECT_EQ(value_of("round(i, 9999)"), "7.0");
  EXPECT_EQ(value_of("sign(j) * sign(f)"), "-1.0");
  EXPECT_EQ(value_of("sqrt(16)"), "4.0");
  EXPECT_EQ(value_of("ln(exp(1.0))"), "1.0");
  EXPECT_EQ(value_of("log10(1000)"), "3.0");
  EXPECT_EQ(value_of("LOG2(8)"), "3.0");
  EXPECT_EQ(value_of("pow(2, 10)"), "1024.0");
  EXPECT_EQ(value_of("sin(0) + cos(0) + tan(0)"), "1.0");
  EXPECT_EQ(value_of("least(3, i, j)"), "-2");
  EXPECT_EQ(value_of("greatest(3, f)"), "3.0");
  EXPECT_EQ(value_of("greatest('a', s, 'b')"), "b");
}

TEST(Expression, functions_of_text_count_code_points) {
  EXPECT_EQ(value_of("length(s)"), "13");
  EXPECT_EQ(value_of("upper(s)"), "KöLN AM RHEIN");
  EXPECT_EQ(value_of("lower('ÄB')"), "Äb");
  EXPECT_EQ(value_of("trim('  a b\t')"), "a b");
  EXPECT_EQ(value_of("substr(s, 2, 3)"), "öln");
  EXPECT_EQ(value_of("substr(s, 9)"), "Rhein");
  EXPECT_EQ(value_of("substr('abc', 0, 2)"), "a");
  EXPECT_EQ(value_of("substr('abc', -9223372036854775808, 9223372036854775807)"), "");
  EXPECT_EQ(value_of("substr('abc', 2, 9223372036854775807)"), "bc");
  EXPECT_EQ(value_of("substr('abc', 9)"), "");
  EXPECT_EQ(value_of("s || '!' || string(i)"), "Köln am Rhein!7");
  EXPECT_EQ(value_of("contains(s, 'am') and starts_with(s, 'Kö') and ends_with(s, 'n')"), "true");
  EXPECT_EQ(value_of("contains(s, '')"), "true");
  EXPECT_EQ(value_of("replace(s, 'n', 'NN')"), "KölNN am RheiNN");
  EXPECT_EQ(value_of("replace(s, '', 'x')"), "Köln am Rhein");
  EXPECT_EQ(value_of("trim(upper(' a')) || trim(lower(' B'))"), "Ab");
}

TEST(Expression, like_knows_percent_and_underscore) {
  const std::vector<std::pair<const char*, bool>> patterns{
      {"Köln am Rhein", true},
      {"K%", true},
      {"%Rhein", true},
      {"%am%", true},
      {"K_ln%", true},
      {"K__ln%", false},
      {"%", true},
      {"", false},
      {"k%", false},
      {"%R_ein", true},
      {"_%_", true},
      {"%a%h%n", true},
      {"K%K%", false},
      {"%n%n", true},
      {"%n%n%n", false},
      {"_____________", true},
      {"______________", false},
      {"%öln am%_n", true},
      {"%%am%%", true},
      {"%z%", false},
  };
  for (const auto& [pattern, expected] : patterns)
    EXPECT_EQ(value_of(std::string("s like '") + pattern + "'"), expected ? "true" : "false")
        << pattern;
  EXPECT_EQ(value_of("'50%' like '50\\%'"), "true");
  EXPECT_EQ(value_of("'500' like '50\\%'"), "false");
  EXPECT_EQ(value_of("'a_b' like 'a\\_%'"), "true");
  EXPECT_EQ(value_of("'axb' like 'a\\_%'"), "false");
}

TEST(Expression, dates_and_datetimes) {
  EXPECT_EQ(value_of("d = '2024-03-05'"), "true");
  EXPECT_EQ(value_of("'2024-03-04' < d"), "true");
  EXPECT_EQ(value_of("d < '2024-03-05 00:01'"), "true");
  EXPECT_EQ(value_of("t > '2024-03-05'"), "true");
  EXPECT_EQ(value_of("d in ('2024-03-05', '2024-03-06')"), "true");
  EXPECT_EQ(value_of("d between '2024-03-01' and '2024-03-31'"), "true");
  EXPECT_EQ(value_of("t > d"), "true");
  EXPECT_EQ(value_of("d - date '2024-02-28'"), "6");
  EXPECT_EQ(value_of("d - '2024-02-28'"), "6");
  EXPECT_EQ(value_of("d + 27"), "2024-04-01");
  EXPECT_EQ(value_of("1 + d"), "2024-03-06");
  EXPECT_EQ(value_of("d - 5"), "2024-02-29");
  EXPECT_EQ(value_of("t - d"), "43200.0");
  EXPECT_EQ(value_of("t + 90"), "2024-03-05 12:01:30");
  EXPECT_EQ(value_of("t - 0.25"), "2024-03-05 11:59:59.75");
  EXPECT_EQ(value_of("t + nan"), "null");
  EXPECT_EQ(value_of("year(d) * 100 + month(d)"), "202403");
  EXPECT_EQ(value_of("day(t)"), "5");
  EXPECT_EQ(value_of("weekday(d)"), "2");
  EXPECT_EQ(value_of("weekday(date '1969-12-29')"), "1");
  EXPECT_EQ(value_of("hour(t) + minute(t) + second(t)"), "12");
  EXPECT_EQ(value_of("hour(datetime '1969-12-31 23:59:58')"), "23");
  EXPECT_EQ(value_of("second(datetime '1969-12-31 23:59:58.5')"), "58");
  EXPECT_EQ(value_of("date(t)"), "2024-03-05");
  EXPECT_EQ(value_of("date(datetime '1969-12-31 23:00')"), "1969-12-31");
  EXPECT_EQ(value_of("datetime(d)"), "2024-03-05 00:00:00");
  EXPECT_EQ(value_of("coalesce(t, d)"), "2024-03-05 12:00:00");
}

TEST(Expression, bins_begin_at_their_lower_edge) {
  EXPECT_EQ(value_of("bin(i, 5)"), "5");
  EXPECT_EQ(value_of("bin(-i, 5)"), "-10");
  EXPECT_EQ(value_of("bin(i, 2.5)"), "5.0");
  // Multiples of the decimal number that is written, not of the double beside it.
  EXPECT_EQ(value_of("bin(0.3, 0.1)"), "0.3");
  EXPECT_EQ(value_of("bin(0.7, 0.1)"), "0.7");
  EXPECT_EQ(value_of("bin(0.29999999999999993, 0.1)"), "0.2");
  EXPECT_EQ(value_of("bin(-0.3, 0.1)"), "-0.3");
  EXPECT_EQ(value_of("bin(-0.31, 0.1)"), "-0.4");
  EXPECT_EQ(value_of("bin(1.005, 0.005)"), "1.005");
  EXPECT_EQ(value_of("bin(-0.0, 1.0)"), "0.0");
  EXPECT_EQ(value_of("bin(1e300, 0.1)"), "1e+300");
  EXPECT_EQ(value_of("bin(1e999, 3)"), "inf");
  EXPECT_EQ(value_of("bin(nan, 3)"), "nan");
  EXPECT_EQ(value_of("bin(null, 3)"), "null");
  EXPECT_EQ(value_of("bin(i, i - 7)"), "null");
  EXPECT_EQ(value_of("bin(f, f - f)"), "null");
  EXPECT_THAT(error_of("bin(i, 0)"), HasSubstr("more than 0 @7"));
  EXPECT_THAT(error_of("bin(f, -0.5)"), HasSubstr("more than 0 @7"));
}

TEST(Expression, every_multiple_of_a_decimal_width_is_its_own_bin) {
  for (const int digits : {1, 2, 3})
    for (int n = -2000; n <= 2000; n += 7) {
      const std::string width = "1e-" + std::to_string(digits);
      const std::string edge = std::to_string(n) + "e-" + std::to_string(digits);
      EXPECT_EQ(value_of("bin(" + edge + ", " + width + ") = " + edge), "true") << edge;
    }
}

TEST(Expression, bins_of_time_have_units) {
  EXPECT_EQ(value_of("bin(d, 'year')"), "2024-01-01");
  EXPECT_EQ(value_of("bin(d, 'quarter')"), "2024-01-01");
  EXPECT_EQ(value_of("bin(d, 'month')"), "2024-03-01");
  EXPECT_EQ(value_of("bin(d, 'week')"), "2024-03-04");
  EXPECT_EQ(value_of("bin(d, '10 years')"), "2020-01-01");
  EXPECT_EQ(value_of("bin(d, '2 months')"), "2024-03-01");
  EXPECT_EQ(value_of("bin(date '1969-12-31', 'week')"), "1969-12-29");
  EXPECT_EQ(value_of("bin(date '1969-12-31', '2 days')"), "1969-12-30");
  EXPECT_EQ(value_of("bin(t + 3599, 'hour')"), "2024-03-05 12:00:00");
  EXPECT_EQ(value_of("bin(t + 2699, '15 minutes')"), "2024-03-05 12:30:00");
  EXPECT_EQ(value_of("bin(t, 'day')"), "2024-03-05 00:00:00");
  EXPECT_EQ(value_of("bin(t, 'month')"), "2024-03-01 00:00:00");
  EXPECT_EQ(value_of("bin(datetime '1969-12-31 23:59:59.5', 'second')"), "1969-12-31 23:59:59");
  EXPECT_THAT(error_of("bin(d, 7)"), HasSubstr("bin(x, 'month')"));
  EXPECT_THAT(error_of("bin(i, 'month')"), HasSubstr("a width: bin(x, 10)"));
  EXPECT_THAT(error_of("bin(s, 'month')"), HasSubstr("datetime(s)"));
  EXPECT_THAT(error_of("bin(d, 'fortnight')"), HasSubstr("@7"));
  EXPECT_THAT(error_of("bin(d, '0 days')"), HasSubstr("@7"));
  EXPECT_THAT(error_of("bin(d, 'hour')"), HasSubstr("no time of the day"));
}

TEST(Expression, casts_give_null_where_a_text_is_none) {
  EXPECT_EQ(value_of("int('12') + int(' 3 ')"), "15");
  EXPECT_EQ(value_of("int('1.5')"), "null");
  EXPECT_EQ(value_of("int(s)"), "null");
  EXPECT_EQ(value_of("int(-f)"), "-2");
  EXPECT_EQ(value_of("int(1e19)"), "null");
  EXPECT_EQ(value_of("int(b)"), "1");
  EXPECT_EQ(value_of("float('1e3')"), "1000.0");
  EXPECT_EQ(value_of("float(b)"), "1.0");
  EXPECT_EQ(value_of("string(i) || string(f) || string(b) || string(d)"), "72.5true2024-03-05");
  EXPECT_EQ(value_of("string(t)"), "2024-03-05 12:00:00");
  EXPECT_EQ(value_of("date('2024-02-29') = date '2024-02-29'"), "true");
  EXPECT_EQ(value_of("date(s)"), "null");
  EXPECT_EQ(value_of("bool('true') and bool(i) and not bool(0.0)"), "true");
  EXPECT_EQ(value_of("bool(s)"), "null");
}

TEST(Expression, errors_of_grammar_point_at_the_character) {
  EXPECT_EQ(error_of("i +"), "a value was expected, not the end @3");
  EXPECT_EQ(error_of(""), "a value was expected, not the end @0");
  EXPECT_EQ(error_of("i i"), "an operator or the end was expected, not i @2");
  EXPECT_EQ(error_of("(i"), ") was expected, not the end @2");
  EXPECT_EQ(error_of("i > 'abc"), "this ' is never closed @4");
  EXPECT_EQ(error_of("i # 3"), "there is no operator # @2");
  EXPECT_EQ(error_of("b && b"), "there is no operator &; this is written: and @2");
  EXPECT_THAT(error_of("i > 12x"), HasSubstr("12x is no number"));
  EXPECT_THAT(error_of("i > 9223372036854775808"), HasSubstr("does not fit 64 bits"));
  EXPECT_THAT(error_of("i > 99999999999999999999"), HasSubstr("@4"));
  EXPECT_EQ(error_of("i between 1 or 2"), "and was expected (x between a and b), not or @12");
  EXPECT_EQ(error_of("i is 3"), "null was expected (x is null, x is not null), not 3 @5");
  EXPECT_EQ(error_of("i not 3"), "in, between or like was expected, not 3 @6");
  EXPECT_EQ(error_of("i in 3"), "( was expected, not 3 @5");
  EXPECT_EQ(error_of("and"),
            "a value was expected (a column of this name goes in \"double quotes\"), not and @0");
}

TEST(Expression, errors_of_names_offer_the_nearest) {
  EXPECT_EQ(error_of("1 + I"), "there is no column I; did you mean i? @4");
  EXPECT_THAT(error_of("grösse > 1"), HasSubstr("did you mean größe?"));
  EXPECT_EQ(error_of("lenght(s)"), "there is no function lenght(); did you mean length? @0");
  EXPECT_EQ(error_of("i + mean(i)"), "mean() is of groups, not of rows; it belongs in --agg @4");
  EXPECT_THAT(error_of("i > 3 and COUNT > 5"), HasSubstr("it belongs in --agg @10"));
  EXPECT_THAT(error_of("p95(i) > 3"), HasSubstr("it belongs in --agg @0"));
  EXPECT_THAT(error_of("max(i, 3)"), HasSubstr("greatest()"));
  EXPECT_THAT(error_of("s = \"Köln\""), HasSubstr("text is written in 'single quotes'"));
}

TEST(Expression, errors_of_types_name_both) {
  EXPECT_EQ(error_of("s > 5"), "> compares string with int @2");
  EXPECT_EQ(error_of("i = 5 and d > 7"), "> compares date with int @12");
  EXPECT_THAT(error_of("s + 1"), HasSubstr("not string and int @2"));
  EXPECT_EQ(error_of("i and b"), "and takes bool and bool, not int and bool @2");
  EXPECT_EQ(error_of("sqrt(s)"), "sqrt() takes float, not string @0");
  EXPECT_EQ(error_of("substr(s)"), "substr() takes 2 or 3 arguments, not 1 @0");
  EXPECT_EQ(error_of("sqrt()"), "sqrt() takes 1 argument, not 0 @0");
  EXPECT_EQ(error_of("i in (1, 'a')"), "in compares int with string @9");
  EXPECT_EQ(error_of("i like 'a'"), "like matches text, not int; string(x) makes it text @2");
  EXPECT_EQ(error_of("s like s"), "after like comes a pattern in quotes: like 'abc%' @7");
  EXPECT_THAT(error_of("d = 'yesterday'"), HasSubstr("@4"));
  EXPECT_THAT(error_of("date '2024-02-30'"), HasSubstr("@5"));
  EXPECT_EQ(error_of("if(b, 1, 'a')"),
            "if() takes bool and any and any (of one type), not bool and int and string @0");
}

TEST(Expression, depth_is_bounded) {
  const std::string open(100000, '(');
  EXPECT_THAT(error_of(open), HasSubstr("more than 200 parentheses within one another @200"));
  std::string chain = "1", minus, nots;
  for (int i = 0; i < 100000; ++i) {
    chain += "+1";
    minus += "- ";
    nots += "not ";
  }
  EXPECT_THAT(error_of(chain), HasSubstr("more than 500 operators"));
  EXPECT_THAT(error_of(minus + "1"), HasSubstr("more than 500 operators"));
  EXPECT_THAT(error_of(nots + "true"), HasSubstr("more than 500 operators"));
  std::string in = "i in (0";
  for (int i = 10; i < 100000; ++i) in += "," + std::to_string(i);
  EXPECT_EQ(value_of(in + ")"), "false");
  EXPECT_EQ(value_of(in + ", 7)"), "true");
  std::string right, all = "i";
  for (int i = 0; i < 200; ++i) right += "(1 + ";
  for (int i = 0; i < 500; ++i) all += " + i";
  EXPECT_EQ(value_of(right + "i" + std::string(200, ')')), "207");
  EXPECT_EQ(value_of(all), "3507");
  EXPECT_EQ(value_of("(" + std::string(500, '-') + "i)"), "7");
}

TEST(Expression, lists_have_names) {
  const auto items = parse_list("a, b + 1 as c,-count , count(*), quantile(x, 0.9) as \"a b\"");
  ASSERT_EQ(items.size(), 5u);
  EXPECT_EQ(items[0].name, "a");
  EXPECT_FALSE(items[0].named);
  EXPECT_EQ(items[1].name, "c");
  EXPECT_TRUE(items[1].named);
  EXPECT_EQ(items[2].name, "-count");
  EXPECT_EQ(items[2].node->name, "-");
  EXPECT_EQ(items[3].name, "count(*)");
  EXPECT_EQ(items[3].node->arguments.at(0)->name, "*");
  EXPECT_EQ(items[4].name, "a b");
  EXPECT_THROW(parse_list("a,"), QueryError);
  EXPECT_THROW(parse_list("a as 3"), QueryError);
}

TEST(Expression, trees_can_be_written_again) {
  for (const char* text :
       {"a + b * (c - d) - e", "not a and (b or c)", "a - (b - c)", "-a * (-(b + c))",
        "x not in (1, 2) and y between 1 and 2", "\"odd name\" is not null",
        "length('it''s') > 2.5", "(a = b) = (c = d)", "s not like 'a%' || 'b'", "1e+300 + 2.0",
        "if(a, count(*), null)", "not (a is null)", "-9223372036854775808"}) {
    const auto tree = parse_expression(text);
    const std::string once = to_string(*tree);
    EXPECT_EQ(to_string(*parse_expression(once)), once) << text;
  }
  EXPECT_EQ(to_string(*parse_expression("((a)+(b*c))==-(d)")), "a + b * c = -d");
  EXPECT_EQ(to_string(*parse_expression("a-(b-c)")), "a - (b - c)");
}

// ---- beside numpy and pandas

constexpr const char* beside_peers[] = {
    "i + j",
    "i - j * 3",
    "-i",
    "abs(i)",
    "i // j",
    "i % j",
    "i / j",
    "ni + i",
    "ni > i",
    "ni > 0 and i > 0",
    "ni > 0 or i > 0",
    "not (ni > 0)",
    "coalesce(ni, 7)",
    "ni is null",
    "f + g * 2",
    "f - i",
    "f / g",
    "f // g",
    "f % g",
    "f > g",
    "f <= 0.25",
    "f != g",
    "f = f",
    "is_nan(f)",
    "floor(f)",
    "ceil(f)",
    "round(f)",
    "round(f, 2)",
    "bin(i, 5)",
    "bin(f, 0.5)",
    "bin(d, 'month')",
    "bin(d, 'week')",
    "bin(t, 'quarter')",
    "bin(t, '6 hours')",
    "is_finite(f)",
    "round(f, -1)",
    "sign(f)",
    "sqrt(f)",
    "exp(g)",
    "ln(f)",
    "log10(f)",
    "log2(f)",
    "pow(f, 3)",
    "sin(f)",
    "least(f, g)",
    "greatest(f, g)",
    "if(f > g, i, j)",
    "i between -10 and 10",
    "i in (1, 2, 3, 5)",
    "year(d) * 10000 + month(d) * 100 + day(d)",
    "weekday(d)",
    "year(t)",
    "hour(t) * 10000 + minute(t) * 100 + second(t)",
    "d < '2000-01-01'",
    "t >= d",
    "length(s)",
    "length(upper(s) || lower(s))",
    "s like '%a%b%'",
    "s like '_b%'",
    "contains(s, 'ü')",
    "s > 'b'",
    "length(replace(s, 'a', 'xyz'))",
    "substr(s, 2, 3) = 'abü'",
};

/// Columns of all types with odd values, over several batches.
Columnar random_table(std::size_t rows) {
  std::mt19937_64 random(rows);
  std::vector<std::int64_t> i, j, days, times;
  std::vector<double> f, g;
  std::vector<std::string> s;
  std::vector<std::uint8_t> nulls;
  const double odd[] = {0.0, -0.0, nan_value, infinite, -infinite, 5e-324, 0.5, -2.5};
  const std::string letters[] = {"a", "b", "c", "A", "ü", " "};
  for (std::size_t row = 0; row < rows; ++row) {
    const auto number = [&] {
      return random() % 16 == 0 ? odd[random() % std::size(odd)]
                                : static_cast<double>(random()) * 0x1p-58 - 30;
    };
    i.push_back(static_cast<std::int64_t>(random() % 41) - 20);
    j.push_back(static_cast<std::int64_t>(random() % 7) - 3);
    days.push_back(static_cast<std::int64_t>(random() % 100000) - 50000);
    times.push_back(static_cast<std::int64_t>(random() % 8000000000000000) - 4000000000000000);
    f.push_back(number());
    g.push_back(number());
    nulls.push_back(random() % 3 == 0);
    std::string& text = s.emplace_back();
    for (auto n = random() % 6; n > 0; --n) text += letters[random() % std::size(letters)];
  }
  Columnar table;
  table.add("i", i);
  table.add("j", j);
  table.add("ni", j, nulls);
  table.add("f", f);
  table.add("g", g);
  table.add("d", Type::date, days);
  table.add("t", Type::datetime, times);
  table.add("s", s);
  return table;
}

TEST(Expression, each_row_is_computed_as_if_it_were_alone) {
  for (const std::size_t rows : {0, 1, 2, 63, 2047, 2048, 2049})
    for (const char* expression : beside_peers) {
      const Columnar table = random_table(rows);
      std::vector<std::string> together, alone;
      tine_test::evaluate_batches(table, expression,
                                  [&](const Vector& values, std::size_t, std::size_t n) {
                                    for (std::size_t i = 0; i < n; ++i)
                                      together.push_back(tine_test::text_of(values, i));
                                  });
      tine_test::evaluate_batches(
          table, expression,
          [&](const Vector& values, std::size_t, std::size_t) {
            alone.push_back(tine_test::text_of(values, 0));
          },
          1);
      ASSERT_EQ(together, alone) << expression;
    }
}

TEST(Expression, a_damaged_program_does_no_more_than_throw) {
  const Columnar table = random_table(100);
  for (const std::string clause :
       {"i + ni * 3 > 5 and s like 'a%' or d < '2024-01-01'",
        "if(f > 0, upper(s) || 'x', replace(string(f), '1', 'x'))",
        "bin(i, 5) > bin(f, 0.1) and bin(d, 'month') < bin(t, '2 hours')",
        "i in (1, 3) or s in ('a', 'b') or f in (1.5)"}) {
    Columns columns(table.schema());
    const Program program = compile(*parse_expression(clause), clause, columns);
    std::vector<Vector> vectors;
    for (const std::size_t column : columns.used()) vectors.push_back(table.from(column, 0));
    std::size_t thrown = 0;
    for (std::size_t at = 0; at < program.bytes.size(); ++at)
      for (const int value : {0, 1, 2, 5, 7, 64, 127, 128, 255}) {
        std::vector<std::byte> damaged = program.bytes;
        damaged[at] = static_cast<std::byte>(value);
        try {
          Evaluator evaluator(damaged);
          evaluator({table.rows(), vectors});
        } catch (const Error&) {
          ++thrown;
        }
      }
    EXPECT_GT(thrown, program.bytes.size());
    for (std::size_t size = 0; size < program.bytes.size(); ++size)
      EXPECT_THROW(Evaluator(std::span(program.bytes).first(size)), Error);
  }
}

TEST(Expression, is_what_numpy_and_pandas_say) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tine_expression_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const auto write = [&](const std::string& name, const Vector& values, std::size_t rows) {
    const auto append = [&](const std::string& ending, const void* bytes, std::size_t size) {
      std::ofstream(folder / (name + "." + ending), std::ios::binary | std::ios::app)
          .write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
    };
    std::vector<std::uint8_t> nulls(rows);
    for (std::size_t row = 0; row < rows; ++row) nulls[row] = values.is_null(row);
    append("nulls", nulls.data(), rows);
    const std::string type(to_string(values.type));
    if (values.type != Type::text)
      return append(type, values.values, rows * value_bytes(values.type));
    for (std::size_t row = 0; row < rows; ++row) {
      const std::string line = tine_test::text_of(values, row) + "\n";
      append(type, line.data(), line.size());
    }
  };
  const Columnar table = random_table(5000);
  for (std::size_t c = 0; c < table.schema().size(); ++c)
    write(table.schema()[c].name, table.from(c, 0), table.rows());
  std::ofstream expressions(folder / "expressions");
  for (std::size_t e = 0; e < std::size(beside_peers); ++e) {
    std::string type;
    tine_test::evaluate_batches(table, beside_peers[e],
                                [&](const Vector& values, std::size_t, std::size_t rows) {
                                  type = to_string(values.type);
                                  write(std::to_string(e), values, rows);
                                });
    expressions << e << '\t' << type << '\t' << beside_peers[e] << '\n';
  }
  expressions.close();
  const std::string command = std::string(TINE_PYTHON) + " " + TINE_SCRIPT + " " + folder.string();
  EXPECT_EQ(std::system(command.c_str()), 0)
      << command << "; it needs Debian's python3-numpy and python3-pandas";
  std::filesystem::remove_all(folder);
}

}  // namespace

}  // namespace tine::mining
