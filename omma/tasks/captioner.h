// Picture or clip in, caption out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "omma/tasks/generation_options.h"
#include "omma/tasks/timing.h"
#include "omma/vision/image.h"
#include "omma/vision/video.h"

namespace omma {

struct CaptionOptions {
  std::string prompt = {};  // the caption begins so, and the prompt is not part of what is returned
  GenerationOptions generation = {};
  std::vector<std::uint64_t> seeds = {};  // of sampling, one a picture; empty: generation.seed for every picture
};

struct GeneratedCaption {
  std::string text;
  double score = 0;  // mean log-probability of its tokens; of beam search by the length penalty
};

struct CaptionResult {
  std::vector<GeneratedCaption> captions;  // by falling score; one, unless a model gives more
  Timing timing = {};
};

// Not thread-safe: one thread at a time per instance; instances are independent.
class Captioner {
 public:
  virtual ~Captioner() = default;

  // One result per image, the same as for the image alone. Throws std::invalid_argument for an empty image, a prompt that does not
  // fit, or options out of range.
  virtual std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options = {}) = 0;

  // How many frames of a clip the model was taught to see; none: it sees no clips, and the other throws std::invalid_argument.
  virtual std::optional<int> video_frames() const { return std::nullopt; }
  virtual CaptionResult caption_video(const VideoClip& /*clip*/, const CaptionOptions& /*options*/ = {}) {
    throw std::invalid_argument("caption: this model sees pictures and no clips");
  }
};

}  // namespace omma
