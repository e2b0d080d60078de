// Rotary position embedding and its length scalings (Su et al. 2021, "RoFormer"; LLaMA's half-split layout: dimension d turns
// together with d + D/2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/torch.h"

namespace omma {

// Read from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (transformers 4).
struct RopeConfig {
  double theta = 10000;
  std::string type = "default";  // default | linear | dynamic | llama3 | yarn
  double factor = 1;
  std::optional<int64_t> original_max_position_embeddings;  // the length trained on; default: max_position_embeddings
  double low_freq_factor = 1;                               // llama3
  double high_freq_factor = 4;                              // llama3
  double beta_fast = 32;                                    // yarn
  double beta_slow = 1;                                     // yarn
  std::optional<double> attention_factor;                   // yarn; default: from factor and the two mscales
  std::optional<double> mscale;                             // yarn
  std::optional<double> mscale_all_dim;                     // yarn
  bool truncate = true;                                     // yarn: whole dimensions bound the ramp
  std::vector<double> divisors = {};  // of each of the D / 2 frequencies, as a GGUF file tells them; no field of a config.json

  template <class Fields>
  void fields(Fields& field) {
    field(FieldNames{"rope_parameters.rope_theta", "rope_theta"}, theta, Range{1, 1e12});
    field(FieldNames{"rope_parameters.rope_type", "rope_scaling.rope_type", "rope_scaling.type"}, type);
    field(FieldNames{"rope_parameters.factor", "rope_scaling.factor"}, factor, Range{1, 1e6});
    field(FieldNames{"rope_parameters.original_max_position_embeddings", "rope_scaling.original_max_position_embeddings",
                     "original_max_position_embeddings"},
          original_max_position_embeddings, Range{1, 1e9});
    field(FieldNames{"rope_parameters.low_freq_factor", "rope_scaling.low_freq_factor"}, low_freq_factor, Range{1e-6, 1e6});
    field(FieldNames{"rope_parameters.high_freq_factor", "rope_scaling.high_freq_factor"}, high_freq_factor, Range{1e-6, 1e6});
    field(FieldNames{"rope_parameters.beta_fast", "rope_scaling.beta_fast"}, beta_fast, Range{1e-6, 1e6});
    field(FieldNames{"rope_parameters.beta_slow", "rope_scaling.beta_slow"}, beta_slow, Range{1e-6, 1e6});
    field(FieldNames{"rope_parameters.attention_factor", "rope_scaling.attention_factor"}, attention_factor, Range{1e-6, 1e6});
    field(FieldNames{"rope_parameters.mscale", "rope_scaling.mscale"}, mscale, Range{0, 1e6});
    field(FieldNames{"rope_parameters.mscale_all_dim", "rope_scaling.mscale_all_dim"}, mscale_all_dim, Range{0, 1e6});
    field(FieldNames{"rope_parameters.truncate", "rope_scaling.truncate"}, truncate);
  }
  void validate(Faults& faults) const;
};

// Cosine and sine of every position and dimension, each [..., T, D] for positions [..., T].
struct RopeAngles {
  torch::Tensor cos;
  torch::Tensor sin;
};

class Rope {
 public:
  Rope() = default;
  Rope(RopeConfig config, int64_t head_dim, int64_t max_position_embeddings);

  // `positions` are int64; `length` is the highest position plus one, which "dynamic" scales by. Computed in fp32, given in
  // `dtype`.
  RopeAngles angles(const torch::Tensor& positions, int64_t length, torch::Dtype dtype) const;

 private:
  torch::Tensor frequencies(int64_t length) const;  // [D/2] radians a position
  torch::Tensor plain_frequencies(double theta) const;
  torch::Tensor llama3_frequencies() const;
  torch::Tensor yarn_frequencies() const;
  double original_length() const;

  RopeConfig config_;
  int64_t head_dim_ = 0;
  int64_t max_positions_ = 0;
  double attention_factor_ = 1;
  torch::Tensor frequencies_;  // of every type but "dynamic" beyond max_positions_
};

// Turns queries or keys `x` [B, N, T, D] by the angles [T, D] or [B, T, D].
torch::Tensor rotate(const torch::Tensor& x, const RopeAngles& angles);

}  // namespace omma
