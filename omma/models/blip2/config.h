// BLIP-2's and InstructBLIP's configurations, as transformers' config.json holds them (model types "blip-2" and "instructblip").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/base/config.h"
#include "omma/models/blip/config.h"
#include "omma/models/blip2/qformer.h"
#include "omma/models/language/network.h"

namespace omma {

// EVA's ViT-g, or CLIP's ViT-L; a BLIP encoder with other defaults.
struct Blip2VisionConfig : BlipVisionConfig {
  Blip2VisionConfig();
};

enum class Blip2Kind {
  retrieval,  // Blip2ForImageTextRetrieval: the Q-Former's own heads
  language,   // Blip2ForConditionalGeneration: its queries before a language model's prompt
  instruct,   // InstructBlipForConditionalGeneration: which read the prompt, too
};

struct Blip2Config {
  Blip2Kind kind = Blip2Kind::retrieval;
  Blip2VisionConfig vision_config;
  QFormerConfig qformer_config;
  int64_t num_query_tokens = 32;
  int64_t image_text_hidden_size = 256;       // retrieval: of the space of the contrast
  std::optional<LanguageConfig> text_config;  // of the others
  std::optional<int64_t> image_token_index;   // likewise: what stands in ids for a query; first files have none
  std::optional<int64_t> bos_token_id;        // likewise: text_config's
  json eos_token_id;                          // likewise: ends a text; null: as generation_config.json has it

  // Whether the Q-Former reads text.
  bool has_text() const { return kind != Blip2Kind::language || qformer_config.use_qformer_text_input; }

  template <class Fields>  // but for text_config
  void fields(Fields& field) {
    field("vision_config", vision_config);
    field("qformer_config", qformer_config);
    field("num_query_tokens", num_query_tokens, Range{1, 4096});
    field("image_text_hidden_size", image_text_hidden_size, Range{1, 16384});
    field(FieldNames{"image_token_index", "image_token_id"}, image_token_index, Range{0, 1 << 24});
  }
  void validate(Faults& faults) const;
};

// The tasks that a config.json is for: "match", or "caption" and "answer".
std::vector<std::string> blip2_tasks(const json& config, const std::string& where);

// Reads what transformers 4 or 5 wrote. Throws std::invalid_argument listing every fault.
Blip2Config read_blip2_config(const json& object, std::string_view where);

// As transformers reads it.
json write_blip2_config(const Blip2Config& config);

}  // namespace omma
