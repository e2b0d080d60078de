// A folder of pictures as a clip.
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/base/folder.h"
#include "omma/io/clip_reader.h"
#include "omma/io/image_file.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

ImageLimits limits_of(const VideoLimits& limits) {
  ImageLimits image;
  image.pixels = std::min(image.pixels, limits.frame_pixels);
  image.file_bytes = std::min(image.file_bytes, static_cast<std::size_t>(limits.file_bytes));
  return image;
}

class PictureFolder : public ClipReader {
 public:
  PictureFolder(const fs::path& folder, double rate, DecodingBudget& budget) : budget_(budget) {
    check(std::isfinite(rate) && rate > 0, "pictures: expected a rate above 0, got {:.6g} a second", rate);
    for (fs::path& file : files_in(folder))
      if (has_picture_extension(file)) files_.push_back(std::move(file));
    check(!files_.empty(), "{}: no video frames: the folder holds no pictures (.{})", budget.name(),
          fmt::join(picture_extensions(), " ."));
    budget.expect_frames(std::ssize(files_));
    for (std::size_t i = 0; i < files_.size(); ++i) contents_.times.push_back(static_cast<double>(i) / rate);
    contents_.duration = static_cast<double>(files_.size()) / rate;
    budget.expect_seconds(contents_.duration);
    const ImageSize size = read_image_size(files_.front(), limits_of(budget.limits()));
    contents_.width = size.width, contents_.height = size.height;
    contents_.codec = "pictures";
  }

  const ClipContents& contents() const override { return contents_; }
  bool follows(std::size_t, std::size_t) const override { return false; }
  std::size_t steps_to(std::size_t) const override { return 1; }
  std::unique_ptr<ClipReader> another() const override { return std::make_unique<PictureFolder>(*this); }

  DecodedFrame frame(std::size_t number) override {
    budget_.expect_time();
    Image image = read_image(files_.at(number), limits_of(budget_.limits()));
    budget_.spend(image.width, image.height);
    return {.image = std::move(image)};
  }

 private:
  DecodingBudget& budget_;
  std::vector<fs::path> files_;
  ClipContents contents_;
};

}  // namespace

std::unique_ptr<ClipReader> open_picture_folder(const fs::path& folder, double picture_rate, DecodingBudget& budget) {
  return std::make_unique<PictureFolder>(folder, picture_rate, budget);
}

}  // namespace omma
