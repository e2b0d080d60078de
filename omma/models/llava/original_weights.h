// The tensors of LLaVA's authors, from whichever files they come in, under the names of their whole checkpoints:
// model.layers..., model.mm_projector.0.weight, model.image_newline, model.vision_tower.vision_tower..., lm_head.weight.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/models/conversion.h"
#include "omma/models/llava/original.h"
#include "omma/models/tensor_set.h"
#include "omma/nn/image_processor.h"
#include "omma/nn/tensor.h"
#include "omma/nn/weights.h"

namespace omma {

struct OriginalWeights {
  TensorSet tensors = {};
  std::optional<std::filesystem::path> base = {};  // the directory of what was needed beside the source
  bool projector_alone = false;
};

// Of a source that is one of
// - a whole checkpoint;
// - mm_projector.bin, or a directory with it and no weights: onto the base, a LLaMA;
// - a directory of adapter_config.json, adapter_model.bin and non_lora_trainables.bin: into the base, a LLaMA or whole LLaVA, by
//   nn/peft.h;
// - a delta, of which the base LLaMA was subtracted: the sum in the delta's type, extra rows of the vocabulary as they are (the
//   authors' llava/model/apply_delta.py). Whether weights are differences the last norm tells: a model's are about 1 and more in
//   the mean, a delta's close to 0. A delta takes ConversionSource::base. It is one where that is given or a name says "delta";
//   that a model is given a base, or a delta none, is an error.
// The base is ConversionSource::base, else what adapter_config.json or config.json names. Throws std::invalid_argument, for what
// is absent with the command that fetches it.
OriginalWeights original_weights(const ConversionSource& source, const OriginalLlava& original);

struct OriginalTower {
  ClipVisionConfig config;
  ImageProcessorConfig processor;
};

// The tower that the config names, CLIP's directory or ID in the Hugging Face cache; its weights go into `tensors` unless these
// have one. Then the ViT-L/14 at 336 pixels of OpenAI, which the authors' checkpoints hold, need not be there.
OriginalTower add_tower(const OriginalLlava& original, TensorSet& tensors);

// The directory of a tower that the config's `field` names; none where it is an ID that is not in the cache. The error for that.
std::optional<std::filesystem::path> find_tower(const std::string& name);
[[noreturn]] void fail_without_tower(const OriginalLlava& original, const char* field, const std::string& name);

// Its weights into `tensors`, each name behind `prefix`: of a CLIP the picture's part alone.
void add_tower_weights(const std::filesystem::path& directory, const std::string& prefix, TensorSet& tensors);

// From these names to those of LlavaForConditionalGeneration. A linear projector needs its identity.
KeyTable original_llava_keys(const LlavaConfig& config);

// linear_2 of a linear projector: the identity. Not where the tensors are too few to be a model of that width: a config alone shall
// not fill the memory.
void add_identity(TensorSet& tensors, int64_t channels);

}  // namespace omma
