// GLIP's configuration, in a layout of omma's own: the authors have YAML files for their training program (see convert.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/nn/bert.h"
#include "omma/nn/swin.h"

namespace omma::glip {

struct Config {
  std::string model_type = "glip";
  SwinConfig backbone_config;
  BertConfig text_config;

  int64_t d_model = 256;            // channels of the pyramid and the head
  int64_t head_layers = 6;          // 8 in GLIP-L
  bool fusion = true;               // false: GLIP-T (A), whose head never sees the words before the dot product
  int64_t fusion_inner_dim = 2048;  // of all its heads
  int64_t fusion_heads = 8;
  int64_t norm_groups = 16;
  double layer_norm_eps = 1e-5;
  int64_t max_text_len = 256;  // tokens of one prompt

  // From the head to boxes (boxes.h).
  std::vector<int64_t> anchor_sizes = {64, 128, 256, 512,
                                       1024};  // sides of the square of each level, in the resized picture's pixels
  double score_threshold = 0.05;               // a name's least mean probability, without the centerness
  int64_t pre_nms_top_n = 1000;                // of a level
  double nms_threshold = 0.6;                  // within a name
  int64_t detections_per_image = 100;          // of one prompt
  int64_t size_divisor = 32;                   // pictures are filled up to multiples of it

  std::optional<double> box_threshold;     // a detection's least score, of a caption's
  std::optional<double> text_threshold;    // a token's least probability to join a caption's label
  std::optional<double> phrase_threshold;  // a phrase's least score

  template <class Fields>
  void fields(Fields& field) {
    field("model_type", model_type);
    field("backbone_config", backbone_config);
    field("text_config", text_config);
    field("d_model", d_model, Range{4, 16384});
    field("head_layers", head_layers, Range{1, 64});
    field("fusion", fusion);
    field("fusion_inner_dim", fusion_inner_dim, Range{1, 131072});
    field("fusion_heads", fusion_heads, Range{1, 256});
    field("norm_groups", norm_groups, Range{1, 4096});
    field("layer_norm_eps", layer_norm_eps, Range{1e-15, 1});
    field("max_text_len", max_text_len, Range{4, 4096});
    field("anchor_sizes", anchor_sizes, Range{1, 65536});
    field("score_threshold", score_threshold, Range{0, 1});
    field("pre_nms_top_n", pre_nms_top_n, Range{1, 1'000'000});
    field("nms_threshold", nms_threshold, Range{0, 1});
    field("detections_per_image", detections_per_image, Range{1, 100'000});
    field("size_divisor", size_divisor, Range{1, 4096});
    field("box_threshold", box_threshold, Range{0, 1});
    field("text_threshold", text_threshold, Range{0, 1});
    field("phrase_threshold", phrase_threshold, Range{0, 1});
  }
  void validate(Faults& faults) const;
};

inline constexpr std::size_t levels = 5;  // of the pyramid: P3 to P7, 8 to 128 pixels a cell

// Throws std::invalid_argument listing every fault.
Config read_model_config(const json& object, std::string_view where);

}  // namespace omma::glip
