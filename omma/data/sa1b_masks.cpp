// SA-1B: a JSON beside each picture, {"image": {...}, "annotations": [...]}, or the bare list of annotations that
// segment-anything's amg.py writes with --convert-to-rle.
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/data/label_files.h"
#include "omma/data/picture_size.h"
#include "omma/data/segmentation_collector.h"
#include "omma/data/text_records.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr const char* sa1b_category = "object";

class Sa1bLabels : public MaskLabels {
 public:
  std::size_t add(fs::path file) {
    files_.push_back(std::move(file));
    return files_.size() - 1;
  }

  PictureMasks masks(std::size_t place, ImageSize picture) const override {
    const json annotations = read_annotations(files_[place]);
    PictureMasks masks;
    for (std::size_t i = 0; i < annotations.size(); ++i) {
      const std::string where = fmt::format("annotations[{}]", i);
      try {
        const json& annotation = annotations[i];
        check(annotation.is_object(), "expected an annotation, got {}", dump_json(annotation).substr(0, 80));
        const json area = annotation.value("area", json());
        SegmentationTarget target{.area = area.is_number() && area.get<double>() >= 0 ? area.get<double>() : -1,
                                  .category = sa1b_category,
                                  .category_index = 0,
                                  .crowd = false};
        masks.add(read_mask_shape(annotation.value("segmentation", json())), std::move(target),
                  box_of_sides(annotation.value("bbox", json())), picture, where);
      } catch (const std::invalid_argument& error) {
        masks.leave_out(DatasetFault::malformed_mask, fmt::format("{}: {}", where, error.what()));
      }
    }
    return masks;
  }

 private:
  static json read_annotations(const fs::path& file) {
    try {
      json document = read_label_json(file);
      return document.is_array() ? document : list_in(document, "annotations", file.string());
    } catch (const std::invalid_argument& error) {
      throw SampleFault(DatasetFault::malformed_record, error.what());
    }
  }

  std::vector<fs::path> files_;
};

// A picture's path without its extension, from the folder.
std::string pair_name(const fs::path& file, const fs::path& folder) {
  return fs::path(file.lexically_relative(folder)).replace_extension().string();
}

}  // namespace

std::unique_ptr<SegmentationDataset> open_sa1b(const fs::path& path, std::string_view split,
                                               const SegmentationDatasetOptions& options) {
  const fs::path folder = split.empty() ? path : path_inside(path, split);
  check(fs::is_directory(folder), "data: expected a folder of pictures and JSON files, got {}", folder.string());
  const fs::path images = options.images.empty() ? folder : options.images;
  std::map<std::string, fs::path> picture_of;
  for (const fs::path& picture : pictures_below(images)) picture_of.try_emplace(pair_name(picture, images), picture);
  SegmentationCollector collector(options);
  auto labels = std::make_unique<Sa1bLabels>();
  for (const fs::path& file : files_below(folder)) {
    if (file.extension() != ".json") continue;
    const auto picture = picture_of.find(pair_name(file, folder));
    if (picture == picture_of.end()) {
      collector.report().leave_out_record(DatasetFault::missing_pair, file.lexically_relative(folder).string(),
                                          "labels without a picture");
      continue;
    }
    collector.add_picture({.key = picture->second.lexically_relative(images).string(),
                           .image = picture->second,
                           .size = {},
                           .place = labels->add(file)});
    picture_of.erase(picture);
  }
  for (const auto& [name, picture] : picture_of)
    collector.report().leave_out_record(DatasetFault::missing_pair, picture.lexically_relative(images).string(),
                                        "a picture without labels");
  return collector.finish(std::move(labels), {sa1b_category}, folder.string());
}

}  // namespace omma
