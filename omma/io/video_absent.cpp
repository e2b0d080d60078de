// The minimal build has no FFmpeg.
#include "omma/base/error.h"
#include "omma/io/clip_reader.h"

namespace omma {

bool begins_video_container(std::span<const std::uint8_t>) { return false; }

std::unique_ptr<ClipReader> open_video_container(std::shared_ptr<const ByteSource>, DecodingBudget& budget) {
  fail("{}: this build reads no video (OMMA_MINIMAL)", budget.name());
}

}  // namespace omma
