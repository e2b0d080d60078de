// How well texts describe pictures.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "omma/tasks/timing.h"
#include "omma/vision/image.h"

namespace omma {

struct TextMatch {
  std::optional<float> itm;               // probability that the text describes the picture (image-text matching), 0..1
  std::optional<float> itc;               // cosine of the two embeddings (image-text contrast), -1..1
  std::optional<float> probability = {};  // softmax over the picture's texts of the cosines, scaled as the model learned to
};

struct MatchOptions {
  bool itm = true;
  bool itc = true;
  bool softmax = false;                // probability, of models that learned a scale
  std::optional<int> max_tokens = {};  // longer texts are cut; unset: those that do not fit are refused
};

struct MatchResult {
  std::vector<TextMatch> matches;  // one a text
  Timing timing = {};
};

// Not thread-safe: one thread at a time per instance; instances are independent.
class Matcher {
 public:
  virtual ~Matcher() = default;

  // Every text against every picture, one result a picture, the same as for the picture and the text alone (within 1e-4). A score
  // that is not asked for, or that the model has no head for, stays unset. Throws std::invalid_argument for an empty image or text,
  // and for softmax where the model has no scale.
  virtual std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts,
                                         const MatchOptions& options = {}) = 0;

  // Each picture's own texts against it alone, one list a picture; the same as match() for each.
  virtual std::vector<MatchResult> match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                              const MatchOptions& options = {}) {
    std::vector<MatchResult> results;
    for (std::size_t i = 0; i < images.size(); ++i)
      results.push_back(std::move(match(images.subspan(i, 1), texts[i], options).at(0)));
    return results;
  }

  // Whether there is a matching head.
  virtual bool has_itm() const { return true; }

  // Unit vectors in one space: what itc is the dot product of. Of a model that has several a picture (BLIP-2's queries) they stand
  // one behind another, and itc is the largest product, see image_text_similarity(). Throws std::invalid_argument where the model
  // has no such heads.
  virtual std::vector<std::vector<float>> embed_images(std::span<const Image> images) = 0;
  virtual std::vector<std::vector<float>> embed_texts(std::span<const std::string> texts) = 0;
};

// itc of a picture's embedding and a text's. Throws std::invalid_argument where the former is not of one or several of the latter's
// length.
inline float image_text_similarity(std::span<const float> image, std::span<const float> text) {
  if (text.empty() || image.empty() || image.size() % text.size() != 0)
    throw std::invalid_argument("similarity: expected embeddings of one space");
  float best = -std::numeric_limits<float>::infinity();
  for (std::size_t first = 0; first < image.size(); first += text.size())
    best = std::max(best, std::inner_product(text.begin(), text.end(), image.begin() + static_cast<std::ptrdiff_t>(first), 0.0F));
  return best;
}

}  // namespace omma
