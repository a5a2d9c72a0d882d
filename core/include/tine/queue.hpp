/// @file
/// A queue between the processes of a program, which no death can wedge. Needs the headers of cereal
/// (Debian: libcereal-dev), which nothing else in tine does.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <tine/detail/item_archive.hpp>
#include <tine/detail/queue_core.hpp>
#include <tine/error.hpp>

namespace tine {

/// A handle on a Queue: what kernels capture, by value, and how they put and get. Eight bytes that
/// do not keep the queue alive; calls through a handle whose queue is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master, from any worker of a pool that was made,
/// or refreshed, after the program's first Queue, and from any Process that was started after it;
/// elsewhere it throws PoolError. None takes a lock. A wait looks again at least every 100 ms, whoever
/// may have died.
///
/// **Values** that are trivially copyable travel as their bytes; strings, containers, tuples,
/// variants and all that has a cereal serialisation travel by that, straight into shared memory.
///
/// **Order**: what one producer puts is taken in that order by a single consumer. Several consumers
/// take in that order too, but for an item whose consumer died before it had it: that comes late.
///
/// **Deaths**: an item is in the queue from the moment that put() publishes it, and out of it when
/// get() has read it to its end, just before it returns. Both are one instruction: whoever dies
/// before it has changed nothing, and what he held comes back. **Pushes and pops are not undone**: a
/// slice that put an item and then died puts it again when it is run again, and what a worker had
/// got and not yet used dies with it. Where that matters, give items a number, or let the slices of
/// a job do the work.
///
/// **Memory**: items of any size, up to what the machine has. It is committed as it is needed, by a
/// process that may die of it; put() throws OutOfMemory when there is none. It stays with the
/// program for the next items.
template <class T>
class QueueView {
 public:
  using value_type = T;

  /// A handle on nothing.
  constexpr QueueView() noexcept = default;

  /// Puts a copy at the end. Waits for room, if `block`, for that time; then throws Full. Throws
  /// Closed after close(), InvalidArgument for a negative timeout, OutOfMemory, and whatever the
  /// value's own serialisation throws; then nothing was put.
  void put(const T& value, bool block = true, const Timeout& timeout = {}) const {
    switch (send(value, detail::deadline_of(block, timeout))) {
      case detail::Outcome::not_now:
        throw Full("tine: the queue is full; put() with a longer timeout, or get more quickly");
      case detail::Outcome::closed:
        throw Closed("tine: the queue is closed: nothing can be put any more");
      case detail::Outcome::done:
        break;
    }
  }
  void put_nowait(const T& value) const { put(value, false); }
  /// False when there is no room or the queue is closed.
  bool try_put(const T& value) const { return send(value, 0) == detail::Outcome::done; }
  /// The same, after waiting for that time.
  bool try_put_for(const T& value, std::chrono::nanoseconds timeout) const {
    return send(value, detail::deadline_of(true, timeout)) == detail::Outcome::done;
  }

  /// Takes the first item. Waits for one, if `block`, for that time; then throws Empty. Throws
  /// Closed when the queue is closed and nothing is left in it, not even what a consumer is reading
  /// and would leave if it died. When the value's own serialisation throws, the item stays.
  T get(bool block = true, const Timeout& timeout = {}) const {
    detail::Delivery delivery(id_);
    switch (detail::claim(delivery, detail::deadline_of(block, timeout))) {
      case detail::Outcome::not_now:
        throw Empty(
            "tine: the queue is empty; get() with a longer timeout, or close() it when "
            "nothing will come");
      case detail::Outcome::closed:
        throw Closed("tine: the queue is closed and nothing is left in it");
      case detail::Outcome::done:
        break;
    }
    return open(delivery);
  }
  T get_nowait() const { return get(false); }
  /// Nothing when there is no item, for now or for good (closed()).
  std::optional<T> try_get() const { return receive(0); }
  /// The same, after waiting for that time.
  std::optional<T> try_get_for(std::chrono::nanoseconds timeout) const {
    return receive(detail::deadline_of(true, timeout));
  }

  /// Items in the queue, those being read included; exact when nobody is in a call. Takes time in
  /// proportion to the result.
  std::size_t qsize() const { return detail::queue_size(id_); }
  /// Whether get_nowait() would find nothing; exact when nobody is in a call.
  bool empty() const { return detail::queue_empty(id_); }
  /// Whether put_nowait() would find no room; exact when nobody is in a call.
  bool full() const { return detail::queue_full(id_); }

  /// Says that the work on one item that was taken is done. Throws InvalidArgument when that was
  /// said for all items already.
  void task_done() const { detail::queue_task_done(id_); }
  /// Waits until task_done() was called for every item ever put; returns whether it was, in that
  /// time. A consumer that died between get() and task_done() leaves its item undone.
  bool join(const Timeout& timeout = {}) const {
    return detail::queue_join(id_, detail::deadline_of(true, timeout));
  }

  /// From now on nothing goes in; what is in comes out; then get() throws Closed. Who waits, wakes.
  void close() const { detail::close_queue(id_); }
  bool closed() const { return detail::queue_closed(id_); }

 protected:
  explicit QueueView(detail::ObjectId id) noexcept : id_(id) { detail::check_item<T>(); }

  detail::ObjectId id_;

 private:
  detail::Outcome send(const T& value, std::int64_t deadline) const {
    detail::check_item<T>();
    detail::Parcel parcel(id_);
    detail::encode(parcel, value);
    return detail::send(id_, parcel, deadline);
  }
  std::optional<T> receive(std::int64_t deadline) const {
    detail::Delivery delivery(id_);
    if (detail::claim(delivery, deadline) != detail::Outcome::done) return std::nullopt;
    return open(delivery);
  }
  static T open(detail::Delivery& delivery) {
    T value = detail::decode<T>(delivery);
    delivery.accept();
    return value;
  }
};

/// Owns a queue. Any number of threads and processes put and get at the same time.
///
///     tine::Queue<std::string> lines(1000);
///     tine::Pool pool;                       // made after the first queue: its workers know it
///     tine::for_each_slice(pool, tine::slices(n), [q = lines.view()](const tine::Slice& s) {
///       q.put("slice " + std::to_string(s.index));
///     });
///     while (auto line = lines.try_get()) std::puts(line->c_str());
///
/// Made in the master only; needs no pool to be used there. Must outlive the jobs that use it: the
/// destructor throws away what is in it.
template <class T>
class Queue : public QueueView<T> {
 public:
  /// At most `maxsize` items at a time; 0: as many as memory holds, up to 4,194,304. Throws
  /// InvalidArgument when negative, NestedParallelism in a worker or a Process, OutOfMemory.
  explicit Queue(std::ptrdiff_t maxsize = 0) : QueueView<T>(detail::make_queue(maxsize)) {}
  ~Queue() { detail::end_queue(this->id_); }
  Queue(Queue&& other) noexcept : QueueView<T>(std::exchange(other.id_, {})) {}
  Queue& operator=(Queue&& other) noexcept {
    std::swap(this->id_, other.id_);
    return *this;
  }

  /// What kernels capture.
  QueueView<T> view() const noexcept { return *this; }
};

}  // namespace tine
