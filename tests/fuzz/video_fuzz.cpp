// Video files and animations: whatever the bytes, the frames asked for within the limits, or an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include "omma/io/clip_reader.h"
#include "omma/io/video_file.h"

namespace {

constexpr omma::VideoLimits limits{.file_bytes = 1 << 16,
                                   .frame_pixels = 1 << 16,
                                   .taken_pixels = 1 << 18,
                                   .decoded_pixels = 1 << 22,
                                   .frames = 1000,
                                   .seconds = 1e6,
                                   .deadline = 5,
                                   .threads = 1,
                                   .in_child = false};

void read_some(std::span<const std::uint8_t> bytes) {
  const omma::VideoClip clip = omma::decode_video(bytes, "fuzz", {.count = 3}, limits);
  if (clip.frames.size() != 3) std::abort();
}

// As a stream does it.
void read_all(std::span<const std::uint8_t> bytes) {
  omma::DecodingBudget budget("fuzz", limits);
  budget.within_memory([&] {
    const auto reader = omma::open_clip({.path = {}, .bytes = bytes}, budget);
    const omma::ClipContents& contents = reader->contents();
    for (std::size_t number = 0; number < contents.times.size(); ++number) {
      const omma::Image image = reader->frame(number).image;
      if (image.width != contents.width || image.height != contents.height) std::abort();
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto read : {read_some, read_all}) {
    try {
      read({data, size});
    } catch (const std::invalid_argument&) {
    } catch (const std::runtime_error&) {
    }
  }
  return 0;
}
