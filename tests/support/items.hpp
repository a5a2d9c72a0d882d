// What tests of queues, pipes and executors share.
#pragma once

#include <cstddef>

#include <tine/queue.hpp>

#include "support/fixture.hpp"
#include "support/message.hpp"
#include "toolbox/context.hpp"

namespace tine_test {

/// Pieces of memory that items lie in.
inline std::size_t chunks_taken() {
  return tine::detail::Context::existing()->chunks().taken();
}

/// Checks after each test that the memory of all items was given back.
class NoItemLeftBehind : public NothingLeftBehind {
 protected:
  // The context stays with the program.
  static void SetUpTestSuite() { tine::Queue<int> first; }
  void TearDown() override { EXPECT_EQ(chunks_taken(), 0u) << "items were not given back"; }
};

}  // namespace tine_test
