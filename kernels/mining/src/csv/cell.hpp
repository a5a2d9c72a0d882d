// Text of cells to values, and which type a cell is of.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tine/mining/type.hpp>

namespace tine::mining {

/// The least type that values are of; none where nothing was seen but missing values.
using FoundType = std::optional<Type>;

/// The least type for values of both: int < float, date < datetime, all others are text together.
FoundType join(FoundType a, FoundType b);

// Each takes all of the text, or says false. Blanks around it must be gone.

/// true, True, TRUE, false, False, FALSE
bool parse_boolean(std::string_view text, std::uint8_t& value);
/// Decimal digits, perhaps with a sign; false also for what does not fit.
bool parse_integer(std::string_view text, std::int64_t& value);
/// What from_chars takes, with a plus, too; inf and nan. What is too large is infinite.
bool parse_real(std::string_view text, double& value);
/// 2024-03-05 or 2024/03/05, as days since 1970-01-01.
bool parse_date(std::string_view text, std::int64_t& value);
/// A date, perhaps with a time behind a blank or T: 12:34, 12:34:56, 12:34:56.789 (what is less than a
/// microsecond is cut off), and then perhaps with Z, +02, +0200 or +02:00. Microseconds since 1970.
bool parse_datetime(std::string_view text, std::int64_t& value);

std::string_view trimmed(std::string_view text);

/// A cell as it stands in the file.
struct Cell {
  std::string_view text;  // without quotes around it; within, "" still stands for "
  bool quoted = false;
  bool doubled = false;  // has quotes in it that stand for others, or text behind the last one
};
Cell cell_of(std::string_view raw);
/// The text of a cell with doubled quotes, as it is meant. It is never longer than the raw one.
std::string unquoted(std::string_view raw);

/// Whether a cell is missing in columns that are not text: it is empty, or one of these words.
bool is_missing(std::string_view trimmed_text, std::span<const std::string> words);
/// The least type of a cell. `text` is what it means, `words` stand for missing values.
FoundType type_of(std::string_view text, std::span<const std::string> words);

}  // namespace tine::mining
