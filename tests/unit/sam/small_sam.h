// A SAM that answers in milliseconds.
#pragma once

#include "omma/base/json.h"

namespace omma::sam {

// Reads 64 x 64 pixels in patches of 8.
inline json small_sam() {
  return {{"model_type", "sam"},
          {"vision_config",
           {{"hidden_size", 32},
            {"output_channels", 32},
            {"num_hidden_layers", 2},
            {"num_attention_heads", 2},
            {"image_size", 64},
            {"patch_size", 8},
            {"window_size", 4},
            {"global_attn_indexes", {1}},
            {"num_pos_feats", 16}}},
          {"prompt_encoder_config", {{"hidden_size", 32}, {"image_size", 64}, {"patch_size", 8}}},
          {"mask_decoder_config", {{"hidden_size", 32}, {"mlp_dim", 64}, {"num_attention_heads", 2}, {"iou_head_hidden_dim", 32}}}};
}

}  // namespace omma::sam
