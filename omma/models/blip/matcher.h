// BLIP's text encoder as a matcher.
#pragma once

#include "omma/models/blip/checkpoint.h"
#include "omma/tasks/matcher.h"

namespace omma {

// A directory with a text encoder and the heads of contrast and matching. A picture's cross-attention keys and values are computed
// once, whatever the number of texts. Not thread-safe.
class BlipMatcher : public Matcher {
 public:
  explicit BlipMatcher(BlipCheckpoint checkpoint);

  std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts,
                                 const MatchOptions& options = {}) override;
  std::vector<std::vector<float>> embed_images(std::span<const Image> images) override;
  std::vector<std::vector<float>> embed_texts(std::span<const std::string> texts) override;

 private:
  BlipTexts tokenize(std::span<const std::string> texts) const;
  Tensor match_probabilities(const Tensor& features, const BlipTexts& texts);  // [P, S, C] -> [P, R]

  BlipCheckpoint checkpoint_;
};

}  // namespace omma
