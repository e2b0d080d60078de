#include "omma/vision/mask_json.h"

#include <array>

#include "omma/base/error.h"

namespace omma {

json rle_json(const RunLengths& mask) { return {{"size", {mask.height, mask.width}}, {"counts", compress(mask)}}; }

RunLengths read_rle(const json& rle) {
  try {
    const auto [height, width] = rle.at("size").get<std::array<int, 2>>();
    return decompress(rle.at("counts").get<std::string>(), width, height);
  } catch (const json::exception& error) {
    fail("run lengths: {}", error.what());
  }
}

}  // namespace omma
