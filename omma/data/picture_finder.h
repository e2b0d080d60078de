// Where the pictures are that labels name. Not part of the interface.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace omma {

// Labels name pictures as the tool saw them that wrote them: "images/0.jpg" beside images/, "images\1\0.jpg", "C:\data\0.jpg". A
// name is taken as it stands where such a file is there; else without its first folders, as few of them as possible. Two names
// never share a file that was found so.
class PictureFinder {
 public:
  // Looks in these folders in their order; at least one.
  explicit PictureFinder(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  // Where nothing is found, where the picture should be. Throws std::invalid_argument for a name that leads out of the folders and
  // of which no ending is found inside.
  std::filesystem::path find(const std::string& name);

 private:
  std::vector<std::filesystem::path> folders_;
  std::map<std::filesystem::path, std::string> name_of_guess_;
};

}  // namespace omma
