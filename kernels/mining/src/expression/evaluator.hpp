// Runs a program on batches, in a worker.
#pragma once

#include <memory>

#include "../batch.hpp"

namespace tine::mining {

class Evaluator {
 public:
  /// The program's bytes must stay. They come from the master, in memory that other kernels could have
  /// written over: what is wrong with them must not do more harm than to throw.
  explicit Evaluator(std::span<const std::byte> program);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;

  /// One value for each row, valid until the next call and as long as the batch is. Throws Error where
  /// integers overflow.
  Vector operator()(const Batch& batch);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tine::mining
