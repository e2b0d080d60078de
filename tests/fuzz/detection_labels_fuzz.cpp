// Labels of pictures: the first byte picks the format, the rest is the file. Whatever it holds, std::invalid_argument or samples
// that keep the promises of DetectionTarget.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "omma/data/detection_dataset.h"
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

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const omma::testing::TemporaryDirectory directory;
  if (size == 0) return 0;
  const char* kinds[] = {"coco", "odvg", "voc"};
  const std::string kind = kinds[data[0] % 3];
  const auto file = directory / (kind == "voc" ? "Annotations/a.xml" : "labels");
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(data + 1), static_cast<std::streamsize>(size - 1));
  try {
    check_promises(*omma::open_detection_dataset(kind + ":" + (kind == "voc" ? directory.path() : file).string(), ""));
  } catch (const std::invalid_argument&) {
  }
  return 0;
}
