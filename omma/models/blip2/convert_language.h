// The frozen language models of LAVIS's BLIP-2, as its authors set them up.
#pragma once

#include <filesystem>

#include "omma/base/json.h"
#include "omma/models/blip2/config.h"
#include "omma/models/conversion.h"
#include "omma/models/tensor_set.h"

namespace omma {

struct FrozenLanguage {
  std::filesystem::path directory;
  json tokenizer, tokenizer_config;  // null: the directory's own files
};

// The tensors of ConversionSource::base behind "language_model.", and its part of the config: OPT ends a text with a new line; T5
// has the exact GELU; Vicuna reads </s> before a text, not <s>, and has the tokens [PAD] and <image>, which transformers wants
// and omma never reads. Throws std::invalid_argument where no base is named or it is not of `model_type`.
FrozenLanguage add_blip2_language(const ConversionSource& source, const std::string& model_type, TensorSet& tensors,
                                  Blip2Config& config);

}  // namespace omma
