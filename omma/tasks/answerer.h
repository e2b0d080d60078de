// Questions about pictures and clips.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/tasks/generation_options.h"
#include "omma/tasks/timing.h"
#include "omma/vision/image.h"
#include "omma/vision/video.h"

namespace omma {

struct VisualQuestion {
  std::span<const Image> images = {};      // what it is about
  std::span<const VideoClip> videos = {};  // likewise, after the pictures
  std::string text = {};
};

struct AnswerOptions {
  GenerationOptions generation = {};      // of generated answers
  std::vector<std::string> answers = {};  // a closed list to choose from (ranked by the model); empty: the answer is generated
};

struct AnswerResult {
  std::string answer;
  double score = 0;  // mean log-probability of its tokens; of a ranked answer their sum
  Timing timing = {};
};

// Not thread-safe: one thread at a time per instance; instances are independent.
class Answerer {
 public:
  virtual ~Answerer() = default;

  // One result per question, the same as for the question alone. Throws std::invalid_argument for an empty question or image, or
  // for more images or clips than the model can look at.
  virtual std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options = {}) = 0;

  // How many frames of a clip the model was taught to see; none: it sees no clips.
  virtual std::optional<int> video_frames() const { return std::nullopt; }
};

}  // namespace omma
