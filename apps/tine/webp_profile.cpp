#include "webp_profile.hpp"

#include <memory>

#include <webp/mux.h>

#include "exit.hpp"

namespace tine::app {

void add_webp_profile(std::vector<std::uint8_t>& file, const std::vector<std::uint8_t>& profile) {
  const WebPData whole{file.data(), file.size()}, chunk{profile.data(), profile.size()};
  const std::unique_ptr<WebPMux, void (*)(WebPMux*)> mux(WebPMuxCreate(&whole, 1), WebPMuxDelete);
  WebPData with{};
  WebPDataInit(&with);
  if (!mux || WebPMuxSetChunk(mux.get(), "ICCP", &chunk, 1) != WEBP_MUX_OK ||
      WebPMuxAssemble(mux.get(), &with) != WEBP_MUX_OK)
    throw Failure("its colour profile cannot be kept (--no-metadata leaves it out)");
  file.assign(with.bytes, with.bytes + with.size);
  WebPDataClear(&with);
}

}  // namespace tine::app
