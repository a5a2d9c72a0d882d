// Arithmetic, comparisons and logic: plain loops that the compiler turns into the instructions of each
// target. Every value is computed by itself, so that these do not change any bits.
#include "overflow.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "expression/arithmetic.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tine::mining {
namespace HWY_NAMESPACE {

using Int = std::int64_t;
using Word = std::uint64_t;
using Bool = std::uint8_t;

// ---- two arguments, of which one may be constant

template <class F, class R, class A, class B>
void each(const A* HWY_RESTRICT a, const B* HWY_RESTRICT b, R* HWY_RESTRICT r, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) r[i] = F::of(a[i], b[i]);
}
template <class F, class R, class A, class B>
void each(A a, const B* HWY_RESTRICT b, R* HWY_RESTRICT r, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) r[i] = F::of(a, b[i]);
}
template <class F, class R, class A, class B>
void each(const A* HWY_RESTRICT a, B b, R* HWY_RESTRICT r, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) r[i] = F::of(a[i], b);
}
template <class F, class T, class R>
void binary(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  if (x.constant)
    each<F>(*x.as<T>(), y.as<T>(), call.result<R>(), call.rows);
  else if (y.constant)
    each<F>(x.as<T>(), *y.as<T>(), call.result<R>(), call.rows);
  else
    each<F>(x.as<T>(), y.as<T>(), call.result<R>(), call.rows);
}

struct Add {
  static double of(double a, double b) { return a + b; }
};
struct Subtract {
  static double of(double a, double b) { return a - b; }
};
struct Multiply {
  static double of(double a, double b) { return a * b; }
};
struct Divide {
  static double of(double a, double b) { return a / b; }
};
struct Equal {
  template <class T>
  static Bool of(T a, T b) {
    return a == b;
  }
};
struct NotEqual {
  template <class T>
  static Bool of(T a, T b) {
    return a != b;
  }
};
struct Less {
  template <class T>
  static Bool of(T a, T b) {
    return a < b;
  }
};
struct LessOrEqual {
  template <class T>
  static Bool of(T a, T b) {
    return a <= b;
  }
};
struct Greater {
  template <class T>
  static Bool of(T a, T b) {
    return a > b;
  }
};
struct GreaterOrEqual {
  template <class T>
  static Bool of(T a, T b) {
    return a >= b;
  }
};

// ---- integers

// Each has what may overflow seen in passing: `trace` gathers bits, and only where these are suspicious,
// all is computed again, value by value.

struct AddInts {
  static Int of(Int a, Int b, Word& trace) {
    const Word r = static_cast<Word>(a) + static_cast<Word>(b);
    trace |= (static_cast<Word>(a) ^ r) & (static_cast<Word>(b) ^ r);
    return static_cast<Int>(r);
  }
  static bool suspicious(Word trace) { return trace >> 63 != 0; }
  static constexpr auto exact = add_or_throw;
};
struct SubtractInts {
  static Int of(Int a, Int b, Word& trace) {
    const Word r = static_cast<Word>(a) - static_cast<Word>(b);
    trace |= (static_cast<Word>(a) ^ static_cast<Word>(b)) & (static_cast<Word>(a) ^ r);
    return static_cast<Int>(r);
  }
  static bool suspicious(Word trace) { return trace >> 63 != 0; }
  static constexpr auto exact = subtract_or_throw;
};
struct MultiplyInts {
  // Factors of 32 bits do no harm.
  static Int of(Int a, Int b, Word& trace) {
    constexpr Word half = Word{1} << 31;
    trace |= (static_cast<Word>(a) + half) | (static_cast<Word>(b) + half);
    return static_cast<Int>(static_cast<Word>(a) * static_cast<Word>(b));
  }
  static bool suspicious(Word trace) { return trace >> 32 != 0; }
  static constexpr auto exact = multiply_or_throw;
};

template <class F>
Word each_traced(const Int* HWY_RESTRICT a, const Int* HWY_RESTRICT b, Int* HWY_RESTRICT r,
                 std::size_t rows) {
  Word trace = 0;
  for (std::size_t i = 0; i < rows; ++i) r[i] = F::of(a[i], b[i], trace);
  return trace;
}
template <class F>
Word each_traced(Int a, const Int* HWY_RESTRICT b, Int* HWY_RESTRICT r, std::size_t rows) {
  Word trace = 0;
  for (std::size_t i = 0; i < rows; ++i) r[i] = F::of(a, b[i], trace);
  return trace;
}
template <class F>
Word each_traced(const Int* HWY_RESTRICT a, Int b, Int* HWY_RESTRICT r, std::size_t rows) {
  Word trace = 0;
  for (std::size_t i = 0; i < rows; ++i) r[i] = F::of(a[i], b, trace);
  return trace;
}
template <class F>
void integers(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  Int* const r = call.result<Int>();
  const Word trace = x.constant   ? each_traced<F>(*x.as<Int>(), y.as<Int>(), r, call.rows)
                     : y.constant ? each_traced<F>(x.as<Int>(), *y.as<Int>(), r, call.rows)
                                  : each_traced<F>(x.as<Int>(), y.as<Int>(), r, call.rows);
  if (F::suspicious(trace)) F::exact(call);
}

// ---- one argument

void negate_reals(Call& call) {
  const double* HWY_RESTRICT x = call.arguments[0].as<double>();
  double* HWY_RESTRICT r = call.result<double>();
  for (std::size_t i = 0; i < call.rows; ++i) r[i] = -x[i];
}
void to_real(Call& call) {
  const Int* HWY_RESTRICT x = call.arguments[0].as<Int>();
  double* HWY_RESTRICT r = call.result<double>();
  for (std::size_t i = 0; i < call.rows; ++i) r[i] = static_cast<double>(x[i]);
}
void logical_not(Call& call) {
  const std::size_t rows = call.rows;  // which bytes cannot be thought to overwrite
  const Bool* HWY_RESTRICT x = call.arguments[0].as<Bool>();
  Bool* HWY_RESTRICT r = call.result<Bool>();
  for (std::size_t i = 0; i < rows; ++i) r[i] = x[i] ^ 1;
}

// ---- logic of three values

/// What decides: false for `and`, true for `or`, whatever the other side is.
template <Bool decisive>
void decide(const Bool* HWY_RESTRICT a, const Bool* HWY_RESTRICT b, Bool* HWY_RESTRICT r,
            std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) r[i] = decisive ? a[i] | b[i] : a[i] & b[i];
}
template <Bool decisive>
void decide_nulls(const Bool* HWY_RESTRICT a, const Bool* HWY_RESTRICT a_null,
                  const Bool* HWY_RESTRICT b, const Bool* HWY_RESTRICT b_null, Bool* HWY_RESTRICT r,
                  Bool* HWY_RESTRICT r_null, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) {
    const auto known_a = static_cast<Bool>(a_null[i] ^ 1),
               known_b = static_cast<Bool>(b_null[i] ^ 1);
    const auto decided =
        static_cast<Bool>((known_a & (a[i] ^ decisive ^ 1)) | (known_b & (b[i] ^ decisive ^ 1)));
    r_null[i] = static_cast<Bool>(((known_a & known_b) ^ 1) & (decided ^ 1));
    r[i] = static_cast<Bool>(decided ^ decisive ^ 1);
  }
}
/// Booleans of an argument, one a row.
struct Spread {
  explicit Spread(const Argument& x, std::size_t rows) {
    values = x.constant ? spread(value_room, *x.as<Bool>(), rows) : x.as<Bool>();
    nulls = x.constant || x.nulls == nullptr ? spread(null_room, x.is_null(0), rows) : x.nulls;
  }
  const Bool *values, *nulls;

 private:
  static const Bool* spread(Bool* room, Bool value, std::size_t rows) {
    std::memset(room, value, rows);
    return room;
  }
  Bool value_room[batch_rows], null_room[batch_rows];
};
template <Bool decisive>
void logic(Call& call) {
  const Argument &x = call.arguments[0], &y = call.arguments[1];
  Bool* const r = call.result<Bool>();
  if (x.nulls == nullptr && y.nulls == nullptr && !x.constant && !y.constant)
    return decide<decisive>(x.as<Bool>(), y.as<Bool>(), r, call.rows);
  const Spread a(x, call.rows), b(y, call.rows);
  decide_nulls<decisive>(a.values, a.nulls, b.values, b.nulls, r, call.null_room, call.rows);
  call.nulls = call.null_room;
}

std::span<const Operation> all_operations() {
  // Dates and datetimes are integers where they are compared.
  static constexpr Operation all[] = {
      {"+", "ii", 'i', integers<AddInts>},
      {"+", "ff", 'f', binary<Add, double, double>},
      {"-", "ii", 'i', integers<SubtractInts>},
      {"-", "ff", 'f', binary<Subtract, double, double>},
      {"-", "dd", 'i', integers<SubtractInts>},
      {"-", "f", 'f', negate_reals},
      {"*", "ii", 'i', integers<MultiplyInts>},
      {"*", "ff", 'f', binary<Multiply, double, double>},
      {"/", "ff", 'f', binary<Divide, double, double>},
      {"=", "ii", 'b', binary<Equal, Int, Bool>},
      {"=", "ff", 'b', binary<Equal, double, Bool>},
      {"=", "bb", 'b', binary<Equal, Bool, Bool>},
      {"=", "dd", 'b', binary<Equal, Int, Bool>},
      {"=", "tt", 'b', binary<Equal, Int, Bool>},
      {"!=", "ii", 'b', binary<NotEqual, Int, Bool>},
      {"!=", "ff", 'b', binary<NotEqual, double, Bool>},
      {"!=", "bb", 'b', binary<NotEqual, Bool, Bool>},
      {"!=", "dd", 'b', binary<NotEqual, Int, Bool>},
      {"!=", "tt", 'b', binary<NotEqual, Int, Bool>},
      {"<", "ii", 'b', binary<Less, Int, Bool>},
      {"<", "ff", 'b', binary<Less, double, Bool>},
      {"<", "bb", 'b', binary<Less, Bool, Bool>},
      {"<", "dd", 'b', binary<Less, Int, Bool>},
      {"<", "tt", 'b', binary<Less, Int, Bool>},
      {"<=", "ii", 'b', binary<LessOrEqual, Int, Bool>},
      {"<=", "ff", 'b', binary<LessOrEqual, double, Bool>},
      {"<=", "bb", 'b', binary<LessOrEqual, Bool, Bool>},
      {"<=", "dd", 'b', binary<LessOrEqual, Int, Bool>},
      {"<=", "tt", 'b', binary<LessOrEqual, Int, Bool>},
      {">", "ii", 'b', binary<Greater, Int, Bool>},
      {">", "ff", 'b', binary<Greater, double, Bool>},
      {">", "bb", 'b', binary<Greater, Bool, Bool>},
      {">", "dd", 'b', binary<Greater, Int, Bool>},
      {">", "tt", 'b', binary<Greater, Int, Bool>},
      {">=", "ii", 'b', binary<GreaterOrEqual, Int, Bool>},
      {">=", "ff", 'b', binary<GreaterOrEqual, double, Bool>},
      {">=", "bb", 'b', binary<GreaterOrEqual, Bool, Bool>},
      {">=", "dd", 'b', binary<GreaterOrEqual, Int, Bool>},
      {">=", "tt", 'b', binary<GreaterOrEqual, Int, Bool>},
      {"not", "b", 'b', logical_not},
      {"and", "bb", 'b', logic<0>, false},
      {"or", "bb", 'b', logic<1>, false},
      {"float", "i", 'f', to_real},
  };
  return all;
}

}  // namespace HWY_NAMESPACE
}  // namespace tine::mining
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace tine::mining {

HWY_EXPORT(all_operations);

std::span<const Operation> arithmetic_operations() {
  return HWY_DYNAMIC_DISPATCH(all_operations)();
}

}  // namespace tine::mining

#endif  // HWY_ONCE
