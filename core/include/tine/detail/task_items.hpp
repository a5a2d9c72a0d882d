/// @file
/// How callable and arguments of a task become bytes, and what may be among them.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tine/detail/captured_words.hpp>
#include <tine/detail/item_archive.hpp>
#include <tine/detail/task_core.hpp>

namespace tine::detail {

/// As what an argument travels: a copy of the value; text always as a std::string.
template <class A>
using TaskArgument =
    std::conditional_t<std::is_same_v<std::decay_t<A>, const char*> ||
                           std::is_same_v<std::decay_t<A>, char*> ||
                           std::is_same_v<std::remove_cvref_t<A>, std::string_view>,
                       std::string, std::decay_t<A>>;

template <class A>
decltype(auto) as_argument(const A& value) {
  if constexpr (std::is_same_v<A, TaskArgument<A>>)
    return (value);
  else
    return TaskArgument<A>(value);
}

template <class T>
inline constexpr bool is_reference_wrapper = false;
template <class T>
inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;
template <class T>
inline constexpr bool is_span = false;
template <class T, std::size_t N>
inline constexpr bool is_span<std::span<T, N>> = true;
template <class T>
inline constexpr bool is_function_pointer =
    std::is_pointer_v<T>&& std::is_function_v<std::remove_pointer_t<T>>;

template <class F>
constexpr void check_task_callable() {
  static_assert(
      std::is_trivially_copyable_v<F>,
      "a task's callable travels to the workers as bytes, so its captures must be "
      "trivially copyable: pass it as an argument: submit([](std::string s) {...}, text)");
}

template <class T>
constexpr void check_task_argument() {
  static_assert(
      !(std::is_pointer_v<T> && !is_function_pointer<T>)&&!is_reference_wrapper<T>,
      "an argument of a task must not be a pointer or std::ref: it would lead to memory "
      "that workers do not have; pass the value, and return what has changed, or pass the "
      "view of an array of this executor");
  if constexpr (!std::is_trivially_copyable_v<T>) {
    static_assert(
        travels_by_cereal<T>,
        "an argument of a task must be trivially copyable, or have a serialisation: write "
        "template <class Archive> void serialize(Archive& archive) { archive(a, b); } as "
        "a public member, naming what it consists of; of a tine::Array pass the view()");
    static_assert(std::is_default_constructible_v<T>,
                  "an argument of a task that is serialised must have a default constructor: it is "
                  "made first and filled then");
  }
}

template <class R>
constexpr void check_task_result() {
  if constexpr (!std::is_void_v<R>) {
    static_assert(!std::is_pointer_v<R> && !is_string_view<R> && !is_reference_wrapper<R>,
                  "the result of a task must not be a pointer or a string_view: it would lead to "
                  "memory of the worker; return a value");
    if constexpr (!std::is_trivially_copyable_v<R>) {
      static_assert(
          travels_by_cereal<R>,
          "the result of a task must be trivially copyable, or have a serialisation: write "
          "template <class Archive> void serialize(Archive& archive) { archive(a, b); } as "
          "a public member, naming what it consists of");
      static_assert(
          std::is_default_constructible_v<R>,
          "the result of a task that is serialised must have a default constructor: it is "
          "made first and filled then");
    }
  }
}

template <class F, class... T>
struct TaskResultOf {
  static_assert(
      std::is_invocable_v<F&, T...>,
      "the callable cannot be called with these arguments: it gets copies, as rvalues, and "
      "text as std::string, so its parameters must be values or const references");
  using type = std::remove_cvref_t<std::invoke_result_t<F&, T...>>;
};
/// What f(args...) returns in a worker, by value.
template <class F, class... A>
using TaskResult = typename TaskResultOf<std::decay_t<F>, TaskArgument<A>...>::type;

template <class R, class F, class... T>
void run_task(ItemBytes& from, Parcel& result) {
  F f = decode<F>(from);
  std::tuple<T...> arguments{decode<T>(from)...};  // braces: one after another
  if constexpr (std::is_void_v<R>)
    std::apply([&](T&... a) { std::invoke(f, std::move(a)...); }, arguments);
  else
    encode<R>(result,
              std::apply([&](T&... a) -> R { return std::invoke(f, std::move(a)...); }, arguments));
}

/// Values that hold pointers are looked at before they go.
template <class T>
void write_checked(ExecutorState& executor, Parcel& to, const T& value, const char* what) {
  if constexpr (is_span<T>) {
    check_span(executor, value.data(), value.size_bytes());
  } else if constexpr (is_function_pointer<T> ||
                       (std::is_class_v<T> && std::is_trivially_copyable_v<T> &&
                        !std::is_empty_v<T>)) {
    const CapturedWords<T> words(value);
    check_travels(executor, words.data(), words.size(), what);
    to.write(&value, sizeof value);
    return;
  }
  encode(to, value);
}

template <class F>
void write_head(ExecutorState& executor, Parcel& to, RunTask run, const F& f) {
  check_function(executor, run);
  to.write(&run, sizeof run);
  write_checked(executor, to, f, "the task captures");
}
template <class... T>
void write_arguments(ExecutorState& executor, Parcel& to, const T&... arguments) {
  (check_task_argument<T>(), ...);
  (write_checked(executor, to, arguments, "an argument of the task holds"), ...);
}

template <class R, class F, class... T>
void write_task(ExecutorState& executor, Parcel& to, const F& f, const T&... arguments) {
  check_task_callable<F>();
  check_task_result<R>();
  write_head(executor, to, run_task<R, F, T...>, f);
  write_arguments(executor, to, arguments...);
}

}  // namespace tine::detail
