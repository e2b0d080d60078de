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
  std::vector<MatchResult> match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                      const MatchOptions& options = {}) override;
  std::vector<std::vector<float>> embed_images(std::span<const Image> images) override;
  std::vector<std::vector<float>> embed_texts(std::span<const std::string> texts) override;

 private:
  PaddedTexts tokenize(std::span<const std::string> texts, const std::optional<int>& max_tokens = {}) const;
  // R texts a picture: the same for all, or each picture's own.
  std::vector<MatchResult> compare(std::span<const Image> images, const PaddedTexts& texts, int64_t rows,
                                   const MatchOptions& options);
  struct Scores {
    Tensor probabilities;  // [P, R]
    Tensor embeddings;     // of the texts; undefined where they were not asked for or did not fit into the first pass
  };
  Scores match_images(const Tensor& features, const PaddedTexts& texts, int64_t rows, bool embed);  // features [P, S, C]

  BlipCheckpoint checkpoint_;
};

}  // namespace omma
