// The frozen picture encoders of LAVIS's BLIP-2 under transformers' names.
#pragma once

#include "omma/models/blip2/config.h"
#include "omma/models/conversion.h"
#include "omma/models/tensor_set.h"

namespace omma {

// The encoder's tensors and sizes, from the checkpoint `own` itself where it has one (visual_encoder.*), else from
// ConversionSource::vision:
// - EVA's ViT-g (eva_vit_g.pth), of whose file all blocks but the last are used;
// - CLIP's ViT-L (clip_vit_L.pth), of whose file 21 blocks are used. It has a normalisation before its first block, which
//   transformers' Blip2VisionModel lacks: such a directory runs in omma alone.
// - a directory of transformers' BLIP-2.
// Heads are counted from their channels, 88 of EVA and 64 of CLIP, unless the config_file tells
// vision_config.num_attention_heads. Throws std::invalid_argument where none is there.
void add_blip2_vision(const ConversionSource& source, const TensorFile& own, TensorSet& tensors, Blip2VisionConfig& config);

// How many heads `part` of the source's config_file says that it has, else one for every `width` of its channels.
int64_t blip2_heads(const ConversionSource& source, const char* part, int64_t channels, int64_t width);

}  // namespace omma
