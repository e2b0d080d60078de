#include "omma/data/detection_dataset.h"

#include "omma/base/error.h"
#include "omma/data/record_dataset.h"

namespace omma {

std::unique_ptr<DetectionDataset> open_detection_dataset(std::string_view spec, std::string_view split,
                                                         const DetectionDatasetOptions& options) {
  const std::size_t colon = std::min(spec.size(), spec.find(':'));
  const std::string_view kind = spec.substr(0, colon), path = spec.substr(std::min(spec.size(), colon + 1));
  if (kind == "world") return open_world(path, split, options);
  check(kind == "coco" || kind == "voc" || kind == "yolo" || kind == "odvg",
        "data: expected world, coco, voc, yolo or odvg before the colon, got \"{}\"", spec);
  check(std::filesystem::exists(path), "data: {} does not exist", path);
  if (kind == "coco") return open_coco(path, split, options);
  if (kind == "voc") return open_voc(path, split, options);
  return kind == "yolo" ? open_yolo(path, split, options) : open_odvg(path, split, options);
}

}  // namespace omma
