// Contrast of two sets of embeddings with soft targets, and hard negatives drawn from their similarities (ALBEF, Li et al. 2021;
// BLIP). B rows, K candidates.
#pragma once

#include "omma/nn/torch.h"

namespace omma {

// alpha softmax(logits) + (1 - alpha) positives / (positives of the row): logits [B, K] of a momentum model, positives [B, K] 0 or
// 1 with at least one a row.
torch::Tensor soft_targets(const torch::Tensor& logits, const torch::Tensor& positives, double alpha);

// Mean over rows of -sum targets log softmax(logits), both [B, K].
torch::Tensor soft_cross_entropy(const torch::Tensor& logits, const torch::Tensor& targets);

// Of B pictures and B texts in pairs (Radford et al. 2021, CLIP): the mean over both directions of the cross-entropy with each
// one's own among the candidates, logits [B, K] of texts and [B, K'] of pictures, where row i's own is column `first` + i.
torch::Tensor paired_contrastive_loss(const torch::Tensor& to_texts, const torch::Tensor& to_images, int64_t first = 0);

// For each row of weights [B, K] >= 0 a column, drawn in proportion by one number of uniform [B] in [0, 1). A row of zeros draws
// evenly. int64 [B].
torch::Tensor draw_columns(const torch::Tensor& weights, const torch::Tensor& uniform);

}  // namespace omma
