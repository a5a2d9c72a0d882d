/// @file
/// A queue without types: items as streams of bytes. A pipe is two queues and uses the same.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tine/detail/shared_object.hpp>

namespace tine::detail {

class Context;

enum class Outcome { done, not_now, closed };

/// An item on its way in. Until it is sent nobody else sees it; the destructor gives the memory of
/// one that was not.
class Parcel {
 public:
  /// Throws PoolError when this process is no party of the context.
  Parcel();
  /// The same, and InvalidArgument when there is no such queue; for a pipe, `queue` names the end that
  /// receives.
  explicit Parcel(const ObjectId& queue);
  ~Parcel();
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;

  /// Throws OutOfMemory.
  void write(const void* bytes, std::size_t size);
  /// Its first chunk: the chain is the caller's from here on.
  std::uint32_t release();

 private:
  friend Outcome send(const ObjectId& queue, Parcel& item, std::int64_t deadline);
  void add_chunk(std::size_t more);

  Context& context_;
  std::uint32_t first_;
  std::uint32_t last_;
  std::byte* at_ = nullptr;
  std::size_t room_ = 0;
  std::size_t written_ = 0;
};

/// Reads an item from its chunks, from the first byte to the last.
class ItemBytes {
 public:
  ItemBytes(Context& context, std::uint32_t first) : context_(context), chunk_(first) {}

  /// Throws Error when there are not so many bytes left.
  void read(void* to, std::size_t size);

 protected:
  Context& context_;
  std::uint32_t chunk_;

 private:
  std::size_t offset_ = 0;  // in that chunk
};

/// An item on its way out: claimed, and the queue's again unless it is accepted.
class Delivery : public ItemBytes {
 public:
  explicit Delivery(const ObjectId& queue);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  /// From here on the item is out of the queue.
  void accept() noexcept;

 private:
  friend Outcome claim(Delivery& item, std::int64_t deadline);

  ObjectId queue_;
  std::uint64_t position_ = 0;
  std::uint64_t cell_ = 0;  // 0: nothing is claimed
};

Outcome send(const ObjectId& queue, Parcel& item, std::int64_t deadline);
Outcome claim(Delivery& item, std::int64_t deadline);

ObjectId make_queue(std::ptrdiff_t maxsize);
void end_queue(const ObjectId& queue) noexcept;
void close_queue(const ObjectId& queue);
bool queue_closed(const ObjectId& queue);
std::size_t queue_size(const ObjectId& queue);
bool queue_empty(const ObjectId& queue);
bool queue_full(const ObjectId& queue);
void queue_task_done(const ObjectId& queue);
bool queue_join(const ObjectId& queue, std::int64_t deadline);

}  // namespace tine::detail
