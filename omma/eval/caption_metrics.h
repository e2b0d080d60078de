// BLEU and CIDEr-D of captions, number for number as pycocoevalcap computes them from the same tokens.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

namespace omma {

using Tokens = std::vector<std::string>;

// One picture.
struct CaptionCandidate {
  Tokens candidate;
  std::vector<Tokens> references;  // at least one
};

struct CaptionMetrics {
  std::array<double, 4> bleu = {};     // 1 to 4, of the corpus, 0..1; the closest reference's length counts
  double cider = 0;                    // mean of the pictures', 0..10: papers print it times 100
  std::vector<double> picture_ciders;  // for intervals; their document frequencies are of all pictures given
};

// Throws std::invalid_argument where there are no pictures or a picture has no reference.
CaptionMetrics caption_metrics(std::span<const CaptionCandidate> pictures);

}  // namespace omma
