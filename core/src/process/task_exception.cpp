#include "process/task_exception.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <variant>

#include <tine/error.hpp>

#include "process/crash.hpp"
#include "toolbox/task_table.hpp"

namespace tine::detail {

namespace {

/// An exception of type E that says more in what().
template <class E>
class Rethrown : public E, public TaskTrace {
 public:
  Rethrown(const std::string& what, const TaskTrace& trace) : E(what), TaskTrace(trace) {}
};

/// For those that take no text.
template <class E>
class RethrownFixed : public E, public TaskTrace {
 public:
  RethrownFixed(const std::string& what, const TaskTrace& trace) : TaskTrace(trace), what_(what) {}
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string what_;
};

template <class E>
bool is(const std::exception& e) {
  return dynamic_cast<const E*>(&e) != nullptr;
}
template <class E>
std::exception_ptr rethrown(const std::string& what, const TaskTrace& trace) {
  return std::make_exception_ptr(E(what, trace));
}

struct KnownType {
  bool (*is)(const std::exception&);
  std::exception_ptr (*make)(const std::string&, const TaskTrace&);
};
template <class E>
constexpr KnownType known{is<E>, rethrown<Rethrown<E>>};
template <class E>
constexpr KnownType known_fixed{is<E>, rethrown<RethrownFixed<E>>};

// Derived types before their bases. The index travels.
constexpr KnownType known_types[] = {known<InvalidArgument>,
                                     known<NestedParallelism>,
                                     known<SupervisorLost>,
                                     known<BrokenExecutor>,
                                     known<PoolError>,
                                     known<BadCallable>,
                                     known<Empty>,
                                     known<Full>,
                                     known<Closed>,
                                     known<TimeoutError>,
                                     known<CancelledError>,
                                     known<std::out_of_range>,
                                     known<std::length_error>,
                                     known<std::invalid_argument>,
                                     known<std::domain_error>,
                                     known<std::logic_error>,
                                     known<std::range_error>,
                                     known<std::overflow_error>,
                                     known<std::underflow_error>,
                                     known_fixed<std::bad_array_new_length>,
                                     known_fixed<std::bad_alloc>,
                                     known_fixed<std::bad_cast>,
                                     known_fixed<std::bad_typeid>,
                                     known_fixed<std::bad_optional_access>,
                                     known_fixed<std::bad_variant_access>};
// std::runtime_error is what TaskError is, by way of tine::Error.

constexpr std::uint8_t unknown_type = 0xff;
static_assert(std::size(known_types) < unknown_type);

void write(Parcel& parcel, const std::string& text, std::size_t most) {
  const auto size = static_cast<std::uint32_t>(std::min(text.size(), most));
  parcel.write(&size, sizeof size);
  if (size != 0) parcel.write(text.data(), size);
}

std::string read_text(ItemBytes& from) {
  std::uint32_t size = 0;
  from.read(&size, sizeof size);
  std::string text(std::min<std::uint32_t>(size, 1 << 20), '\0');
  from.read(text.data(), text.size());
  return text;
}

std::uint8_t known_index() {
  try {
    throw;
  } catch (const std::exception& e) {
    const auto* known = std::find_if(std::begin(known_types), std::end(known_types),
                                     [&](const KnownType& k) { return k.is(e); });
    if (known != std::end(known_types))
      return static_cast<std::uint8_t>(known - std::begin(known_types));
  } catch (...) {
  }
  return unknown_type;
}

}  // namespace

ExceptionText current_exception_text() {
  ExceptionText text;
  const std::type_info* type = abi::__cxa_current_exception_type();
  text.type = type != nullptr ? demangled(type->name()) : "unknown";
  try {
    throw;
  } catch (const std::exception& e) {
    text.message = e.what();
  } catch (const std::string& s) {
    text.message = s;
  } catch (const char* s) {
    text.message = s;
  } catch (...) {
  }
  return text;
}

std::vector<std::string> task_backtrace(void* const* frames, unsigned count) {
  std::vector<std::string> lines = describe_frames(frames, count);
  const auto own = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.starts_with("tine::detail::run_task_of(");
  });
  lines.erase(own, lines.end());
  return lines;
}

ChunkId pack_current_exception() noexcept try {
  void* frame[max_frames];
  const std::uint32_t frames = last_throw(frame, max_frames);
  const std::uint8_t known = known_index();
  const ExceptionText text = current_exception_text();
  const std::int32_t pid = getpid();
  Parcel parcel;
  const ResultKind kind = ResultKind::exception;
  parcel.write(&kind, sizeof kind);
  parcel.write(&known, sizeof known);
  parcel.write(&pid, sizeof pid);
  parcel.write(&frames, sizeof frames);
  parcel.write(frame, sizeof frame);
  write(parcel, text.type, 1 << 12);
  write(parcel, text.message, 1 << 20);
  return parcel.release();
} catch (...) {
  return no_chunk;
}

std::exception_ptr unpack_exception(ItemBytes& from) {
  std::uint8_t known = unknown_type;
  std::int32_t pid = 0;
  std::uint32_t frames = 0;
  void* frame[max_frames];
  from.read(&known, sizeof known);
  from.read(&pid, sizeof pid);
  from.read(&frames, sizeof frames);
  from.read(frame, sizeof frame);
  Fault fault;
  fault.cause = Cause::exception;
  fault.type = read_text(from);
  fault.message = read_text(from);
  fault.backtrace = task_backtrace(frame, std::min<std::uint32_t>(frames, max_frames));
  std::string what = fault.message + (fault.message.empty() ? "" : "\n  ") + fault.type +
                     ", thrown by a task in process " + std::to_string(pid);
  for (const std::string& line : fault.backtrace) what += "\n  at " + line;
  const TaskTrace trace(std::move(fault), pid);
  return known < std::size(known_types) ? known_types[known].make(what, trace)
                                        : std::make_exception_ptr(TaskError(what, trace));
}

}  // namespace tine::detail
