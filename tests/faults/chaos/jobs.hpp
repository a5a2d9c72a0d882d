// The jobs of a storm, and how their results are judged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <tine/tine.hpp>

#include "chaos/plan.hpp"

namespace chaos {

/// How a job ended.
enum class Outcome {
  finished,
  slice_failed,
  workers_lost,
  kernel_error,
  cancelled,
  overdue,
  broken_barrier,
  supervisor_lost,
  refused,  // no memory could be committed: whoever does that was killed
  something_else,
};

struct End {
  Outcome outcome = Outcome::something_else;
  tine::Report report;
  std::string message;
};

/// What is not as it must be.
struct Findings {
  std::uint64_t wrong = 0;       // slices with bytes that they never should have, or a wrong error
  std::uint64_t lost = 0;        // done according to the report, and not in fact
  std::uint64_t duplicated = 0;  // done twice
  std::vector<std::string> messages;

  bool any() const { return wrong + lost + duplicated != 0; }
  void add(std::uint64_t& which, std::uint64_t n, const std::string& message) {
    if (n == 0) return;
    which += n;
    messages.push_back(message + " (" + std::to_string(n) + ")");
  }
};

class Kind {
 public:
  virtual ~Kind() = default;
  virtual const char* name() const = 0;
  virtual void prepare(const Plan&) = 0;
  virtual void post(const tine::PoolWith& on, const Plan&) = 0;
  /// Whether the end is one that the plan allows.
  virtual bool allowed(const Plan&, const End&) const;
  /// Whether the arrays hold what they must after such an end.
  virtual void check(const Plan&, const End&, Findings&) = 0;
};

/// What a slice may hold: it was never written, or once, or twice.
template <class T>
struct Contents {
  std::vector<T> before, once, twice;
};

/// Judges an array slice by slice. `partly`: unfinished slices may hold anything.
template <class T>
void judge(const tine::Partition& partition, std::size_t row, const T* got,
           const Contents<T>& expected, bool partly, const End& end, Findings& findings);

extern template void judge(const tine::Partition&, std::size_t, const std::uint64_t*,
                           const Contents<std::uint64_t>&, bool, const End&, Findings&);
extern template void judge(const tine::Partition&, std::size_t, const std::uint8_t*,
                           const Contents<std::uint8_t>&, bool, const End&, Findings&);

/// All kinds of jobs there are in this build.
std::vector<std::unique_ptr<Kind>> make_kinds(tine::Pool& pool);
/// Those on images, when the library is built.
void prepare_images();  // before the pool is made
void add_image_kinds(tine::Pool& pool, std::vector<std::unique_ptr<Kind>>& kinds);

}  // namespace chaos
