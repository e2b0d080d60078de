// Labels of pictures: the first byte picks the format, the rest is the file. Whatever it holds, std::invalid_argument or samples
// that keep the promises of DetectionTarget.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "omma/data/detection_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

void check_promises(const omma::DetectionDataset& dataset) {
  for (std::size_t i = 0; i < dataset.size(); ++i) {
    const omma::DetectionSample sample = dataset.sample(i);
    require(sample.width > 0 && sample.height > 0 && !sample.key.empty());
    for (const omma::DetectionTarget& target : sample.targets) {
      const omma::Box& box = target.box;
      require(box.x0 >= 0 && box.y0 >= 0 && box.x0 < box.x1 && box.y0 < box.y1);
      require(box.x1 <= static_cast<float>(sample.width) && box.y1 <= static_cast<float>(sample.height));
      require(!target.phrase.empty() && target.class_index < static_cast<int>(dataset.phrases().size()));
      for (const omma::TextSpan& span : target.spans) require(span.begin < span.end && span.end <= sample.caption.value().size());
    }
  }
}

}  // namespace

namespace {

struct Kind {
  const char* kind;
  const char* file;  // that the bytes are
  const char* path;  // that is opened
};
constexpr std::array kinds = {Kind{"coco", "coco", "coco"}, Kind{"odvg", "odvg", "odvg"},
                              Kind{"voc", "voc/Annotations/a.xml", "voc"}, Kind{"yolo", "yolo/data.yaml", "yolo"},
                              Kind{"yolo", "labelled/labels/a.txt", "labelled"}};

// With a picture for the YAML and for the labels.
struct Workplace {
  omma::testing::TemporaryDirectory directory;
  Workplace() {
    for (const char* folder : {"voc/Annotations", "yolo/images", "labelled/images", "labelled/labels"})
      std::filesystem::create_directories(directory / folder);
    for (const char* picture : {"yolo/images/a.png", "labelled/images/a.png"})
      omma::write_image(directory / picture, omma::Image(8, 6));
    std::ofstream(directory / "labelled/data.yaml") << "names: [cat, dog]\ntrain: images\n";
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
    check_promises(*omma::open_detection_dataset(std::string(kind.kind) + ":" + (place.directory / kind.path).string(), "",
                                                 {.max_fault_share = 1}));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
