/// @file
/// What Executor::map() and imap_unordered() return.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <tine/detail/next_iterator.hpp>
#include <tine/detail/task_items.hpp>
#include <tine/future.hpp>

namespace tine {

struct MapOptions {
  /// Elements that are handed to a worker together, at least 1. With many for a short function,
  /// each costs less; what one of them throws, all of them throw.
  std::ptrdiff_t chunksize = 1;
  /// From the call of map() on, after which a result that is not there makes next() throw
  /// TimeoutError; none: never.
  Timeout timeout{};
};

namespace detail {

/// The results for several elements.
template <class R>
class ChunkTask : public Task {
 public:
  std::deque<R> values;

 private:
  void read_value(ItemBytes& from) override {
    while (decode<bool>(from)) values.push_back(decode<R>(from));
  }
};

/// Each element, and each result, has a byte before it that says that it comes.
template <class R, class F, class... T>
void run_chunk(ItemBytes& from, Parcel& result) {
  F f = decode<F>(from);
  while (decode<bool>(from)) {
    std::tuple<T...> arguments{decode<T>(from)...};
    const R value = std::apply(
        [&](T&... a) -> R {
          if constexpr (std::is_same_v<R, std::monostate>)
            return std::invoke(f, std::move(a)...), R();
          else
            return std::invoke(f, std::move(a)...);
        },
        arguments);
    encode(result, true);
    encode(result, value);
  }
  encode(result, false);
}

template <class Range>
using ElementOf = std::iter_value_t<decltype(std::begin(std::declval<Range&>()))>;

}  // namespace detail

/// Results of a function for the elements of a range, to be gone through once. It reads its source
/// as results are taken: a few chunks for each worker are under way at a time, so neither source
/// nor results need to fit into memory.
///
/// What the function throws for an element, or for another one of its chunk, next() throws in its
/// place, and goes on after it when called again. When the source throws, all results before come
/// first; then next() throws the same, and that is the end. Tasks that are not begun when it goes
/// out of scope are cancelled.
///
/// Used by one thread at a time. A function without a result yields std::monostate.
template <bool ordered, class F, class... Ranges>
class MapResults {
  template <class... T>
  struct Types {
    using Plain = typename detail::TaskResultOf<F, T...>::type;
    using Result = std::conditional_t<std::is_void_v<Plain>, std::monostate, Plain>;
    using Arguments = std::tuple<T...>;
    static constexpr detail::RunTask run = detail::run_chunk<Result, F, T...>;
  };
  using Of = Types<detail::TaskArgument<detail::ElementOf<Ranges>>...>;

 public:
  using value_type = typename Of::Result;

  MapResults(std::shared_ptr<detail::ExecutorState> executor, const MapOptions& options, F f,
             Ranges&&... ranges)
      : executor_(std::move(executor)),
        f_(f),
        chunksize_(options.chunksize),
        source_(std::make_unique<Source>(std::forward<Ranges>(ranges)...)) {
    detail::check_task_callable<F>();
    detail::check_task_result<typename Of::Plain>();
    if (chunksize_ < 1)
      throw InvalidArgument("tine: the chunksize of a map is " + std::to_string(chunksize_) +
                            "; it must be at least 1");
    deadline_ = detail::deadline_of(true, options.timeout);
    detail::check_submit(executor_);
    fill();
  }
  ~MapResults() {
    for (const Entry& entry : entries_)
      if (entry.task != nullptr) entry.task->cancel(false);
  }
  MapResults(MapResults&&) noexcept = default;

  /// The next result; nothing at the end. Throws TimeoutError, and what the function or the source
  /// threw, or what Future::result() throws.
  std::optional<value_type> next() {
    while (ready_.empty()) {
      fill();
      if (entries_.empty()) {
        if (source_error_ != nullptr) std::rethrow_exception(std::exchange(source_error_, nullptr));
        return std::nullopt;
      }
      const Entry entry = take_over();
      fill();  // before we are busy with these
      if (entry.task == nullptr) std::rethrow_exception(entry.error);
      if (entry.task->state() == detail::Task::State::cancelled)
        throw CancelledError("tine: a task of the map was cancelled");
      if (const auto error = entry.task->error()) std::rethrow_exception(error);
      ready_ = std::move(entry.task->values);
    }
    std::optional<value_type> result(std::move(ready_.front()));
    ready_.pop_front();
    return result;
  }

  using iterator = detail::NextIterator<MapResults, value_type>;
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  /// A chunk that was submitted, or what became of it instead.
  struct Entry {
    std::shared_ptr<detail::ChunkTask<value_type>> task;
    std::exception_ptr error;
  };

  /// The ranges, at a place of their own: iterators lead into them.
  struct Source {
    explicit Source(Ranges&&... r) : ranges(std::forward<Ranges>(r)...) {}
    std::tuple<Ranges...> ranges;
    std::optional<std::tuple<decltype(std::begin(std::declval<Ranges&>()))...>> at;

    /// The next element of each, if all have one.
    std::optional<typename Of::Arguments> next() {
      return next(std::index_sequence_for<Ranges...>());
    }
    template <std::size_t... i>
    std::optional<typename Of::Arguments> next(std::index_sequence<i...>) {
      if (!at)
        at.emplace(std::begin(std::get<i>(ranges))...);
      else
        (++std::get<i>(*at), ...);
      if (((std::get<i>(*at) == std::end(std::get<i>(ranges))) || ...)) return std::nullopt;
      return typename Of::Arguments(*std::get<i>(*at)...);
    }
  };

  void fill() {
    const std::size_t window = 4 * std::size_t{detail::executor_workers(*executor_)} + 4;
    while (!exhausted_ && entries_.size() < window) {
      std::vector<typename Of::Arguments> chunk;
      try {
        detail::check_submit(executor_);
        while (static_cast<std::ptrdiff_t>(chunk.size()) < chunksize_) {
          auto element = source_->next();
          exhausted_ = !element;
          if (exhausted_) break;
          chunk.push_back(std::move(*element));
        }
      } catch (...) {
        source_error_ = std::current_exception();
        exhausted_ = true;
      }
      if (!chunk.empty()) entries_.push_back(submit(chunk));
    }
  }

  Entry submit(const std::vector<typename Of::Arguments>& chunk) const {
    try {
      Entry entry{std::make_shared<detail::ChunkTask<value_type>>(), nullptr};
      detail::Parcel parcel;
      detail::write_head(*executor_, parcel, Of::run, f_);
      for (const auto& arguments : chunk) {
        detail::encode(parcel, true);
        std::apply([&](const auto&... a) { detail::write_arguments(*executor_, parcel, a...); },
                   arguments);
      }
      detail::encode(parcel, false);
      detail::submit(executor_, parcel, entry.task);
      return entry;
    } catch (...) {
      return {nullptr, std::current_exception()};
    }
  }

  /// Waits for the entry whose turn it is, and takes it out.
  Entry take_over() {
    auto is_over = [](const Entry& e) { return e.task == nullptr || e.task->over(); };
    auto found = entries_.begin();
    bool any = false;
    if constexpr (ordered) {
      any = found->task == nullptr || found->task->wait(deadline_);
    } else {
      std::vector<std::shared_ptr<detail::Task>> tasks;
      for (const Entry& e : entries_)
        if (e.task != nullptr) tasks.push_back(e.task);
      any = detail::wait_for_tasks(tasks, deadline_, [&] {
        found = std::find_if(entries_.begin(), entries_.end(), is_over);
        return found != entries_.end();
      });
    }
    if (!any) throw TimeoutError("tine: a result of the map did not come in time");
    Entry entry = std::move(*found);
    entries_.erase(found);
    return entry;
  }

  std::shared_ptr<detail::ExecutorState> executor_;
  F f_;
  std::ptrdiff_t chunksize_;
  std::int64_t deadline_ = 0;
  std::unique_ptr<Source> source_;
  bool exhausted_ = false;
  std::exception_ptr source_error_;
  std::deque<Entry> entries_;  // in the order of the elements
  std::deque<value_type> ready_;
};

}  // namespace tine
