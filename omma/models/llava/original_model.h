// Steps from a checkpoint of LLaVA's authors, or of a relative's, to a model directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "omma/io/tensor_file.h"
#include "omma/models/conversion.h"
#include "omma/models/llava/original.h"
#include "omma/nn/generation_config.h"
#include "omma/nn/torch.h"

namespace omma {

// The config that lies beside the checkpoint, or the caller's. Throws std::invalid_argument where there is none, or it is that of a
// model directory already.
OriginalLlava open_original_llava(const ConversionSource& source);

// The type of the words' embeddings, as of all the language model.
torch::Dtype dtype_of_words(const TensorFile& weights);

// How many rows a vocabulary of at least `rows` has with so many tokens: a multiple of 64, as transformers' conversion pads it.
int64_t rows_for(int64_t tokens, int64_t rows);

// The model's weights, adapters in them, with so many rows of embeddings and head; the new ones are the mean of the others, which
// says nothing in particular.
TensorFile with_vocabulary(const torch::nn::Module& model, int64_t rows);

// generation_config.json of the checkpoint, else of its base, else what the config says. `talk` is the chat template's name.
GenerationConfig original_generation(const OriginalLlava& original, const ConversionSource& source,
                                     const std::optional<std::filesystem::path>& base, const std::string& talk);

}  // namespace omma
