#include "operations/phases.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <vector>

namespace tine::image {

void run_as_one_band(const Operation& operation, const cv::Mat& in, cv::Mat& out,
                     const Values& values) {
  struct alignas(record_alignment) Line {
    std::array<std::uint8_t, record_alignment> bytes;
  };
  const auto rows = static_cast<std::size_t>(std::max(in.rows, out.rows));
  PhaseInput input{in, {.n = static_cast<std::size_t>(in.rows), .grain = rows}, values};
  std::array<std::vector<Line>, 2> memory;
  for (std::size_t i = 0; i < operation.phases.size(); ++i) {
    const Phase& phase = operation.phases[i];
    const std::size_t slices = phase.slices != nullptr ? phase.slices(input) : 1;
    const std::size_t stride = aligned(phase.bytes(input));
    memory[i].resize(slices * stride / sizeof(Line));
    auto* data = reinterpret_cast<std::uint8_t*>(memory[i].data());
    for (std::size_t slice = 0; slice < slices; ++slice)
      phase.run(input, slice, data + slice * stride);
    input.found[i] = {data, stride, slices};
  }
  operation.finish(input, {0, static_cast<std::size_t>(out.rows)}, out);
}

}  // namespace tine::image
