#include "omma/data/class_folder.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/data/label_files.h"
#include "omma/io/image_file.h"

namespace omma {
namespace fs = std::filesystem;

ClassFolder::ClassFolder(const fs::path& folder, const std::string& split)
    : folder_(!split.empty() && fs::is_directory(folder / split) ? folder / split : folder) {
  check(fs::is_directory(folder_), "data: {} is no folder", folder_.string());
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_))
    if (entry.is_directory() && !entry.path().filename().string().starts_with('.'))
      classes_.push_back(entry.path().filename().string());
  std::ranges::sort(classes_);
  check(!classes_.empty(), "data: {}: expected a sub-folder of pictures for each class", folder_.string());
  for (std::size_t label = 0; label < classes_.size(); ++label) {
    for (fs::path& file : pictures_below(folder_ / classes_[label])) {
      files_.push_back(std::move(file));
      labels_.push_back(label);
    }
  }
  check(!files_.empty(), "data: {}: its sub-folders hold no pictures", folder_.string());
}

std::string ClassFolder::key(std::size_t index) const { return files_.at(index).lexically_relative(folder_).generic_string(); }

ClassifiedImage ClassFolder::load(std::size_t index) const {
  return {.image = read_image(files_.at(index)), .label = labels_.at(index)};
}

}  // namespace omma
