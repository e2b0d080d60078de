#include "omma/data/picture_folder.h"

#include "omma/base/error.h"
#include "omma/data/label_files.h"

namespace omma {
namespace {

class PictureFolder : public SegmentationDataset {
 public:
  explicit PictureFolder(std::vector<std::filesystem::path> files) : files_(std::move(files)) {}

  std::size_t size() const override { return files_.size(); }
  SegmentationSample sample(std::size_t index) const override { return {.key = key(index)}; }
  std::string key(std::size_t index) const override { return files_.at(index).filename().string(); }
  Image image(std::size_t index) const override { return read_image(files_.at(index)); }
  bool has_image(std::size_t index) const override { return std::filesystem::exists(files_.at(index)); }
  SegmentedImage load(std::size_t index) const override {
    Image pixels = image(index);
    return {.sample = {.key = key(index), .width = pixels.width, .height = pixels.height}, .image = std::move(pixels)};
  }
  const std::vector<std::string>& categories() const override { return categories_; }
  const DatasetReport& report() const override { return report_; }

 private:
  std::vector<std::filesystem::path> files_;
  std::vector<std::string> categories_;
  DatasetReport report_;
};

}  // namespace

std::unique_ptr<SegmentationDataset> open_picture_folder(const std::filesystem::path& folder) {
  check(std::filesystem::is_directory(folder), "data: {} is no folder", folder.string());
  std::vector<std::filesystem::path> files = pictures_below(folder);
  check(!files.empty(), "data: {} holds no pictures", folder.string());
  return std::make_unique<PictureFolder>(std::move(files));
}

}  // namespace omma
