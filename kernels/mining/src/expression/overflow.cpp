#include "overflow.hpp"

#include <tine/error.hpp>

namespace tine::mining {

namespace {

template <class F>
void each_checked(Call& call, F overflows) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  for (std::size_t i = 0; i < call.rows; ++i) {
    const auto a = x.at<std::int64_t>(i), b = y.at<std::int64_t>(i);
    if (overflows(a, b, call.result<std::int64_t>() + i) && !call.is_null(i))
      throw_overflow(call.name, a, b);
  }
}

}  // namespace

void throw_overflow(std::string_view name, std::int64_t a, std::int64_t b) {
  throw Error(std::to_string(a) + " " + std::string(name) + " " + std::to_string(b) +
              " overflows 64-bit integers; float(x) instead of x computes with floats");
}

void add_or_throw(Call& call) {
  each_checked(call, [](std::int64_t a, std::int64_t b, std::int64_t* r) {
    return __builtin_add_overflow(a, b, r);
  });
}
void subtract_or_throw(Call& call) {
  each_checked(call, [](std::int64_t a, std::int64_t b, std::int64_t* r) {
    return __builtin_sub_overflow(a, b, r);
  });
}
void multiply_or_throw(Call& call) {
  each_checked(call, [](std::int64_t a, std::int64_t b, std::int64_t* r) {
    return __builtin_mul_overflow(a, b, r);
  });
}

}  // namespace tine::mining
