// Text to boxes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "omma/tasks/image_embedding.h"
#include "omma/tasks/timing.h"
#include "omma/vision/boxes.h"
#include "omma/vision/image.h"

namespace omma {

struct Detection {
  std::string label;
  std::optional<int> phrase_index;  // place among the phrases given; none for a free caption
  float score = 0;                  // 0..1
  Box box;                          // pixels of the image given, clipped to it, not rounded
};

// What to look for: phrases, each found or not by itself, or one free caption ("a cat. a dog.") whose words label the boxes.
// Exactly one of the two is set.
struct DetectionPrompt {
  std::vector<std::string> phrases;
  std::optional<std::string> caption;
};

struct DetectionOptions {
  std::optional<float> box_threshold;   // a detection's least score; default: the model's own
  std::optional<float> text_threshold;  // a token's least score to join a caption's label; default: the model's own
  std::optional<float> nms;             // IoU of class-agnostic suppression; default: only where phrases filled several prompts
};

struct DetectionResult {
  std::vector<Detection> detections;  // by falling score
  Timing timing = {};
};

// Not thread-safe: one thread at a time per instance; instances are independent.
class Detector {
 public:
  virtual ~Detector() = default;

  // One result per image, the same as for the image alone (within 1e-4). Throws std::invalid_argument for an empty image, an
  // empty phrase or caption, no prompt, or a threshold outside 0..1.
  virtual std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                              const DetectionOptions& options = {}) = 0;

  // A picture for many prompts: what depends on it alone is done once, where the detector has such a part (a detector that has none
  // keeps the picture). The two together give what detect() gives; `encode` of the result's timing is what the prompt added.
  // Throws std::invalid_argument as above, and for an embedding that another detector made.
  virtual std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) { return std::make_shared<KeptImage>(image); }
  virtual DetectionResult detect_encoded(const ImageEmbedding& image, const DetectionPrompt& prompt,
                                         const DetectionOptions& options = {}) {
    return std::move(detect({&KeptImage::of(image), 1}, prompt, options).at(0));
  }

  // The names of all that it was taught, where that is a closed list; else none.
  virtual std::vector<std::string> taught_names() const { return {}; }
};

}  // namespace omma
