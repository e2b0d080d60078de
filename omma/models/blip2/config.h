// BLIP-2's configuration, as transformers' config.json holds it (model type "blip-2").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/blip/config.h"
#include "omma/models/blip2/qformer.h"

namespace omma {

// EVA's ViT-g, or CLIP's ViT-L; a BLIP encoder with other defaults.
struct Blip2VisionConfig : BlipVisionConfig {
  Blip2VisionConfig();
};

struct Blip2Config {
  std::vector<std::string> architectures = {"Blip2ForImageTextRetrieval"};
  Blip2VisionConfig vision_config;
  QFormerConfig qformer_config;
  int64_t num_query_tokens = 32;
  int64_t image_text_hidden_size = 256;  // of the space of the contrast

  template <class Fields>
  void fields(Fields& field) {
    field("architectures", architectures);
    field("vision_config", vision_config);
    field("qformer_config", qformer_config);
    field("num_query_tokens", num_query_tokens, Range{1, 4096});
    field("image_text_hidden_size", image_text_hidden_size, Range{1, 16384});
  }
  void validate(Faults& faults) const;
};

// The tasks that a config.json is for: "match".
std::vector<std::string> blip2_tasks(const json& config, const std::string& where);

// Reads what transformers 4 or 5 wrote. Throws std::invalid_argument listing every fault.
Blip2Config read_blip2_config(const json& object, std::string_view where);

// As transformers reads it.
json write_blip2_config(const Blip2Config& config);

}  // namespace omma
