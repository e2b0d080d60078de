// Denoising queries (DN-DETR, Li et al. 2022; contrastive as in DINO, Zhang et al. 2022, section 3.3): the decoder is also given
// disturbed ground truth, whose answer is known without matching, and so learns to refine boxes from the first step on.
//
// DINO's content is a learned embedding of the (disturbed) class. With an open vocabulary there is no class to embed: the content
// here is the mean of the phrase's text features before the enhancer. It needs no weights of its own, so the saved model is the
// plain architecture, and phrases never seen before would work alike.
//
// B samples, D denoising queries, G groups, Q ordinary queries, T text tokens, C channels.
#pragma once

#include <cstdint>
#include <vector>

#include "omma/base/rng.h"
#include "omma/models/grounding_dino/decoder.h"
#include "omma/nn/torch.h"
#include "omma/recipes/grounding_dino/targets.h"

namespace omma::grounding_dino {

struct DenoisingOptions {
  int64_t queries = 100;     // about how many; at least one group is made. 0: no denoising
  double label_noise = 0.5;  // half of this share of the queries is given another phrase of the prompt
  double box_noise = 1.0;    // corners move by up to this share of half the box; negatives by one to two times that
};

// Each group holds every box of a sample twice: a positive, near the box, and a negative, too far away to claim it. Samples with
// fewer boxes than the fullest are padded.
struct DenoisingBatch {
  DenoisingQueries queries;
  int64_t groups = 0;
  Tensor used;                     // [B, D] float32, 1 but for padding
  std::vector<int64_t> positives;  // places b D + d of the positives
  std::vector<int64_t> boxes;      // of each positive, the row in Targets::boxes
};

// `text` [B, T, C] is TextFeatures::features, on any device; the result is beside it. D is 0 where no sample has a box.
DenoisingBatch make_denoising(const Targets& targets, const Tensor& text, int64_t ordinary_queries, const DenoisingOptions& options,
                              Rng& rng);

// [D + Q, D + Q] bool, true = may not attend: ordinary queries see no denoising query, groups do not see one another.
Tensor denoising_mask(int64_t groups, int64_t group_size, int64_t ordinary_queries);

}  // namespace omma::grounding_dino
