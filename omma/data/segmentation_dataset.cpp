#include "omma/data/segmentation_dataset.h"

#include <algorithm>
#include <array>
#include <functional>

#include "omma/base/error.h"
#include "omma/data/segmentation_collector.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct MaskKind {
  std::string_view name;
  std::unique_ptr<SegmentationDataset> (*open)(const fs::path&, std::string_view, const SegmentationDatasetOptions&);
};

constexpr std::array mask_kinds = {MaskKind{"coco", open_coco_masks}, MaskKind{"sa1b", open_sa1b},
                                   MaskKind{"labels", open_label_maps}, MaskKind{"voc", open_voc_masks},
                                   MaskKind{"yolo", open_yolo_masks}};

}  // namespace

std::unique_ptr<SegmentationDataset> open_segmentation_dataset(std::string_view spec, std::string_view split,
                                                               const SegmentationDatasetOptions& options) {
  const std::size_t colon = std::min(spec.size(), spec.find(':'));
  const std::string_view kind = spec.substr(0, colon), path = spec.substr(std::min(spec.size(), colon + 1));
  if (kind == "world") return open_world_masks(path, split);
  const auto row = std::ranges::find(mask_kinds, kind, &MaskKind::name);
  check(row != mask_kinds.end(), "data: expected world, coco, sa1b, labels, voc or yolo before the colon, got \"{}\"", spec);
  check(fs::exists(path), "data: {} does not exist", path);
  return row->open(path, split, options);
}

}  // namespace omma
