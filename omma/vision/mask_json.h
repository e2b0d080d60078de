// Masks in JSON, as COCO has them.
#pragma once

#include "omma/base/json.h"
#include "omma/vision/mask.h"

namespace omma {

// {"size": [height, width], "counts": "..."}.
json rle_json(const RunLengths& mask);

// What rle_json() wrote. Throws std::invalid_argument for anything else.
RunLengths read_rle(const json& rle);

}  // namespace omma
