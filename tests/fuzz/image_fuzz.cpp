// Picture files: whatever the bytes, a picture of the size that its header tells or std::invalid_argument.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include "omma/io/image_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const omma::ImageLimits limits{.pixels = 1 << 20};
    const omma::Image image = omma::decode_image({data, size}, "fuzz", limits);
    if (omma::decode_image_size({data, size}, "fuzz", limits) != omma::ImageSize{image.width, image.height}) std::abort();
    if (image.data.size() != 3 * static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height)) std::abort();
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
