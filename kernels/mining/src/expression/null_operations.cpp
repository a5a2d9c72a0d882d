// What looks at missing values, or chooses among values.
#include <cstring>

#include "operation.hpp"

namespace tine::mining {

namespace {

using Bool = std::uint8_t;

void is_null(Call& call) {
  const Argument& x = call.arguments[0];
  if (x.nulls == nullptr)
    std::memset(call.values, 0, call.rows);
  else
    std::memcpy(call.values, x.nulls, call.rows);
}

/// The row's value of one of two arguments, and whether that is null.
template <class T, class Choose>
void choose(Call& call, const Argument& yes, const Argument& no, Choose chosen) {
  T* const r = call.result<T>();
  for (std::size_t i = 0; i < call.rows; ++i) r[i] = chosen(i) ? yes.at<T>(i) : no.at<T>(i);
  if (yes.nulls == nullptr && no.nulls == nullptr) return;
  for (std::size_t i = 0; i < call.rows; ++i)
    call.null_room[i] = chosen(i) ? yes.is_null(i) : no.is_null(i);
  call.nulls = call.null_room;
}
template <class Choose>
void choose_any(Call& call, const Argument& yes, const Argument& no, Choose chosen) {
  switch (value_bytes(call.type)) {
    case sizeof(Bool):
      return choose<Bool>(call, yes, no, chosen);
    case sizeof(std::string_view):
      return choose<std::string_view>(call, yes, no, chosen);
    default:
      return choose<std::int64_t>(call, yes, no, chosen);
  }
}

void if_else(Call& call) {
  const Argument& condition = call.arguments[0];
  choose_any(call, call.arguments[1], call.arguments[2],
             [&](std::size_t i) { return !condition.is_null(i) && condition.at<Bool>(i) != 0; });
}
void coalesce(Call& call) {
  const Argument& x = call.arguments[0];
  choose_any(call, x, call.arguments[1], [&](std::size_t i) { return !x.is_null(i); });
}
/// Null where the condition is true.
void null_if(Call& call) {
  const Argument &x = call.arguments[0], &condition = call.arguments[1];
  choose_any(call, x, x, [](std::size_t) { return true; });
  Bool* const nulls = call.own_nulls();
  for (std::size_t i = 0; i < call.rows; ++i)
    if (!condition.is_null(i) && condition.at<Bool>(i) != 0) nulls[i] = 1;
}

constexpr Operation all[] = {
    {"is null", "?", 'b', is_null, false},
    {"if", "b??", '?', if_else, false},
    {"coalesce", "??", '?', coalesce, false},
    {"nullif", "?b", '?', null_if, false},
};

}  // namespace

std::span<const Operation> null_operations() {
  return all;
}

}  // namespace tine::mining
