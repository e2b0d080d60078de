// Video files: whatever the bytes, the frames asked for within the limits, or an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include "omma/io/video_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const omma::VideoLimits limits{.file_bytes = 1 << 16,
                                 .frame_pixels = 1 << 16,
                                 .taken_pixels = 1 << 18,
                                 .decoded_pixels = 1 << 22,
                                 .frames = 1000,
                                 .seconds = 1e6,
                                 .deadline = 5,
                                 .threads = 1};
  try {
    const omma::VideoClip clip = omma::decode_video({data, size}, "fuzz", {.count = 3}, limits);
    if (clip.frames.size() != 3) std::abort();
  } catch (const std::invalid_argument&) {
  } catch (const std::runtime_error&) {
  }
  return 0;
}
