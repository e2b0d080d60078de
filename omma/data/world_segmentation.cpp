// The picture-book world as a segmentation data set: scenes are drawn when they are asked for.
#include "omma/base/error.h"
#include "omma/data/segmentation_collector.h"
#include "omma/data/world_masks.h"
#include "omma/data/world_settings.h"

namespace omma {
namespace {

class WorldSegmentation : public SegmentationDataset {
 public:
  explicit WorldSegmentation(const WorldSettings& settings) : settings_(settings) {
    for (int name = 0; name < world_name_count; ++name) categories_.emplace_back(world_noun(name).singular);
    if (settings.scene.emblems > 0) categories_.insert(categories_.end(), emblem_categories.begin(), emblem_categories.end());
  }

  std::size_t size() const override { return static_cast<std::size_t>(settings_.count); }
  SegmentationSample sample(std::size_t index) const override { return describe(draw(index), index); }
  Image image(std::size_t index) const override { return draw(index).image; }
  bool has_image(std::size_t index) const override { return index < size(); }
  SegmentedImage load(std::size_t index) const override {
    Scene scene = draw(index);
    SegmentationSample described = describe(scene, index);
    return {std::move(described), std::move(scene.image)};
  }
  const std::vector<std::string>& categories() const override { return categories_; }
  const DatasetReport& report() const override { return report_; }

 private:
  Scene draw(std::size_t index) const {
    check(index < size(), "world: expected a scene below {}, got {}", size(), index);
    return make_scene(settings_.seed, index, settings_.scene);
  }

  SegmentationSample describe(const Scene& scene, std::size_t index) const {
    SegmentationSample sample{.key = fmt::format("{}/{}", name_of(scene.split), index),
                              .width = scene.image.width,
                              .height = scene.image.height,
                              .targets = {}};
    for (const MaskedObject& object : masked_objects(scene)) {
      const int category = scene.objects[static_cast<std::size_t>(object.object)].name + static_cast<int>(object.level);
      sample.targets.push_back({.mask = encode(object.visible),
                                .box = object.box,
                                .area = static_cast<double>(object.area),
                                .category = categories_[static_cast<std::size_t>(category)],
                                .category_index = category});
    }
    return sample;
  }

  WorldSettings settings_;
  std::vector<std::string> categories_;
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<SegmentationDataset> open_world_masks(std::string_view settings_text, std::string_view split) {
  double emblems = 0;
  WorldSettings settings =
      parse_world_settings(settings_text, split, {}, "emblems", [&](std::string_view name, std::string_view value) {
        if (name != "emblems") return false;
        read_number(name, value, emblems);
        return true;
      });
  settings.scene.emblems = emblems;
  make_scene(settings.seed, 0, settings.scene);  // refuses bad options now, not in a loader thread
  return std::make_unique<WorldSegmentation>(settings);
}

}  // namespace omma
