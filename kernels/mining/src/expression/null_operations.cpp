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

/// For each row, 1 where the first of two values is to be taken.
struct Choice {
  Bool first[batch_rows];
};

template <class T>
void choose(Call& call, const Argument& yes, const Argument& no, const Choice& choice) {
  T* __restrict r = call.result<T>();
  const Bool* __restrict first = choice.first;
  const T* __restrict a = yes.as<T>(), * __restrict b = no.as<T>();
  const std::size_t rows = call.rows, step_a = yes.constant ? 0 : 1, step_b = no.constant ? 0 : 1;
  // Both are read, so that nothing has to be predicted.
  for (std::size_t i = 0; i < rows; ++i) {
    const T x = a[i * step_a], y = b[i * step_b];
    r[i] = first[i] != 0 ? x : y;
  }
}
void choose_any(Call& call, const Argument& yes, const Argument& no, const Choice& choice) {
  switch (value_bytes(call.type)) {
    case sizeof(Bool):
      choose<Bool>(call, yes, no, choice);
      break;
    case sizeof(std::string_view):
      choose<std::string_view>(call, yes, no, choice);
      break;
    default:
      choose<std::int64_t>(call, yes, no, choice);
  }
  if (yes.nulls == nullptr && no.nulls == nullptr) return;
  for (std::size_t i = 0; i < call.rows; ++i)
    call.null_room[i] = choice.first[i] != 0 ? yes.is_null(i) : no.is_null(i);
  call.nulls = call.null_room;
}

Bool is_true(const Argument& condition, std::size_t row) {
  return !condition.is_null(row) && condition.at<Bool>(row) != 0;
}

void if_else(Call& call) {
  Choice choice;
  for (std::size_t i = 0; i < call.rows; ++i) choice.first[i] = is_true(call.arguments[0], i);
  choose_any(call, call.arguments[1], call.arguments[2], choice);
}
void coalesce(Call& call) {
  const Argument& x = call.arguments[0];
  Choice choice;
  for (std::size_t i = 0; i < call.rows; ++i) choice.first[i] = !x.is_null(i);
  choose_any(call, x, call.arguments[1], choice);
}
/// Null where the condition is true.
void null_if(Call& call) {
  const Argument &x = call.arguments[0], &condition = call.arguments[1];
  Choice choice;
  std::memset(choice.first, 1, sizeof choice.first);
  choose_any(call, x, x, choice);
  Bool* const nulls = call.own_nulls();
  for (std::size_t i = 0; i < call.rows; ++i)
    if (is_true(condition, i)) nulls[i] = 1;
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
