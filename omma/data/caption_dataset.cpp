#include "omma/data/caption_dataset.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/data/caption_readers.h"

namespace omma {

std::unique_ptr<CaptionDataset> open_caption_dataset(std::string_view spec, std::string_view split,
                                                     const CaptionDatasetOptions& options) {
  const std::size_t colon = std::min(spec.size(), spec.find(':'));
  const std::string_view kind = spec.substr(0, colon), path = spec.substr(std::min(spec.size(), colon + 1));
  if (kind == "world") return open_world_captions(path, split, options);
  if (kind == "webdataset") return open_webdataset(path, split, options);
  check(kind == "coco" || kind == "blip", "data: expected world, coco, blip or webdataset before the colon, got \"{}\"", spec);
  check(std::filesystem::exists(path), "data: {} does not exist", path);
  return kind == "coco" ? open_coco_captions(path, split, options) : open_blip_captions(path, options);
}

}  // namespace omma
