// A folder of classes: a sub-folder of pictures for each, as ImageNet and its like are laid out.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "omma/vision/image.h"

namespace omma {

struct ClassifiedImage {
  Image image;
  std::size_t label = 0;  // index into classes()
};

// Immutable; any thread may read.
class ClassFolder {
 public:
  // The sub-folders of `folder`, or of its `split` where that is one of them and not empty; a class's pictures may lie deeper.
  // Throws std::invalid_argument where there is none, or no picture in them.
  explicit ClassFolder(const std::filesystem::path& folder, const std::string& split = "");

  const std::vector<std::string>& classes() const { return classes_; }  // the sub-folders' names, sorted
  std::size_t size() const { return files_.size(); }
  std::size_t label(std::size_t index) const { return labels_.at(index); }
  std::string key(std::size_t index) const;  // from the folder of the classes: "dog/1.png"
  bool has_image(std::size_t index) const { return std::filesystem::exists(files_.at(index)); }
  ClassifiedImage load(std::size_t index) const;  // throws std::invalid_argument for what is no picture

 private:
  std::filesystem::path folder_;
  std::vector<std::string> classes_;
  std::vector<std::filesystem::path> files_;  // class by class
  std::vector<std::size_t> labels_;           // of the files
};

}  // namespace omma
