// A kernel that writes over what master, supervisor and workers share. Its job may fail, but the
// master must neither die, nor wait for ever, nor take for done what is not.
//
// Input: records of a place (a byte), an offset there (two bytes), a length (a byte), and that many
// bytes to be written.
#include <algorithm>
#include <cstring>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "process/control.hpp"
#include "require.hpp"

using namespace std::chrono_literals;
using tine::detail::Board;
using tine::detail::Control;
using tine::detail::LedgerWord;

namespace {

constexpr unsigned workers = 2;
constexpr std::size_t slices = 6;

std::span<std::byte> place(Control& control, std::uint8_t which) {
  Board& board = control.board();
  switch (which % 8) {
    case 0:  // what workers only read
      return {reinterpret_cast<std::byte*>(&control), Control::own_bytes(workers)};
    case 1:
    case 2:  // the beginning of what they write
      return {reinterpret_cast<std::byte*>(&board), offsetof(Board, faults[2])};
    case 3:
    case 4:
      return std::as_writable_bytes(std::span(control.slots(), workers));
    default:
      return std::as_writable_bytes(std::span(control.job.ledger, slices));
  }
}

void scribble(Control& control, std::span<const std::uint8_t> records) {
  constexpr std::size_t header = 4;
  while (records.size() > header) {
    const auto at = place(control, records[0]);
    const std::size_t offset = (std::size_t{records[1]} << 8 | records[2]) % at.size();
    const std::size_t length =
        std::min({records[3] % std::size_t{16} + 1, records.size() - header, at.size() - offset});
    std::memcpy(at.data() + offset, records.data() + header, length);
    records = records.subspan(header + length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    tine::Pool pool({.workers = workers, .reserve = 64 << 20});
    const auto records = pool.array_from(std::span(data, size));
    auto result = pool.array<int>(slices);
    auto* const control = reinterpret_cast<Control*>(pool.arena()->control());
    tine::for_each_slice(
        pool.with({.attempts = 2, .slice_deadline = 1s}), tine::slices(slices, 1),
        [control](const tine::Slice& s, std::span<const std::uint8_t> what, std::span<int> mine) {
          if (s.begin == 1) scribble(*control, what);
          mine[0] = 1;
        },
        tine::whole(records), tine::out(result));
    require(std::count(result.begin(), result.end(), 1) == slices, "a slice is not done");
  } catch (const tine::Error&) {
  }
  return 0;
}
