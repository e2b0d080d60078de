#include "omma/vision/run_length.h"

#include "omma/base/error.h"

namespace omma {

RunLengthMask run_lengths(std::span<const std::uint8_t> mask, int width, int height, std::uint8_t value) {
  check(width >= 0 && height >= 0 && mask.size() == static_cast<std::size_t>(width) * static_cast<std::size_t>(height),
        "mask: expected {} x {} pixels, got {}", width, height, mask.size());
  RunLengthMask result{.width = width, .height = height, .counts = {}};
  bool inside = false;
  std::uint32_t length = 0;
  for (int x = 0; x < width; ++x) {
    for (int y = 0; y < height; ++y, ++length) {
      const bool set = mask[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)] == value;
      if (set == inside) continue;
      result.counts.push_back(length);
      length = 0;
      inside = set;
    }
  }
  result.counts.push_back(length);
  return result;
}

std::string compressed_counts(const RunLengthMask& mask) {
  std::string text;
  for (std::size_t i = 0; i < mask.counts.size(); ++i) {
    // The first three runs stand as they are; maskApi.c starts the differences at the fourth.
    std::int64_t rest = std::int64_t{mask.counts[i]} - (i > 2 ? std::int64_t{mask.counts[i - 2]} : 0);
    for (bool more = true; more;) {
      const auto group = static_cast<int>(rest & 31);
      rest >>= 5;
      more = (group & 16) != 0 ? rest != -1 : rest != 0;  // until the sign bit of the group tells the rest
      text += static_cast<char>('0' + (group | (more ? 32 : 0)));
    }
  }
  return text;
}

}  // namespace omma
