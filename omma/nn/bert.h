// BERT's encoder (Devlin et al. 2018), without pooler. Weights under the names of transformers' BertModel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/bert_layers.h"
#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"

namespace omma {

struct BertConfig {
  std::string model_type = "bert";
  int64_t vocab_size = 30522;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  std::string hidden_act = "gelu";
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  int64_t max_position_embeddings = 512;
  int64_t type_vocab_size = 2;
  double layer_norm_eps = 1e-12;
  std::optional<int64_t> pad_token_id = 0;

  template <class Fields>
  void fields(Fields& field) {
    field("model_type", model_type);
    field("vocab_size", vocab_size, Range{1, 4'000'000});
    field("hidden_size", hidden_size, Range{1, 16384});
    field("num_hidden_layers", num_hidden_layers, Range{0, 128});
    field("num_attention_heads", num_attention_heads, Range{1, 256});
    field("intermediate_size", intermediate_size, Range{1, 131072});
    field("hidden_act", hidden_act);
    field("hidden_dropout_prob", hidden_dropout_prob, Range{0, 0.99});
    field("attention_probs_dropout_prob", attention_probs_dropout_prob, Range{0, 0.99});
    field("max_position_embeddings", max_position_embeddings, Range{1, 131072});
    field("type_vocab_size", type_vocab_size, Range{1, 1024});
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("pad_token_id", pad_token_id, Range{0, 4'000'000});
  }
  void validate(Faults& faults) const;
};

class BertEncoderImpl : public torch::nn::Module {
 public:
  explicit BertEncoderImpl(const BertConfig& config);

  struct Input {
    Tensor input_ids;       // [B, T] int64
    Tensor attention_mask;  // [B, T, T] bool, true = row may attend to column; each row needs one
    Tensor position_ids;    // [B, T] int64
  };
  Tensor forward(const Input& input);  // [B, T, hidden_size]

 private:
  torch::nn::Embedding word_embeddings_ = nullptr;
  torch::nn::Embedding position_embeddings_ = nullptr;
  torch::nn::Embedding token_type_embeddings_ = nullptr;
  torch::nn::LayerNorm norm_ = nullptr;
  double dropout_;
  std::vector<BertLayer> layers_;
};
TORCH_MODULE(BertEncoder);

}  // namespace omma
