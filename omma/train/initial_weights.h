// Starting a model from another's weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "omma/nn/tensor.h"
#include "omma/nn/torch.h"
#include "omma/text/tokenizer.h"

namespace omma {

// How many of a module's parameters and buffers were there to copy.
struct InitialWeights {
  int64_t copied = 0, wanted = 0;
};

// A weight of another model in the shape of ours, where the model knows how (positions of another grid); else undefined.
using FitWeight = std::function<Tensor(const std::string& name, const Tensor& theirs, torch::IntArrayRef shape)>;

// Copies into `module` every tensor of a safetensors file or model directory whose name and shape fit one of its parameters or
// buffers, and what `fit` makes fit; the others are counted in a log line. Throws std::invalid_argument where none fits, and where
// one that fits holds whole numbers in place of floating ones (a quantized model's) or the other way round.
InitialWeights load_matching_weights(torch::nn::Module& module, const std::filesystem::path& file_or_directory,
                                     const FitWeight& fit = {});

// A vocabulary that grew does not fit as a whole: copies into the module's parameter `name` [tokens of `tokenizer`, C] row by row
// those of the model directory's tensor of that name whose tokens `tokenizer` knows. Nothing where the directory has no such
// tensor or no tokenizer.
void load_known_embeddings(torch::nn::Module& module, const std::string& name, const Tokenizer& tokenizer,
                           const std::filesystem::path& directory);

}  // namespace omma
