// The minimal build has no FFmpeg.
#include "omma/base/error.h"
#include "omma/io/clip.h"

namespace omma {

bool is_clip(std::span<const std::uint8_t>) { return false; }

Clip read_clip(const std::filesystem::path& file, const FrameSampling&, const ClipLimits&) {
  fail("{}: this build reads no video (OMMA_MINIMAL)", file.string());
}

Clip decode_clip(std::span<const std::uint8_t>, std::string_view name, const FrameSampling&, const ClipLimits&) {
  fail("{}: this build reads no video (OMMA_MINIMAL)", name);
}

}  // namespace omma
