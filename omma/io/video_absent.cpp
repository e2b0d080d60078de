// The minimal build has no FFmpeg.
#include "omma/base/error.h"
#include "omma/io/video_file.h"

namespace omma {

bool is_video(std::span<const std::uint8_t>) { return false; }

VideoClip read_video(const std::filesystem::path& file, const FrameSampling&, const VideoLimits&) {
  fail("{}: this build reads no video (OMMA_MINIMAL)", file.string());
}

VideoClip decode_video(std::span<const std::uint8_t>, std::string_view name, const FrameSampling&, const VideoLimits&) {
  fail("{}: this build reads no video (OMMA_MINIMAL)", name);
}

}  // namespace omma
