// The authors' YAML files (configs/pretrain/glip_Swin_T_O365.yaml, ...), which tell their program how to train and to test.
#pragma once

#include <string>

#include "omma/base/json.h"
#include "omma/models/glip/config.h"
#include "omma/nn/image_processor.h"

namespace omma::glip {

struct AuthorsSettings {
  Config config;
  ImageProcessorConfig processor;
};

// `settings` with what the file tells of testing put in: sizes and normalisation of pictures, anchors, thresholds, limits. `yaml`
// is what read_yaml() gives; names that it leaves out stay, and those of training are not looked at. Throws std::invalid_argument
// that begins with `where`, naming every setting that omma's model has not, and every one that contradicts `settings.config`, which
// the checkpoint's tensors tell.
AuthorsSettings with_authors_settings(AuthorsSettings settings, const json& yaml, const std::string& where);

}  // namespace omma::glip
