/// @file
/// A connection between the processes of a program, that knows when the other side is gone. Needs the
/// headers of cereal (Debian: libcereal-dev), as queue.hpp does.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <tine/detail/item_archive.hpp>
#include <tine/detail/pipe_core.hpp>
#include <tine/error.hpp>

namespace tine {

/// A handle on one end of a Pipe: what kernels and processes capture, by value. Eight bytes that do
/// not keep the end open; calls through a handle whose pipe is gone throw InvalidArgument.
///
/// Every member may be called from any thread of the master, of a `tine::Process`, and of the workers
/// of a pool that was made, or refreshed, after the program's first Queue, Pipe or the like; elsewhere
/// it throws PoolError. None takes a lock that another process could hold, none starts a thread. A
/// wait looks again at least every 100 ms, whoever may have died. Several may send to, and receive
/// from, one end at the same time: each item comes out once.
///
/// **Values** are sent one by one, each of any type that a Queue can hold, and are received as the
/// type that they were sent as; recv() of another type throws InvalidArgument and leaves the item
/// where it is.
///
/// **Ends**: see Connection. **Deaths**: an item is in the pipe from the moment that send() publishes
/// it, and out of it just before recv() returns; whoever dies before that has changed nothing. What was
/// sent is received, even if its sender died right after.
///
/// **Memory**: send() waits for a reader only when 65,536 items are under way in its direction, so two
/// who send to each other first and receive then do not block each other, whatever the size.
class ConnectionView {
 public:
  /// A handle on nothing.
  constexpr ConnectionView() noexcept = default;

  /// Sends a copy. Throws Closed when nobody holds the other end any more, InvalidArgument when this
  /// end only receives, OutOfMemory, and whatever the value's own serialisation throws; then nothing
  /// was sent. Takes time in proportion to the value.
  template <class T>
  void send(const T& value) const {
    detail::check_item<T>();
    deliver(tag_of<T>(), [&](detail::Parcel& parcel) { detail::encode(parcel, value); });
  }
  /// As a std::string.
  void send(const char* text) const { send(std::string(text)); }

  /// Takes what comes next, when it comes. Throws EndOfFile when nothing is left and nobody holds the
  /// other end any more, and InvalidArgument when this end only sends, or when what comes next is of
  /// another type. When the value's own serialisation throws, the item stays.
  template <class T>
  T recv() const {
    return *take(detail::deadline_of(true, {}), tag_of<T>(), detail::decode<T>);
  }
  /// The same within that time, which may be none; nothing when nothing came. Throws InvalidArgument
  /// also for a negative timeout.
  template <class T>
  std::optional<T> try_recv(const Timeout& timeout = std::chrono::nanoseconds(0)) const {
    return take(detail::deadline_of(true, timeout), tag_of<T>(), detail::decode<T>);
  }

  /// A message of raw bytes, received by recv_bytes() alone, in one piece. Throws as send() does.
  void send_bytes(std::span<const std::byte> bytes) const {
    deliver(0, [&](detail::Parcel& parcel) {
      const std::uint64_t size = bytes.size();
      parcel.write(&size, sizeof size);
      if (size != 0) parcel.write(bytes.data(), size);
    });
  }
  /// Throws as recv() does.
  std::vector<std::byte> recv_bytes() const {
    return *take(detail::deadline_of(true, {}), 0, [](detail::Delivery& delivery) {
      std::uint64_t size = 0;
      delivery.read(&size, sizeof size);
      std::vector<std::byte> bytes(size);
      delivery.read(bytes.data(), size);
      return bytes;
    });
  }

  /// Whether recv() would not wait: there is something to receive, or the end of the file. Waits for
  /// that time, or for ever if it is none. Throws InvalidArgument for a negative timeout and when
  /// this end only sends. Where others receive from the same end, they may be faster then.
  bool poll(const Timeout& timeout = std::chrono::nanoseconds(0)) const {
    return detail::poll_end(detail::receiving(end_), detail::deadline_of(true, timeout));
  }

  /// This process does not hold the end any more. Of no effect in a process that does not hold it, as
  /// in the workers of pools.
  void close() const noexcept { detail::close_end(end_); }
  /// Whether no process holds this end any more.
  bool closed() const { return detail::end_closed(end_); }

 protected:
  explicit ConnectionView(const detail::ObjectId& end) noexcept : end_(end) {}

  detail::ObjectId end_;

 private:
  // What travels in front of each item; 0: raw bytes. All processes run the same program.
  template <class T>
  static std::uint64_t tag_of() {
    return typeid(T).hash_code() | 1;
  }
  template <class Write>
  void deliver(std::uint64_t tag, Write write) const {
    const detail::ObjectId to = detail::receiver_of(end_);
    detail::Parcel parcel(to);
    parcel.write(&tag, sizeof tag);
    write(parcel);
    if (detail::send(to, parcel, detail::deadline_of(true, {})) == detail::Outcome::closed)
      detail::nobody_receives();
  }
  template <class Read, class T = std::invoke_result_t<Read, detail::Delivery&>>
  std::optional<T> take(std::int64_t deadline, std::uint64_t tag, Read read) const {
    std::optional<T> result;
    detail::Delivery delivery(detail::receiving(end_));
    const detail::Outcome outcome = detail::claim(delivery, deadline);
    if (outcome == detail::Outcome::closed) detail::end_of_file();
    if (outcome == detail::Outcome::not_now) return result;
    std::uint64_t sent_as = 0;
    delivery.read(&sent_as, sizeof sent_as);
    if (sent_as != tag) detail::another_type();
    result.emplace(read(delivery));
    delivery.accept();
    return result;
  }
};

/// One end of a Pipe, held by this process until close() or the destructor.
///
/// **An end is open while some process holds it**: the one that made the pipe, and each
/// `tine::Process` whose parent held the end when it was started, until it closes the end or ends,
/// however it ends. Workers of pools use ends and hold none. When nobody holds an end any more, the
/// other one receives what was sent and then the end of the file, and cannot send. So whoever has
/// given an end to a process closes his own, and a process closes the end that is not for it, if it
/// inherited both: else they keep it open themselves.
class Connection : public ConnectionView {
 public:
  /// A connection to nothing.
  Connection() noexcept = default;
  ~Connection() { close(); }
  Connection(Connection&& other) noexcept : ConnectionView(std::exchange(other.end_, {})) {}
  Connection& operator=(Connection&& other) noexcept {
    if (this != &other) {
      close();
      end_ = std::exchange(other.end_, {});
    }
    return *this;
  }

  /// This process does not hold the end any more, and this object has none. May be called again.
  void close() noexcept {
    ConnectionView::close();
    end_ = {};
  }

  /// What kernels and processes capture.
  ConnectionView view() const noexcept { return *this; }

 private:
  friend class Pipe;
  explicit Connection(const detail::ObjectId& end) noexcept : ConnectionView(end) {}
};

/// Two connected ends.
///
///     auto [here, there] = tine::Pipe();              // each sends and receives
///     tine::Process child([end = there.view()] { end.send(2 * end.recv<int>()); });
///     child.start();
///     there.close();                                  // the child holds it now
///     here.send(21);
///     std::printf("%d\n", here.recv<int>());
///
///     auto [receiver, sender] = tine::Pipe(false);    // one way
///
/// Made in the master only. What is in it is thrown away when nobody holds either end any more.
class Pipe {
 public:
  /// Throws NestedParallelism in a worker, PoolError when there are too many objects, OutOfMemory.
  explicit Pipe(bool duplex = true) : Pipe(detail::make_pipe(duplex)) {}

  Connection first;   ///< Only receives, unless duplex.
  Connection second;  ///< Only sends, unless duplex.

 private:
  explicit Pipe(const detail::ObjectId& end) noexcept : first(end), second(end.with_part(1)) {}
};

}  // namespace tine
