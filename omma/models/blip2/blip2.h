// BLIP-2 (Li et al. 2023, arXiv:2301.12597): a frozen picture encoder, a Q-Former, and heads upon its queries. Weights under the
// names of transformers' Blip2ForImageTextRetrieval.
//
// P pictures of S tokens, Q queries, R texts of T tokens, C channels of the Q-Former, E of the space of the contrast.
#pragma once

#include "omma/models/blip/vision.h"
#include "omma/models/blip2/config.h"
#include "omma/nn/linear.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

class Blip2RetrievalImpl : public torch::nn::Module {
 public:
  explicit Blip2RetrievalImpl(const Blip2Config& config);

  // What the queries say of pictures, each without a text: features [P, S, ...] -> [P, Q, C].
  Tensor ask_pictures(const Tensor& features);

  // Unit vectors: every query's of a picture [P, Q, E], and the first token's of a text [R, E]. Neither sees the other. `mask` [R,
  // T], true = a token; undefined: none is padded.
  Tensor embed_pictures(const Tensor& features);
  Tensor embed_texts(const Tensor& input_ids, const Tensor& mask);

  // Matching: queries and text see each other, and the head's mean over the queries says whether they belong together. Text r G ...
  // of picture r: ids [P G, T] -> logits [P G, 2].
  Tensor match_logits(const QFormerPicture& picture, const Tensor& input_ids, const Tensor& mask);

  const Blip2Config& config() const { return config_; }

  BlipVisionModel vision_model;
  QFormer qformer;

 private:
  Tensor embed_words(const Tensor& input_ids);  // [R, T] -> [R, T, C]

  Blip2Config config_;
  Tensor query_tokens_;  // [1, Q, C]
  torch::nn::Embedding word_embeddings_ = nullptr, position_embeddings_ = nullptr;
  Linear vision_projection_ = nullptr, text_projection_ = nullptr, itm_head_ = nullptr;
};
TORCH_MODULE(Blip2Retrieval);

}  // namespace omma
