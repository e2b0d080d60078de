// Checkpoints of LLaVA's authors (haotian-liu/LLaVA 1.2.2) to model directories.
#pragma once

#include <filesystem>

#include "omma/models/conversion.h"

namespace omma {

// Whether the config is the authors' (is_original_config()), or the file holds their projector.
bool is_original_llava(const ConversionSource& source);

// Writes into the existing directory `to` what transformers' LlavaForConditionalGeneration, or for anyres
// LlavaNextForConditionalGeneration, and load_llava() read. The source is a whole checkpoint, a projector, an adapter or a delta
// (original_weights()), its config.json ConversionSource::config_file or the one beside it. Weights get the type of the language
// model's. A linear projector becomes one before an identity; the vocabulary grows as transformers' own conversion makes it grow,
// to <image>, <pad> and a multiple of 64, but the new rows are the mean of the old ones, which that draws around it; how pictures
// become squares (image_aspect_ratio) goes into preprocessor_config.json. Throws std::invalid_argument: all missing, unexpected and
// misshapen tensors in one, absent towers, bases and tokenizers with the command that fetches them.
void convert_llava(const ConversionSource& source, const std::filesystem::path& to);

}  // namespace omma
