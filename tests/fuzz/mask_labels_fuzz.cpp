// Labels of masks: the first byte picks the format, the rest is the file. Whatever it holds, std::invalid_argument or samples that
// keep the promises of SegmentationTarget.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include "omma/data/segmentation_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void check_promises(const omma::SegmentationDataset& dataset) {
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const omma::SegmentationSample sample = dataset.sample(i);
    require(sample.width > 0 && sample.height > 0 && !sample.key.empty());
    for (const omma::SegmentationTarget& target : sample.targets) {
      const omma::RunLengths& mask = target.mask;
      require(mask.width == sample.width && mask.height == sample.height && omma::area(mask) > 0);
      const auto pixels = std::accumulate(mask.counts.begin(), mask.counts.end(), std::int64_t{0});
      require(pixels == static_cast<std::int64_t>(mask.width) * mask.height);
      require(target.box.x0 >= 0 && target.box.y0 >= 0 && target.box.x0 < target.box.x1 && target.box.y0 < target.box.y1);
      require(target.box.x1 <= static_cast<float>(sample.width) && target.box.y1 <= static_cast<float>(sample.height));
      require(target.area >= 0 && !target.category.empty());
      require(target.category_index >= 0 && target.category_index < static_cast<int>(dataset.categories().size()));
    }
  }
}

struct Kind {
  const char* kind;
  const char* file;  // that the bytes are
  const char* path;  // that is opened
};
constexpr std::array kinds = {Kind{"coco", "coco", "coco"}, Kind{"sa1b", "sa1b/a.json", "sa1b"},
                              Kind{"labels", "maps/labels/a.png", "maps"}, Kind{"voc", "voc/SegmentationObject/a.png", "voc"},
                              Kind{"yolo", "yolo/labels/a.txt", "yolo"}};

// With a picture of 8 x 6 for each.
struct Workplace {
  omma::testing::TemporaryDirectory directory;
  Workplace() {
    for (const char* folder :
         {"sa1b", "maps/images", "maps/labels", "voc/SegmentationObject", "voc/JPEGImages", "yolo/images", "yolo/labels"})
      std::filesystem::create_directories(directory / folder);
    for (const char* picture : {"a.png", "sa1b/a.png", "maps/images/a.png", "voc/JPEGImages/a.png", "yolo/images/a.png"})
      omma::write_image(directory / picture, omma::Image(8, 6));
    std::ofstream(directory / "yolo/data.yaml") << "names: [cat, dog]\ntrain: images\n";
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Workplace place;
  if (size == 0) return 0;
  const Kind& kind = kinds[static_cast<std::uint8_t>(data[0] - '0') % kinds.size()];
  std::ofstream(place.directory / kind.file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data + 1), static_cast<std::streamsize>(size - 1));
  try {
    check_promises(*omma::open_segmentation_dataset(std::string(kind.kind) + ":" + (place.directory / kind.path).string(), "",
                                                    {.max_fault_share = 1}));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
