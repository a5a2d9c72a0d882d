// A process is killed at every instruction boundary of put(), of get(), and of the repair after
// another's death: after the first instruction, in the next round after the second, and so on until
// the call returns. After each death the queue holds what it has to, and no chunk is lost. The words
// of the protocol tell in which state a death fell, and all states must have been hit.
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tine/queue.hpp>

#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/sweep.hpp"
#include "sync/role.hpp"
#include "toolbox/context.hpp"
#include "toolbox/queue_ring.hpp"

namespace {

using tine::detail::Cell;
using tine::detail::Context;
using tine::detail::Owner;
using tine::detail::QueueRing;
using tine_test::returned;
using tine_test::stage;

/// What travels: three chunks if it is long.
struct Item {
  std::string text;
  template <class Archive>
  void save(Archive& archive) const {
    archive(text);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(text);
  }
};
const Item small{"small"}, longer{std::string(300, 'x')};

struct Peek : tine::QueueView<Item> {
  using QueueView::id_;
  explicit Peek(const QueueView& view) : QueueView(view) {}
};

/// One party that is a child of this process, and a queue.
class Scene : public tine_test::Party {
 public:
  explicit Scene(int size) : queue(size) {}

  QueueRing ring() const {
    std::size_t bytes = 0;
    std::byte* at =
        context_.object(Peek(queue.view()).id_, tine::detail::ObjectKind::queue, &bytes);
    return {context_, at, bytes};
  }
  Cell cell(std::size_t i) const {
    auto* header = reinterpret_cast<std::byte*>(&ring().header());
    return Cell::unpack(
        reinterpret_cast<tine::detail::CellWord*>(header + sizeof(tine::detail::QueueHeader))[i]
            .load());
  }
  /// Chunks in the party's name.
  std::size_t held() const {
    std::size_t n = 0;
    auto& chunks = context_.chunks();
    for (unsigned c = 0; c < tine::detail::chunk_classes; ++c)
      for (std::uint32_t i = 0; i < chunks.count(c); ++i)
        n += Owner::unpack(chunks.word(c << tine::detail::chunk_index_bits | i).owner.load())
                 .party == party();
    return n;
  }

  /// Chunks of all items in the queue.
  std::size_t led_to(int cells) const {
    std::size_t n = 0;
    for (int i = 0; i < cells; ++i) {
      const Cell c = cell(static_cast<std::size_t>(i));
      EXPECT_NE(c.state, Cell::State::reading);
      if (c.state == Cell::State::free) continue;
      for (auto id = c.chunk; id != tine::detail::no_chunk; id = context_.chunks().link(id).next)
        ++n;
    }
    return n;
  }

  tine::Queue<Item> queue;

 private:
  Context& context_ = *Context::existing();
};

class QueueSweep : public tine_test::NothingLeftBehind {
 protected:
  static void SetUpTestSuite() {
    // Nothing grows while it is stepped.
    tine::Queue<Item> first;
    first.put(longer);
    first.get();
  }

  /// `prepare` sets the scene, `check` looks at the queue after the repair.
  void sweep(int size, const std::function<void(Scene&)>& prepare,
             const std::function<void(Scene&)>& call,
             const std::function<std::string(Scene&)>& look,
             const std::function<void(Scene&, const std::string&)>& check,
             const std::set<std::string>& expected, int most_visits = INT_MAX) {
    tine_test::sweep<Scene>(
        {.set =
             [&] {
               auto scene = std::make_unique<Scene>(size);
               tine::detail::Chunks::spread(1);  // the same chunks each time
               prepare(*scene);
               return scene;
             },
         .call = call,
         .look = look,
         .check =
             [&](Scene& scene, const std::string& state) {
               EXPECT_EQ(Context::existing()->chunks().taken(), scene.led_to(size));
               check(scene, state);
               while (scene.queue.try_get()) {
               }
               EXPECT_EQ(Context::existing()->chunks().taken(), 0u) << "chunks are lost";
               // It works as before.
               scene.queue.put(longer);
               EXPECT_EQ(scene.queue.get().text, longer.text);
             },
         .expected = expected,
         .most_visits = most_visits});
  }
};

std::string state_of_put(Scene& scene, std::size_t cell) {
  if (stage() == returned) return "returned";
  if (scene.cell(cell).state == Cell::State::ready)
    return scene.ring().header().tail.load() > cell ? "published, tail moved" : "published";
  return scene.held() == 0 ? "without a chunk" : "holding chunks";
}

void check_put(Scene& scene, const std::string& state, const Item& item) {
  const bool in = state.starts_with("published") || state == "returned";
  EXPECT_EQ(scene.queue.qsize(), in ? 1u : 0u);
  const auto got = scene.queue.try_get();
  EXPECT_EQ(got.has_value(), in);
  if (got) {
    EXPECT_EQ(got->text, item.text);
  }
}

const std::set<std::string> put_states{"without a chunk", "holding chunks", "published",
                                       "published, tail moved", "returned"};

TEST_F(QueueSweep, put_of_one_chunk) {
  sweep(
      4, [](Scene&) {}, [](Scene& s) { s.queue.put(small); },
      [](Scene& s) { return state_of_put(s, 0); },
      [](Scene& s, const std::string& state) { check_put(s, state, small); }, put_states);
}

TEST_F(QueueSweep, put_of_a_chain) {
  sweep(
      4, [](Scene&) {}, [](Scene& s) { s.queue.put(longer); },
      [](Scene& s) { return state_of_put(s, 0); },
      [](Scene& s, const std::string& state) { check_put(s, state, longer); }, put_states);
}

TEST_F(QueueSweep, put_when_another_died_before_he_moved_the_tail) {
  sweep(
      4,
      [](Scene& s) {
        s.queue.put(small);
        s.ring().header().tail = 0;
      },
      [](Scene& s) { s.queue.put(longer); }, [](Scene& s) { return state_of_put(s, 1); },
      [](Scene& s, const std::string& state) {
        EXPECT_EQ(s.queue.get().text, small.text);
        check_put(s, state, longer);
      },
      put_states);
}

TEST_F(QueueSweep, put_into_a_full_queue) {
  sweep(
      1, [](Scene& s) { s.queue.put(small); },
      [](Scene& s) { EXPECT_FALSE(s.queue.try_put(longer)); },
      [](Scene& s) {
        return std::string(stage() == returned ? "returned"
                           : s.held() != 0     ? "holding chunks"
                                               : "without a chunk");
      },
      [](Scene& s, const std::string&) {
        EXPECT_EQ(s.queue.qsize(), 1u);
        EXPECT_EQ(s.queue.get().text, small.text);
      },
      {"without a chunk", "holding chunks", "returned"});
}

std::string state_of_get(Scene& scene, std::size_t cell, std::size_t chunks) {
  if (stage() == returned) return "returned";
  const Cell c = scene.cell(cell);
  const std::size_t held = scene.held();
  if (c.state == Cell::State::ready) return "without an item";
  if (c.state == Cell::State::reading)
    return held == 0 ? "claimed" : held < chunks ? "taking over" : "reading";
  return held == chunks ? "committed" : held != 0 ? "giving chunks back" : "all given back";
}

// The first of two items: in the queue, and first, or out of it.
void check_get(Scene& scene, const std::string& state, const std::string& first) {
  const bool out = state == "committed" || state == "giving chunks back" ||
                   state == "all given back" || state == "returned";
  EXPECT_EQ(scene.queue.qsize(), out ? 1u : 2u);
  if (!out) {
    EXPECT_EQ(scene.queue.get().text, first);
  }
  EXPECT_EQ(scene.queue.get().text, "second");
}

TEST_F(QueueSweep, get_of_one_chunk) {
  sweep(
      2,
      [](Scene& s) {
        s.queue.put(small);
        s.queue.put({"second"});
      },
      [](Scene& s) { s.queue.get(); }, [](Scene& s) { return state_of_get(s, 0, 1); },
      [](Scene& s, const std::string& state) { check_get(s, state, small.text); },
      {"without an item", "claimed", "reading", "committed", "all given back", "returned"});
}

TEST_F(QueueSweep, get_of_a_chain_that_moves_the_head) {
  sweep(
      8,
      [](Scene& s) {
        for (int i = 0; i < 16; ++i) {
          s.queue.put(small);
          s.queue.get();
        }
        s.queue.put(longer);
        s.queue.put({"second"});
      },
      [](Scene& s) { s.queue.get(); }, [](Scene& s) { return state_of_get(s, 0, 3); },
      [](Scene& s, const std::string& state) { check_get(s, state, longer.text); },
      {"without an item", "claimed", "taking over", "reading", "committed", "giving chunks back",
       "all given back", "returned"});
}

TEST_F(QueueSweep, get_that_fails_and_leaves_the_item) {
  // Unwinding takes many thousand instructions, so the item is given back as the exception would.
  sweep(
      2,
      [](Scene& s) {
        s.queue.put(longer);
        s.queue.put({"second"});
      },
      [](Scene& s) {
        const auto claim = s.ring().claim();
        s.ring().give_back(claim);
      },
      [](Scene& s) {
        const Cell c = s.cell(0);
        return std::string(stage() == returned               ? "returned"
                           : c.state == Cell::State::reading ? "claimed"
                           : s.held() == 0                   ? "without an item"
                                                             : "given back");
      },
      [](Scene& s, const std::string&) { check_get(s, "without an item", longer.text); },
      {"without an item", "claimed", "given back", "returned"});
}

TEST_F(QueueSweep, repair_may_be_interrupted_and_begun_again) {
  // One died with an item half written, and the next one in his place while reading.
  sweep(
      4,
      [](Scene& s) {
        s.queue.put(longer);
        s.queue.put({"second"});
        s.die_after([&] {
          tine::detail::Parcel half(Peek(s.queue.view()).id_);
          half.write(longer.text.data(), longer.text.size());
          raise(SIGKILL);
        });
        s.die_after([&] { s.ring().claim(); });
        EXPECT_EQ(s.held(), 6u);
      },
      [](Scene& s) {
        tine::detail::Suspects suspects(Context::existing()->chunks(), s.party());
        s.ring().repair(s.party(), suspects);
        suspects.give_back();
      },
      [](Scene& s) {
        if (stage() == returned) return std::string("returned");
        if (s.cell(0).state == Cell::State::reading) return std::string("nothing repaired");
        return std::string(s.held() == 6 ? "item put back" : "chunks given back");
      },
      [](Scene& s, const std::string&) { check_get(s, "without an item", longer.text); },
      {"nothing repaired", "item put back", "chunks given back", "returned"}, 3);
}

}  // namespace
